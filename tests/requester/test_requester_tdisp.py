"""An interface that is locked, started and stopped."""

import pytest
from requester.cases import put
from requester.peer import converse, default_options
from requester.tdi_peer import FUNCTION_ID, STREAM, TdiPeer, talk, tdi_options, tdisp_error

from responder.requester.options import Patience
from responder.requester.plan import Plan, SessionPlan
from responder.spec.limits import SUMMARY_NONE
from responder.spec.tdisp import LockFlag, TdispErrorCode, TdispType, TdiState
from responder.wire import tdisp

FLOW = (
    "tdisp-version", "tdisp-capabilities", "tdisp-lock", "tdisp-report", "tdisp-measured",
    "tdisp-start", "tdisp-report", "tdisp-state", "tdisp-stop",
)  # fmt: skip
ANSWERS = {
    "tdisp-version": tdisp.TdispVersion,
    "tdisp-capabilities": tdisp.TdispCapabilities,
    "tdisp-state": tdisp.DeviceInterfaceState,
    "tdisp-lock": tdisp.LockInterfaceResponse,
    "tdisp-report": tdisp.DeviceInterfaceReport,
    "tdisp-start": tdisp.StartInterfaceResponse,
    "tdisp-stop": tdisp.StopInterfaceResponse,
}


def sent(peer, kind):
    return [message for message in peer.asked if isinstance(message, kind)]


def needed(step):
    """The steps before it."""
    return ("tdisp-lock", step) if step in ("tdisp-report", "tdisp-start") else (step,)


