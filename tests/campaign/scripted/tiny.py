"""A tiny requester: GET_VERSION and GET_CAPABILITIES over a socket, and then as it is told.

Arguments: the port, what to do about a wrong answer (a function of ``misbehave``, or ``refuse``,
``accept``, ``twice`` and ``never``, which does not even connect where there is a fault; or
``CASE=BEHAVIOUR,...``), and the case, which is empty where nothing goes wrong.
"""

import socket
import struct
import sys
from pathlib import Path

GET_VERSION = bytes.fromhex("10840000")
GET_CAPABILITIES = bytes.fromhex("12e100000014000006000000f8ff0f00f8ff0f00")
VERSION, CAPABILITIES, MEAS_RESERVED = 0x04, 0x61, 0x18
NORMAL, MCTP, SPDM_OVER_MCTP = 1, 1, b"\x05"


def ask(connection, message):
    """Send a request, and wait for what comes; empty if the connection ends."""
    payload = SPDM_OVER_MCTP + message
    connection.sendall(struct.pack(">III", NORMAL, MCTP, len(payload)) + payload)
    try:
        header = connection.recv(12, socket.MSG_WAITALL)
    except ConnectionResetError:
        return b""
    if len(header) < 12:
        return b""
    return connection.recv(struct.unpack(">I", header[8:])[0], socket.MSG_WAITALL)[1:]


def is_well(connection):
    """Hold the conversation; whether all answers are right."""
    version = ask(connection, GET_VERSION)
    if version[1:2] != bytes([VERSION]) or not version[5] or len(version) != 6 + 2 * version[5]:
        return False
    capabilities = ask(connection, GET_CAPABILITIES)
    return (
        capabilities[1:2] == bytes([CAPABILITIES])
        and capabilities[8] & MEAS_RESERVED != MEAS_RESERVED
    )


def main(port, behaviour, case=""):
    if "=" in behaviour:
        behaviour = dict(one.split("=") for one in behaviour.split(",")).get(case, "refuse")
    if behaviour == "never" and case:
        sys.exit(1)
    with socket.create_connection(("127.0.0.1", int(port))) as connection:
        well = is_well(connection)
    if well or behaviour == "accept":
        return
    sys.stderr.write("that answer is wrong\n")
    if behaviour == "twice":
        main(port, "refuse", case)
    if behaviour != "refuse":
        sys.path.append(str(Path(__file__).parent))
        import misbehave

        getattr(misbehave, behaviour)()
    sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
