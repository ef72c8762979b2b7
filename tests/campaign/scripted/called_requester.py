"""Functions that hold the conversation of ``tiny``, and do something about a wrong answer."""

import os
import socket
import time

from tiny import is_well


def ask(host, port):
    with socket.create_connection((host, int(port))) as connection:
        return is_well(connection)


def accepts(host, port):
    ask(host, port)


def refuses(host, port):
    if not ask(host, port):
        raise ValueError("that answer is wrong")


def hangs(host, port):
    if not ask(host, port):
        time.sleep(600)


def aborts(host, port):
    if not ask(host, port):
        os.abort()


def cannot(host, port):
    if not ask(host, port):
        raise NotImplementedError("nothing like that")