def test_the_whole_life_of_an_interface():
    peer = TdiPeer()
    outcome = talk(peer, *FLOW)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.observed == ["measurements.raw"]
    found = outcome.report.tdi
    assert found.function == "01:05.0"
    assert found.versions == ["1.0"]
    assert found.capabilities.dev_addr_width == 52
    assert found.states == ["CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "RUN", "CONFIG_UNLOCKED"]
    assert {m.interface_id for m in peer.asked} == {FUNCTION_ID.to_bytes(4, "little") + bytes(8)}
    assert sent(peer, tdisp.StartInterfaceRequest)[0].start_interface_nonce == b"\1" * 32


def test_a_lock_takes_all_flags_but_that_of_msix():
    peer = TdiPeer()
    outcome = talk(peer, "tdisp-lock", reporting_offset=0x10000, p2p_address_mask=0xFFF)
    request = sent(peer, tdisp.LockInterfaceRequest)[0]
    assert request.flags == sum(LockFlag) & ~LockFlag.LOCK_MSIX
    assert request.default_stream_id == STREAM
    assert (request.mmio_reporting_offset, request.bind_p2p_address_mask) == (0x10000, 0xFFF)
    assert "LOCK_MSIX" not in outcome.report.tdi.lock_flags


def test_a_lock_leaves_firmware_updates_alone_if_it_has_to():
    peer = TdiPeer()
    outcome = talk(peer, "tdisp-lock", lock_flags=0)
    assert sent(peer, tdisp.LockInterfaceRequest)[0].flags == 0
    assert outcome.observed == ["tdi.firmware-updates"]


def test_reserved_flags_are_not_asked_for():
    peer = TdiPeer(says={tdisp.TdispCapabilities: put(lock_interface_flags_supported=0xFFFF)})
    outcome = talk(peer, "tdisp-lock")
    assert sent(peer, tdisp.LockInterfaceRequest)[0].flags == 0x1B
    assert outcome.observed == ["tdi.reserved"]


@pytest.mark.parametrize("state", [TdiState.CONFIG_LOCKED, TdiState.RUN, TdiState.ERROR])
def test_an_interface_that_is_in_use_is_not_locked(state):
    peer = TdiPeer(state=state)
    assert talk(peer, "tdisp-lock").check == "tdi.state-before"
    assert not sent(peer, tdisp.LockInterfaceRequest)


def test_any_state_may_be_let_pass():
    peer = TdiPeer(state=TdiState.RUN)
    assert talk(peer, "tdisp-lock", state_before=None).check == "tdi.error"
    assert sent(peer, tdisp.LockInterfaceRequest)


@pytest.mark.parametrize("state", [TdiState.CONFIG_UNLOCKED, TdiState.RUN, TdiState.ERROR])
def test_an_interface_that_says_locked_and_is_not_is_never_started(state):
    def lie(message):
        return message.replace(tdi_state=state) if peer.state else message

    peer = TdiPeer(says={tdisp.DeviceInterfaceState: lie})
    assert talk(peer, "tdisp-lock", "tdisp-start").check == "tdi.locked"
    assert not sent(peer, tdisp.StartInterfaceRequest)


@pytest.mark.parametrize("state", [4, 255])
def test_reserved_states(state):
    peer = TdiPeer(says={tdisp.DeviceInterfaceState: put(tdi_state=state)})
    assert talk(peer, "tdisp-state").check == "tdi.state-defined"


def test_an_error_while_it_runs_is_seen():
    def lie(message):
        running = message.tdi_state == TdiState.RUN and len(peer.asked) > 6
        return message.replace(tdi_state=TdiState.ERROR) if running else message

    peer = TdiPeer(says={tdisp.DeviceInterfaceState: lie})
    assert talk(peer, "tdisp-lock", "tdisp-start", "tdisp-state").check == "tdi.state-kept"


@pytest.mark.parametrize("entries", [b"\x10\x20", b"\x20\x10"])
def test_one_of_several_versions_is_taken(entries):
    peer = TdiPeer(says={tdisp.TdispVersion: put(version_num_entries=entries)})
    outcome = talk(peer, "tdisp-version")
    assert outcome.report.verdict == "attested"
    assert set(outcome.report.tdi.versions) == {"1.0", "2.0"}


def test_no_version():
    peer = TdiPeer(says={tdisp.TdispVersion: put(version_num_entries=b"")})
    assert talk(peer, "tdisp-version").check == "tdi.version-common"


@pytest.mark.parametrize("width", [0, 48, 51, 65, 255])
def test_an_odd_address_width_is_noted(width):
    peer = TdiPeer(says={tdisp.TdispCapabilities: put(dev_addr_width=width)})
    assert talk(peer, "tdisp-capabilities").observed == ["tdi.address-width"]


@pytest.mark.parametrize("field", ["num_req_this", "num_req_all"])
def test_no_request_at_a_time_is_noted(field):
    peer = TdiPeer(says={tdisp.TdispCapabilities: put(**{field: 0})})
    assert talk(peer, "tdisp-capabilities").observed == ["tdi.requests"]


@pytest.mark.parametrize("step", ANSWERS)
@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0"])
def test_every_answer_has_its_size(step, change):
    peer = TdiPeer(sends={ANSWERS[step]: change})
    assert talk(peer, *needed(step)).check == "tdi.size"


@pytest.mark.parametrize("step", ANSWERS)
@pytest.mark.parametrize(
    ("lie", "check"),
    [
        ({"tdisp_version": 0x11}, "tdi.version"),
        ({"message_type": 0x0C}, "tdi.type"),
        ({"interface_id": b"\x29\1" + bytes(10)}, "tdi.interface-id"),
        ({"interface_id": b"\x28\1\0\1" + bytes(8)}, "tdi.interface-id"),
    ],
)
def test_every_answer_has_its_header(step, lie, check):
    peer = TdiPeer(says={ANSWERS[step]: put(**lie)})
    assert talk(peer, *needed(step)).check == check


def test_reserved_bytes_of_a_header_are_let_pass():
    odd = put(reserved=0xFFFF, interface_id=b"\x28\1\0\0" + b"\xff" * 8)
    peer = TdiPeer(says=dict.fromkeys(ANSWERS.values(), odd))
    outcome = talk(peer, *FLOW)
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["measurements.raw"]


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x01\x10", b"\x01\x10\x7f" + bytes(8)])
def test_an_answer_that_is_hardly_there(payload):
    peer = TdiPeer(sends={tdisp.DeviceInterfaceState: lambda _: payload})
    check = "tdi.size" if payload else "tdi.protocol"
    assert talk(peer, "tdisp-state").check == check


def refused(kind, *errors, **tdi):
    return talk(TdiPeer(refuses={kind: list(errors)}), "tdisp-lock", "tdisp-start", **tdi)


@pytest.mark.parametrize("code", [*set(TdispErrorCode) - {TdispErrorCode.BUSY}, 0x2, 0xFFFF])
@pytest.mark.parametrize("kind", [tdisp.LockInterfaceRequest, tdisp.StartInterfaceRequest])
def test_an_error_stops(code, kind):
    outcome = refused(kind, tdisp_error(code, 7, b"\x00\x02\x34\x12"))
    assert outcome.check == "tdi.error"
    assert outcome.report.refusal.step == TdispType(kind.CODE).name
    known = code in list(TdispErrorCode)
    text = TdispErrorCode(code).name if known else f"reserved code 0x{code:08x}"
    assert text in outcome.report.refusal.reason
    assert "00023412" in outcome.report.refusal.reason


def test_busy_is_tried_again():
    busy = tdisp_error(TdispErrorCode.BUSY)
    outcome = refused(tdisp.LockInterfaceRequest, busy, busy, patience=Patience(busy=2))
    assert outcome.report.verdict == "attested"
    assert outcome.waits == [20_000] * 2


def test_busy_for_ever_ends():
    busy = [tdisp_error(TdispErrorCode.BUSY)] * 9
    assert refused(tdisp.StartInterfaceRequest, *busy).check == "tdi.busy-limit"


@pytest.mark.parametrize(
    ("nonce", "observed"), [(bytes(32), ["nonce.zero"]), (b"\1" * 32, [])], ids=["zero", "fresh"]
)
def test_a_nonce_of_zeros_is_noted(nonce, observed):
    peer = TdiPeer(says={tdisp.LockInterfaceResponse: put(start_interface_nonce=nonce)})
    assert talk(peer, "tdisp-lock").observed == observed


def test_a_nonce_that_comes_again_is_noted():
    peer = TdiPeer(says={tdisp.LockInterfaceResponse: put(start_interface_nonce=b"\5" * 32)})
    assert talk(peer, "tdisp-lock", "tdisp-stop", "tdisp-lock").observed == ["nonce.repeated"]


def test_a_wrong_nonce_has_to_be_refused():
    peer = TdiPeer()
    outcome = talk(peer, "tdisp-lock", "tdisp-wrong-nonce", "tdisp-start")
    assert outcome.report.verdict == "attested"
    assert outcome.observed == []
    assert sent(peer, tdisp.StartInterfaceRequest)[0].start_interface_nonce == b"\xfe" * 32


def test_a_wrong_nonce_that_is_taken_is_noted():
    peer = TdiPeer(checks_nonce=False)
    assert talk(peer, "tdisp-lock", "tdisp-wrong-nonce").observed == ["tdi.nonce-unchecked"]


def in_two_sessions(peer, first, second):
    """What is noted, but for the peer's keys and nonces, which are the same in every session."""
    sessions = tuple(SessionPlan(steps, summary=SUMMARY_NONE) for steps in (first, second))
    options = {**tdi_options(), "plan": Plan(("authenticate",), sessions)}
    outcome = converse(peer, default_options(**options))
    assert outcome.report.verdict == "attested", outcome.report.refusal
    return [one for one in outcome.observed if one not in ("nonce.repeated", "exchange.repeated")]


@pytest.mark.parametrize(
    ("state", "observed"),
    [
        (TdiState.ERROR, []),
        (TdiState.RUN, ["tdi.session-outlived"]),
        (TdiState.CONFIG_UNLOCKED, ["tdi.session-outlived"]),
    ],
)
def test_a_lock_goes_with_its_session(state, observed):
    class Peer(TdiPeer):
        def interface_state(self, message):
            if len(self.sessions) > 1:
                self.state = state
            return super().interface_state(message)

    steps = ("tdisp-lock", "tdisp-start")
    assert in_two_sessions(Peer(), steps, ("tdisp-state",)) == observed


def test_an_interface_that_was_stopped_stays_so_in_the_next_session():
    steps = ("tdisp-lock", "tdisp-start", "tdisp-stop")
    assert in_two_sessions(TdiPeer(), steps, ("tdisp-state", "tdisp-lock")) == []


def test_keys_go_with_their_session():
    observed = in_two_sessions(TdiPeer(), ("ide-keys", "ide-go"), ("ide-query",))
    assert observed == ["ide.still-secure"]


def test_a_lock_does_not_outlive_the_keys_of_its_stream():
    class Peer(TdiPeer):
        def go_stop(self, message):
            self.state = TdiState.ERROR
            return super().go_stop(message)

    steps = ("ide-keys", "ide-go", "tdisp-lock", "ide-stop", "tdisp-state", "tdisp-stop")
    assert talk(Peer(), *steps).report.verdict == "attested"
    assert talk(TdiPeer(), *steps).check == "tdi.state-kept"
