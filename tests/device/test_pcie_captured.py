"""Ground truth: what an independent requester asked an independent device, asked of this one."""

import pytest
from captures.loader import runs
from captures.replay import replay
from device.pcie_ide import Session
from device.pcie_tdi import FakeHost

from responder.crypto.random_tree import RandomTree
from responder.device.pcie.ide_km import IdeKm
from responder.device.pcie.ide_port import STOCK_IDE, IdePort
from responder.device.pcie.ide_registers import IdeLayout
from responder.device.pcie.policies import IdePolicy, TdispPolicy
from responder.device.pcie.tdi import Tdi
from responder.device.pcie.tdi_table import STOCK_TDISP
from responder.device.pcie.tdisp import TdispHost
from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.registry import parse_message

VENDOR_DEFINED, END_SESSION = RequestCode.VENDOR_DEFINED_REQUEST, RequestCode.END_SESSION
ANSWER = ResponseCode.VENDOR_DEFINED_RESPONSE
PCI_SIG = bytes.fromhex("0100")
IDE_KM, TDISP = 0, 1
QUERY_RESP, LOCKED, REPORT, STATE, START = 0x01, 0x03, 0x04, 0x05, 0x86
NONCE = slice(16, 48)
CAPTURED = [run for run in runs() if any(seen.code == VENDOR_DEFINED for seen in replay(run))]
each_run = pytest.mark.parametrize("run", CAPTURED, ids=lambda run: run.name)


def conversation(run):
    """Each request of the PCI-SIG's protocols, its answer, its session; ends of sessions."""
    sessions, asked = {}, None
    for seen in replay(run):
        session = sessions.setdefault(seen.session, Session(seen.session))
        if seen.code == END_SESSION:
            yield None, None, sessions.pop(seen.session)
        elif seen.code in (VENDOR_DEFINED, ANSWER):
            carrier = parse_message(seen.data, seen.context, padding=run.padding)
            if carrier.vendor_id != PCI_SIG:
                continue
            if seen.code == VENDOR_DEFINED:
                asked = carrier.payload
            else:
                yield asked, carrier.payload, session


class Device:
    """IDE_KM and TDISP of one device with one function."""

    def __init__(self, ide, tdisp):
        self.outbox = []
        port = IdePort(IdeLayout(), ide)
        tdi = Tdi(FakeHost(), tdisp, RandomTree(b"seed"))
        self.km = IdeKm(port, lambda: 0, self.outbox)
        self.tdisp = TdispHost([tdi], tdisp, port, self.outbox)
        self.nonce = b""

    def ask(self, payload, session):
        """The answer, ProtocolID first; START gets the nonce that this device gave."""
        if payload[0] == IDE_KM:
            return payload[:1] + self.km.request(payload[1:], session)
        message = payload[1:]
        if message[1] == START:
            message = message[:16] + self.nonce
        answer = self.tdisp.request(message, session)
        if answer[1] == LOCKED:
            self.nonce = answer[NONCE]
        return payload[:1] + answer

    def ended(self, session):
        self.km.session_ended(session)
        self.tdisp.session_ended(session)


def same_for_all_devices(payload):
    """An answer without what no two devices have in common: registers, nonce, report."""
    kind, message = payload[0], payload[1:]
    if kind == IDE_KM and message[0] == QUERY_RESP:
        return message[:3] + message[6:7]
    if kind == TDISP and message[1] in (LOCKED, REPORT):
        return message[:16]
    return message


@each_run
def test_the_answers_are_those_of_the_reference_responder(run):
    device, asked = Device(STOCK_IDE, STOCK_TDISP), 0
    for request, answer, session in conversation(run):
        if request is None:
            device.ended(session)
            continue
        asked += 1
        ours = device.ask(request, session)
        assert same_for_all_devices(ours) == same_for_all_devices(answer), request.hex()
    assert asked >= 30


@each_run
def test_a_careful_device_grants_all_that_the_reference_requester_asks_for(run):
    """It writes no registers, so that its keys have to be enough, and names its function freely."""
    device = Device(IdePolicy(), TdispPolicy(ide_binding="keys", learn_function_id=True))
    states = []
    for request, answer, session in conversation(run):
        if request is None:
            device.ended(session)
            continue
        ours = device.ask(request, session)
        assert ours[:1] == answer[:1]
        if request[0] == TDISP:
            assert ours[2] == answer[2], "the same type"
            states += ours[17:] if ours[2] == STATE else b""
        else:
            assert ours[1] == answer[1]
            assert request[1] != 2 or ours[5] == 0, "KP_ACK: success"
    assert states == [0, 1, 2, 0] * (len(states) // 4)
    assert states
    assert "tdi-error" not in [effect.what for _, effect in device.outbox]
