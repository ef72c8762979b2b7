"""Python functions as targets: each call has a process of its own."""

import sys

import pytest
from processes import SCRIPTED

from responder.campaign.targets.process import Job, ProcessLimits, Reaper
from responder.errors import ConfigError

ARGUMENTS = {"uri": "spdm-emu://127.0.0.1:1", "host": "127.0.0.1", "port": "1", "root": "r"}


@pytest.fixture(scope="module")
def call():
    with Reaper(site=True) as reaper:

        def run(name, seconds=20.0):
            job = Job(
                limits=ProcessLimits(seconds, grace=0.2),
                call=name if ":" in name else f"functions:{name}",
                arguments=ARGUMENTS,
                path=(*sys.path, str(SCRIPTED)),
                cwd="/",
            )
            return reaper.run(job)

        yield run


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("attests", 0, "spdm-emu://127.0.0.1:1\n"),
        ("refuses", 1, ""),
        ("says_no", 1, ""),
        ("cannot", 89, ""),
        ("ends", 1, ""),
        ("takes", 0, "127.0.0.1 1 r 1\n"),
        ("waits", 0, "waited for spdm-emu://127.0.0.1:1\n"),
        ("is_forked", 0, "True True\n"),
        ("Group.method", 0, "in a class: spdm-emu://127.0.0.1:1\n"),
    ],
)
def test_how_a_call_ends(call, name, code, said):
    process = call(name)
    assert (process.exit, process.stdout) == (code, said)


def test_what_was_raised_is_told_last(call):
    assert call("refuses").stderr.splitlines()[-1] == (
        "ValueError: spdm-emu://127.0.0.1:1: the signature is wrong"
    )
    assert call("ends").stderr == "it ends\n"


def test_a_call_that_does_its_worst_disturbs_no_other(call):
    assert call("hangs", 0.2).timed_out
    assert call("crashes").signal == "SIGABRT"
    assert call("attests").exit == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere:f", "nowhere:f: ModuleNotFoundError: No module named 'nowhere'"),
        ("functions:f", "functions:f: AttributeError: "),
        ("NO_FUNCTION", "functions:NO_FUNCTION is no function"),
    ],
)
def test_what_cannot_be_called_is_a_mistake(call, name, reason):
    with pytest.raises(ConfigError) as raised:
        call(name)
    assert str(raised.value).startswith(reason)
