"""The fixtures, used as a user's tests use them, with a requester that blocks."""

import os
import socket
import struct
import subprocess
import sys
import threading

import pytest

from responder.core.events import RequestReceived
from responder.errors import ConfigError
from responder.transport.uri import parse_uri

pytest_plugins = ["pytester"]

GET_VERSION = bytes.fromhex("10840000")


def ask(port, *messages):
    """The responses of a responder to bare messages on one connection."""
    answers = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
        for message in messages:
            peer.sendall(struct.pack(">III", 1, 0, len(message)) + message)
            size = struct.unpack(">III", peer.recv(12, socket.MSG_WAITALL))[2]
            answers.append(peer.recv(size, socket.MSG_WAITALL))
    return answers


def test_default_profile(spdm_responder):
    assert spdm_responder.uri == f"spdm-emu://127.0.0.1:{spdm_responder.port}"
    assert repr(spdm_responder) == f"<SpdmResponder {spdm_responder.uri}>"
    (version,) = ask(spdm_responder.port, GET_VERSION)
    assert version[5] == 5
    assert [entry.name for entry in spdm_responder.journal] == ["GET_VERSION", "VERSION"]
    assert [entry.message for entry in spdm_responder.journal] == [GET_VERSION, version]
    assert isinstance(spdm_responder.events[1].event, RequestReceived)


@pytest.mark.spdm_profile("minimal-1.0")
def test_profile_by_marker(spdm_responder):
    (version,) = ask(spdm_responder.port, GET_VERSION)
    assert version == bytes.fromhex("100400000001 0010")


@pytest.mark.spdm_profile("default", overrides={"spdm": {"versions": ["1.2", "1.1"]}})
def test_overrides_by_marker(spdm_responder):
    (version,) = ask(spdm_responder.port, GET_VERSION)
    assert version == bytes.fromhex("100400000002 0012 0011")


@pytest.mark.parametrize(
    ("spdm_responder", "count"), [("minimal-1.0", 1), ("default", 5)], indirect=["spdm_responder"]
)
def test_profile_by_parameter(spdm_responder, count):
    assert ask(spdm_responder.port, GET_VERSION)[0][5] == count


def test_several_responders_at_once(spdm_responder_factory):
    first = spdm_responder_factory("minimal-1.0")
    second = spdm_responder_factory(uri="spdm-emu+none://127.0.0.1:0", attach="sticky")
    assert parse_uri(second.uri).binding == "none"
    ask(first.port, GET_VERSION)
    ask(second.port, GET_VERSION)
    capabilities = bytes.fromhex("12e10000 00140000 00000000 00120000 00120000")
    assert ask(second.port, capabilities)[0][1] == 0x61
    assert len(first.journal) == 2
    assert [entry.connection for entry in second.journal] == [1, 1, 2, 2]


def test_a_profile_that_does_not_exist_fails_in_the_test(spdm_responder_factory):
    with pytest.raises(ConfigError):
        spdm_responder_factory("no-such-profile")


@pytest.mark.spdm_profile("minimal-1.0", faults=["any.param1-reserved-set:VERSION:param1"])
def test_a_fault_strikes_and_says_what_it_changed(spdm_responder):
    """The fault of the marker; a case, its family, and bytes as they were on the wire."""
    case = "any.param1-reserved-set:VERSION:param1"
    assert [fault.id for fault in spdm_responder.faults] == [case]
    assert not spdm_responder.fired(case)
    assert spdm_responder.nearest(case) == "its hook never came"
    (version,) = ask(spdm_responder.port, GET_VERSION)
    assert version[2] == 0xFF
    (fired,) = spdm_responder.fired(case)
    assert (fired.fault, fired.message, fired.after) == (case, "VERSION", version)
    assert fired.before == version[:2] + b"\0" + version[3:]
    assert spdm_responder.fired("any.param1-reserved-set") == [fired]
    assert spdm_responder.nearest(case) == ""


def test_a_fault_that_did_not_strike_says_what_came_nearest(spdm_responder_factory):
    served = spdm_responder_factory(
        "minimal-1.0",
        overrides={"fault": [ON_SECOND_CONNECTION]},
        faults=["any.param1-reserved-set"],
    )
    ask(served.port, GET_VERSION)
    assert served.fired("mine.second") == []
    assert served.nearest("mine.second") == "VERSION: connection 1, wanted 2"
    assert (
        served.nearest("any.param1-reserved-set:DIGESTS:supported_slot_mask")
        == "VERSION: wanted DIGESTS"
    )
    assert served.nearest("any.param1-reserved-set") == "", "one of its cases has struck"
    ask(served.port, GET_VERSION)
    assert [one.detail for one in served.fired("mine.second")] == ["ERROR 0x03"]


ON_SECOND_CONNECTION = {
    "id": "mine.second",
    "description": "The second connection is told to come again.",
    "duty": "retry",
    "basis": "spec",
    "source": "DSP0274, ERROR Busy",
    "hook": "request",
    "message": ["GET_VERSION"],
    "connection": [2],
    "action": [{"do": "error", "code": "Busy"}],
}


@pytest.mark.parametrize("ask_for", ["fired", "nearest"])
def test_to_ask_for_a_fault_that_is_not_there_is_a_mistake(spdm_responder_factory, ask_for):
    served = spdm_responder_factory(faults=["any.param1-reserved-set:VERSION:param1"])
    with pytest.raises(
        ConfigError, match=r"did you mean 'any\.param1-reserved-set:VERSION:param1'"
    ):
        getattr(served, ask_for)("any.param1-reserved-set:VERSIONS:param1")
    with pytest.raises(ConfigError, match=r"does not have the fault 'any\.empty'"):
        getattr(served, ask_for)("any.empty")


def test_a_fault_that_does_not_exist_fails_in_the_test(spdm_responder_factory):
    with pytest.raises(ConfigError, match=r"did you mean 'any\.param1-reserved-set'"):
        spdm_responder_factory(faults=["any.param1-reserved"])


def test_nothing_is_left_behind(pytester):
    """A run of its own, with warnings as errors: threads, sockets and loops are gone."""
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = --strict-markers")
    pytester.makepyfile(
        """
        import gc, socket, threading
        import pytest

        ports = []

        @pytest.mark.spdm_profile("minimal-1.0")
        def test_use(spdm_responder):
            ports.append(spdm_responder.port)
            peer = socket.create_connection(("127.0.0.1", spdm_responder.port))
            peer.sendall(bytes.fromhex("00000001000000000000000410840000"))
            assert peer.recv(100)
            peer.close()

        def test_nothing_left():
            gc.collect()
            assert [thread.name for thread in threading.enumerate()] == ["MainThread"]
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", ports[0]))
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:asyncio")
    result.assert_outcomes(passed=2)


def test_loading_the_plugin_imports_nothing_heavy():
    script = (
        "import sys, pytest; before = set(sys.modules); import responder.pytest_plugin;"
        "print(*sorted(m for m in set(sys.modules) - before if not m.startswith('_')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert set(done.stdout.split()) <= {"responder", "responder.pytest_plugin"}


def test_the_server_is_in_a_thread_of_its_own(spdm_responder):
    assert spdm_responder.port
    assert "spdm-responder" in [thread.name for thread in threading.enumerate()]
