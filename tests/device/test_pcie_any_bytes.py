"""Whatever a requester sends, in any order: an answer, or the one exception that it may cause."""

from device.pcie_ide import SIX, Session, go, key_prog, query, stop
from device.pcie_tdi import (
    ERROR,
    EVERYTHING,
    LOCKED,
    RUN,
    UNLOCKED,
    FakeHost,
    lock,
    message,
    mmio,
    report,
    start,
)
from device.test_pcie_cxl_ide_km import key_prog as cxl_key_prog
from device.test_pcie_cxl_ide_km import of_key
from device.test_pcie_cxl_tsp import BY_CKID, BY_RANGE, KEY_POLICY, REQUESTS
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.core.errors import ProtocolError
from responder.crypto.random_tree import RandomTree
from responder.device.pcie.cxl_ide_km import CxlIdeKm
from responder.device.pcie.cxl_tsp import CxlTsp
from responder.device.pcie.ide_km import IdeKm
from responder.device.pcie.ide_port import IdePort
from responder.device.pcie.ide_registers import IdeLayout
from responder.device.pcie.interfaces import TdiState
from responder.device.pcie.policies import CxlIdePolicy, CxlTspPolicy, IdePolicy, TdispPolicy
from responder.device.pcie.tdi import Tdi
from responder.device.pcie.tdisp import TdispHost

SESSIONS = (Session(), Session(psk_hint=b"SECONDARY_SESSION_0_PSK"), None)
SEEDS = {
    "ide": [query(), *(one for which in SIX for one in (key_prog(which), go(which), stop(which)))],
    "tdisp": [
        *map(message, (0x81, 0x85, 0x87)), message(0x82, bytes(4)),
        message(0x88, bytes(1)), message(0x89, bytes(1)),
        message(0x8B, bytes(2)), message(0x8C, bytes(4)), lock(8, stream=0), report(), report(1, 7),
        start(bytes(32)), mmio(0x2000000, 0x100, 4, 4),
    ],
    "cxl": [
        bytes(3), *(of_key(kind, which) for kind in (4, 5, 7) for which in (0x80, 0x82)),
        cxl_key_prog(0x80), cxl_key_prog(0x82),
    ],
    "tsp": [*REQUESTS.values(), BY_CKID, BY_RANGE],
}  # fmt: skip


@st.composite
def steps(draw):
    """A protocol, a message of it that may be changed in a byte, cut or longer, and a session."""
    name = draw(st.sampled_from(sorted(SEEDS)))
    data = bytearray(draw(st.sampled_from(SEEDS[name])))
    match draw(st.sampled_from(["whole", "whole", "changed", "cut", "longer", "random"])):
        case "changed":
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
        case "cut":
            del data[draw(st.integers(0, len(data))) :]
        case "longer":
            data += draw(st.binary(min_size=1, max_size=8))
        case "random":
            data = bytearray(draw(st.binary(max_size=64)))
    return name, bytes(data), draw(st.integers(0, 2)), draw(st.integers(0, 9)) == 0


def device():
    outbox, random = [], RandomTree(b"seed")
    port = IdePort(
        IdeLayout(), IdePolicy(session_required=False, exclusive_session=False, any_stream=True)
    )
    policy = TdispPolicy(
        session_required=False, ide_binding="keys", learn_function_id=True, **EVERYTHING
    )
    tdi = Tdi(FakeHost(), policy, random.child("tdi"))
    ide = CxlIdePolicy(session_required=False, exclusive_session=False)
    tsp = CxlTspPolicy(session_required=False, delayed=1, **KEY_POLICY)
    return tdi, {
        "ide": IdeKm(port, lambda: 0, outbox),
        "tdisp": TdispHost([tdi], policy, port, outbox),
        "cxl": CxlIdeKm(ide, lambda: 0, random.child("cxl"), outbox),
        "tsp": CxlTsp(tsp, random.child("tsp"), outbox),
    }


def prepared(tdi, protocols, state, configured):
    """The interface and the target in that state, six keys of stream 0 in use."""
    for which in SIX:
        protocols["ide"].request(key_prog(which), SESSIONS[0])
        protocols["ide"].request(go(which), SESSIONS[0])
    for one in (REQUESTS[0x81], configured, *([REQUESTS[0x86]] if state else [])):
        protocols["tsp"].request(one, SESSIONS[0])
    if state:
        nonce = protocols["tdisp"].request(lock(8, stream=0), SESSIONS[0])[16:]
        if state == RUN:
            protocols["tdisp"].request(start(nonce), SESSIONS[0])
    if state == ERROR:
        tdi.fail("a test")
    assert tdi.state == state


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(TdiState),
    st.sampled_from([BY_CKID, BY_RANGE]),
    st.lists(steps(), min_size=3, max_size=12),
)
def test_nothing_that_is_sent_raises_anything_else(state, configured, conversation):
    tdi, protocols = device()
    prepared(tdi, protocols, state, configured)
    for name, data, who, ends in conversation:
        try:
            assert protocols[name].request(data, SESSIONS[who])
        except ProtocolError:
            continue
        if ends and SESSIONS[who]:
            for one in protocols.values():
                one.session_ended(SESSIONS[who])
        assert (tdi.report is not None) == (tdi.state in (LOCKED, RUN))
        assert tdi.streams or tdi.state == UNLOCKED
