"""Ground truth: what an independent requester asked an independent device, asked of this one."""

import pytest
from captures.loader import runs
from captures.replay import replay
from device.pcie_ide import Session
from device.pcie_tdi import FakeHost

from responder.crypto.random_tree import RandomTree
from responder.device.pcie.cxl_ide_km import STOCK_CXL_IDE, CxlIdeKm
from responder.device.pcie.cxl_tsp import CxlTsp
from responder.device.pcie.ide_km import IdeKm
from responder.device.pcie.ide_port import STOCK_IDE, IdePort
from responder.device.pcie.ide_registers import IdeLayout
from responder.device.pcie.policies import CxlIdePolicy, CxlTspPolicy, IdePolicy, TdispPolicy
from responder.device.pcie.tdi import Tdi
from responder.device.pcie.tdi_table import STOCK_TDISP
from responder.device.pcie.tdisp import TdispHost
from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.registry import parse_message

VENDOR_DEFINED, ANSWER = RequestCode.VENDOR_DEFINED_REQUEST, ResponseCode.VENDOR_DEFINED_RESPONSE
IDE_KM, TDISP, CXL_IDE_KM, TSP = (0x0001, 0), (0x0001, 1), (0x1E98, 0), (0x1E98, 1)
QUERY_RESP, LOCKED, REPORT, STATE, START = 0x01, 0x03, 0x04, 0x05, 0x86
GET_KEY_ACK, TSP_REPORT = 0x08, 0x05
NONCE = slice(16, 48)
CAPTURED = [run for run in runs() if any(seen.code == VENDOR_DEFINED for seen in replay(run))]
each_run = pytest.mark.parametrize("run", CAPTURED, ids=lambda run: run.name)


def conversation(run):
    """Protocol, message, answer, session, of each request; without the first three: its end."""
    sessions, hint, asked = {}, None, None
    for seen in replay(run):
        if seen.code == RequestCode.KEY_EXCHANGE:
            hint = None
        if seen.code == RequestCode.PSK_EXCHANGE:
            hint = parse_message(seen.data, seen.context, padding=run.padding).psk_hint
        if seen.session is not None and seen.session not in sessions:
            sessions[seen.session] = Session(seen.session, psk_hint=hint)
        if seen.code == RequestCode.END_SESSION:
            yield None, None, None, sessions.pop(seen.session)
        elif seen.code in (VENDOR_DEFINED, ANSWER):
            carrier = parse_message(seen.data, seen.context, padding=run.padding)
            message = carrier.payload[1:]
            if seen.code == VENDOR_DEFINED:
                asked = message
            else:
                protocol = int.from_bytes(carrier.vendor_id, "little"), carrier.payload[0]
                yield protocol, asked, message, sessions[seen.session]


class Device:
    """All four protocols of one device with one function."""

    def __init__(self, ide, tdisp, cxl_ide, tsp):
        self.outbox = []
        random = RandomTree(b"seed")
        port = IdePort(IdeLayout(), ide)
        tdi = Tdi(FakeHost(), tdisp, random.child("tdi"))
        self.protocols = {
            IDE_KM: IdeKm(port, lambda: 0, self.outbox),
            TDISP: TdispHost([tdi], tdisp, port, self.outbox),
            CXL_IDE_KM: CxlIdeKm(cxl_ide, lambda: 0, random.child("cxl"), self.outbox),
            TSP: CxlTsp(tsp, random.child("tsp"), self.outbox),
        }
        self.nonce = b""

    def ask(self, protocol, message, session):
        """The answer; START gets the nonce that this device gave."""
        if protocol == TDISP and message[1] == START:
            message = message[:16] + self.nonce
        answer = self.protocols[protocol].request(message, session)
        if protocol == TDISP and answer[1] == LOCKED:
            self.nonce = answer[NONCE]
        return answer

    def ended(self, session):
        for protocol in self.protocols.values():
            protocol.session_ended(session)

    @property
    def noticed(self):
        return [effect.what for _, effect in self.outbox]


def same_for_all_devices(protocol, message):
    """An answer without what no two devices share: registers, nonce, reports, generated keys."""
    if protocol == IDE_KM and message[0] == QUERY_RESP:
        return message[:3] + message[6:7]
    if protocol == TDISP and message[1] in (LOCKED, REPORT):
        return message[:16]
    if protocol == CXL_IDE_KM and message[0] == GET_KEY_ACK:
        return message[:7]
    if protocol == TSP and message[1] == TSP_REPORT:
        return message[:4]
    return message


@each_run
def test_the_answers_are_those_of_the_reference_responder(run):
    device = Device(STOCK_IDE, STOCK_TDISP, STOCK_CXL_IDE, CxlTspPolicy())
    asked = 0
    for protocol, request, answer, session in conversation(run):
        if protocol is None:
            device.ended(session)
            continue
        asked += 1
        ours = same_for_all_devices(protocol, device.ask(protocol, request, session))
        assert ours == same_for_all_devices(protocol, answer), request.hex()
    assert asked >= 40


@each_run
def test_a_careful_device_grants_all_that_the_reference_requester_asks_for(run):
    """It writes no registers, so that keys have to be enough, and names its function freely."""
    tdisp = TdispPolicy(ide_binding="keys", learn_function_id=True)
    device = Device(IdePolicy(), tdisp, CxlIdePolicy(), CxlTspPolicy())
    states = b""
    for protocol, request, answer, session in conversation(run):
        if protocol is None:
            device.ended(session)
            continue
        ours = device.ask(protocol, request, session)
        code = 1 if protocol in (TDISP, TSP) else 0
        assert ours[code] == answer[code], request.hex()
        if protocol in (IDE_KM, CXL_IDE_KM) and request[0] == 2:
            assert ours[4] == 0, "KP_ACK: success"
        if protocol == TDISP and ours[1] == STATE:
            states += ours[16:]
    assert states == bytes([0, 1, 2, 0]) * (len(states) // 4)
    assert states
    assert not {"tdi-error", "tsp-error", "ide-key-reuse"} & set(device.noticed)
