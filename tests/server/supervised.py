"""A supervisor whose workers do as they are told on the command line, for test_server_workers.

It prints a line for all that happens; ``args`` are the number of workers and what they do.
"""

import os
import select
import signal
import sys

from responder.server.workers import Supervisor

ENDS_AT = {"impatient": "gives up", "deaf": "never"}


def tell(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class Owner:
    def ready(self):
        tell("ready")

    def stopping(self):
        tell("stopping")

    def say(self, text):
        tell("said", text)


def work(tie):
    """Begin; then say which signals come, until life ends."""
    how = sys.argv[2]
    if how == "fails" and tie.number == 2:
        return 4
    if how == "raises":
        raise ValueError("a defect")
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGHUP, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    tell("worker", tie.number, os.getpid())
    tie.ready()
    waiting = {woken: "got SIGHUP", tie.leash.stop: "stops", tie.leash.give_up: "gives up"}
    while True:
        for one in select.select(waiting, [], [])[0]:
            tell("worker", tie.number, waiting[one])
            os.read(one, 10)
            if waiting[one] == ENDS_AT.get(how, "stops"):
                return 0
            if one != woken:
                del waiting[one]


if __name__ == "__main__":
    sys.exit(Supervisor(work, Owner()).run(int(sys.argv[1])))
