"""``ctl`` as a process, for tests."""

import json
import subprocess
import sys
from contextlib import contextmanager

from serve_process import TIMEOUT, environment
from serve_process import serving as serving_process

COMMAND = [sys.executable, "-m", "responder.cli.main", "ctl"]
LOADED = 60
"""Seconds for a process on a machine with much to do."""


def ctl(path, *arguments, **changes):
    """Exit code, stdout and stderr of a command."""
    where = [] if path is None else ["--ctrl", f"unix:{path}"]
    done = subprocess.run(
        [*COMMAND, *where, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=LOADED,
        check=False,
        env=environment(**changes),
    )
    return done.returncode, done.stdout, done.stderr


def said(path, *arguments):
    """What a command prints that is carried out."""
    code, out, err = ctl(path, *arguments)
    assert (code, err) == (0, ""), err
    return out


def answered(path, *arguments):
    """The answer of a command as JSON."""
    return json.loads(said(path, *arguments, "--json"))


@contextmanager
def controlled(path, *arguments, **options):
    """A server with a control socket, ready."""
    where = ("--port", "0", "--seed", "00", "--ctrl", f"unix:{path}")
    with serving_process(*arguments, *where, **options) as served:
        served.read_ready()
        yield served


__all__ = ["TIMEOUT", "answered", "controlled", "ctl", "said"]
