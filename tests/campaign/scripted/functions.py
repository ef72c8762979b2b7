"""Functions that are called as if they were requesters."""

import os
import sys
import time

IMPORTED_IN = os.getpid()


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def attests(uri):
    say(uri)


def refuses(uri):
    raise ValueError(f"{uri}: the signature is wrong")


def says_no(uri):
    return False


def cannot(uri):
    raise NotImplementedError("no SPDM 1.3")


def ends(uri):
    sys.exit("it ends")


def takes(port, host="", *, root="", other=1):
    say(host, port, root, other)


async def waits(uri):
    import asyncio

    await asyncio.sleep(0)
    say("waited for", uri)


def is_forked(uri):
    say(os.getpid() != IMPORTED_IN, os.getppid() == IMPORTED_IN)


def hangs(uri):
    time.sleep(600)


def crashes(uri):
    os.abort()


class Group:
    @staticmethod
    def method(uri):
        say("in a class:", uri)


NO_FUNCTION = 1
