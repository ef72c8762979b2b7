"""A target that misbehaves as its argument says; see the functions."""

import os
import signal
import sys
import time

MEBIBYTE = 1 << 20
FOREVER = 600.0


def hang():
    time.sleep(FOREVER)


def segfault():
    os.kill(os.getpid(), signal.SIGSEGV)


def sanitizer():
    sys.stderr.write("=" * 65 + "\n")
    sys.stderr.write("==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x5\n")
    sys.stderr.write("READ of size 1 at 0x5 thread T0\nSUMMARY: AddressSanitizer: it was that\n")
    sys.exit(1)


def memory():
    """Take more and more memory, and use it."""
    kept = []
    while True:
        kept.append(b"\1" * MEBIBYTE)


def memory_in_children():
    """Take much memory in four processes, none of which has too much itself."""
    for _ in range(4):
        if os.fork() == 0:
            break
    kept = b"\1" * (60 * MEBIBYTE)
    time.sleep(FOREVER)
    return kept


def zombies():
    """End without waiting for children that have ended."""
    for _ in range(3):
        if os.fork() == 0:
            os._exit(0)
    time.sleep(0.1)


def daemon():
    """Leave a process in a session of its own, whose parent has ended."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(FOREVER)
        os._exit(0)
    os.wait()


def scattered():
    """Leave a row of processes, each in a session of its own and the child of the one before."""
    ready, tell = os.pipe()
    if os.fork() == 0:
        for _ in range(29):
            os.setsid()
            if os.fork():
                time.sleep(FOREVER)
        os.write(tell, b".")
        time.sleep(FOREVER)
    os.read(ready, 1)


def flood():
    """Write 100 MB."""
    block = b"0123456789abcde\n" * (MEBIBYTE // 16)
    for _ in range(100):
        os.write(1, block)


def flood_with_report():
    """Write much to stderr, and in the middle of it a report."""
    block = b"0123456789abcde\n" * MEBIBYTE
    os.write(2, block + b"a.c:12:3: runtime error: signed integer overflow\n" + block)


def stubborn():
    """Ignore SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hang()


def closed():
    """Close all descriptors, and go on."""
    os.closerange(0, 100)
    hang()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
