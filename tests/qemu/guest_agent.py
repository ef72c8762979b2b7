"""The first process of the guest: does what the host asks over the second serial port.

A line each way, JSON: ``{"call": "module:function", "arguments": [...]}`` is answered with
``{"returned": value}`` or ``{"raised": "traceback"}``; ``{"call": ""}`` turns the machine off. The
first line is said unasked, when the guest is up. What functions print goes to the console.
"""

import asyncio
import ctypes
import importlib
import inspect
import json
import os
import signal
import traceback
import tty
from pathlib import Path

PORT = "/dev/ttyS1"
MOUNTS = (("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"))


def main():
    for kind, place in MOUNTS:
        mount(kind, place)
    port = os.open(PORT, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    say(port, {"returned": {"kernel": os.uname().release, "seconds": uptime()}})
    lines = os.fdopen(port, "rb", closefd=False)
    with asyncio.Runner() as runner:
        for line in lines:
            request = json.loads(line)
            if not request["call"]:
                break
            say(port, answer(runner, request))
    Path("/proc/sysrq-trigger").write_text("o")
    while True:  # the end of the first process would be a panic
        signal.pause()


def mount(kind, place):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(kind.encode(), place.encode(), kind.encode(), 0, None):
        raise OSError(ctypes.get_errno(), f"{kind} cannot be mounted")


def uptime():
    return float(Path("/proc/uptime").read_text().split()[0])


def say(port, answer):
    data = json.dumps(answer).encode() + b"\n"
    while data:
        data = data[os.write(port, data) :]


def answer(runner, request):
    try:
        module, _, name = request["call"].partition(":")
        function = getattr(importlib.import_module(module), name)
        returned = function(*request["arguments"])
        if inspect.isawaitable(returned):
            returned = runner.run(returned)
    except Exception:  # noqa: BLE001 - the host shall know it, whatever it is
        return {"raised": traceback.format_exc()}
    return {"returned": returned}
