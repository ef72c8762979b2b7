"""A requester that runs on: it asks at one port after the other, upwards or as they are listed.

Arguments: the first port, or a list of ports; what it does about a wrong answer (a function of
``misbehave``, ``refuse``, ``twice``, or ``pass-by`` and ``exit``); if it is to begin at a port
that is not open yet, it waits for it.
"""

import itertools
import socket
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
from tiny import is_well

WITHIN = 20.0


def connect(port):
    """Connect as soon as somebody listens."""
    deadline = time.monotonic() + WITHIN
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def attest(port, behaviour):
    with connect(port) as connection:
        if is_well(connection):
            return
        if behaviour == "hang":
            time.sleep(600)
    if behaviour == "twice":
        attest(port, "refuse")
    elif behaviour == "exit":
        sys.exit(3)
    elif behaviour != "refuse":
        import misbehave

        getattr(misbehave, behaviour)()


def main(ports, behaviour):
    numbers = [int(number) for number in ports.split(",")]
    for number in numbers if len(numbers) > 1 else itertools.count(numbers[0]):
        attest(number, behaviour)


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parent))
    main(*sys.argv[1:])
