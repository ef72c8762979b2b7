"""TDISP by hand: messages from their bytes, a function that stands still, a stream of six keys."""

import struct

from device.pcie_ide import DEFAULT, SIX, Session, go, key_prog, stream_id

from responder.core.errors import ProtocolError
from responder.crypto.random_tree import RandomTree
from responder.device.pcie.ide_km import IdeKm
from responder.device.pcie.ide_port import IdePort
from responder.device.pcie.ide_registers import IdeLayout
from responder.device.pcie.interfaces import MemoryRange, Noticed
from responder.device.pcie.policies import IdePolicy, TdispPolicy
from responder.device.pcie.tdi import Tdi
from responder.device.pcie.tdisp import TdispHost

UNLOCKED, LOCKED, RUN, ERROR = range(4)
STREAM, P2P = 5, 6
FUNCTION = 0x0300
BLOCK = 20
CONTROL, P2P_CONTROL = 0x10, 0x10 + BLOCK

INVALID_REQUEST, INVALID_STATE, UNSUPPORTED, MISMATCH = 0x0001, 0x0004, 0x0007, 0x0041
INVALID_INTERFACE, INVALID_NONCE, INVALID_CONFIGURATION = 0x0101, 0x0102, 0x0104

RANGES = (
    MemoryRange(0, 0xD000_0000, 0x4000),
    MemoryRange(2, 0x1_2345_6000, 0x1000, msix_table=True, non_tee=True),
    MemoryRange(2, 0x1_2345_7000, 0x1000, msix_pba=True),
    MemoryRange(4, 0x20_0000_0000, 0x10_0000, updatable=True),
)
EVERYTHING = {"p2p": True, "mmio_attributes": True, "vdm": "echo", "set_config": True}


class FakeHost:
    """A function; implements ``TdiHost``."""

    def __init__(self, number=0, *, function_id=FUNCTION, problem="", ranges=RANGES, **registers):
        self.number = number
        self.name = f"function {number}"
        self.function_id = function_id
        self.problem = problem
        self.ranges = ranges
        self.registers = {"msix.control": 0x8003} | registers
        self.scrubbed = 0

    def memory_ranges(self):
        return self.ranges

    def config_value(self, register):
        return self.registers.get(register, 0)

    def configured_well(self):
        return self.problem

    def scrub(self):
        self.scrubbed += 1
        return [Noticed("scrubbed", self.name)]


def message(kind, body=b"", *, function=FUNCTION, version=0x10):
    return struct.pack("<BBHIQ", version, kind, 0, function, 0) + body


def lock(flags=0, stream=STREAM, offset=0, mask=0):
    return message(0x83, struct.pack("<HBBQQ", flags, stream, 0, offset, mask))


def report(offset=0, length=0xFFFF):
    return message(0x84, struct.pack("<HH", offset, length))


def start(nonce):
    return message(0x86, nonce)


def mmio(first_page, pages, attributes, bar):
    return message(0x8A, struct.pack("<QIHH", first_page, pages, attributes, bar))


def error_of(answer):
    """ErrorCode and ErrorData of a TDISP_ERROR, else ``None``."""
    return struct.unpack("<II", answer[16:24]) if answer[1] == 0x7F else None


class Bench:
    """A host with one interface, whose default stream is secure and keyed by ``session``.

    Another stream, for peers, is as well.
    """

    def __init__(self, hosts=None, *, port=True, ide=None, **policy):
        self.policy = TdispPolicy(**policy)
        self.outbox = []
        self.port = None
        if port:
            layout = IdeLayout(selective_streams=2, address_associations=0)
            self.port = IdePort(layout, IdePolicy(**(ide or {})))
            self.km = IdeKm(self.port, lambda: FUNCTION, self.outbox)
        self.hosts = hosts or [FakeHost()]
        random = RandomTree(b"seed")
        self.tdis = [Tdi(one, self.policy, random.child(one.number)) for one in self.hosts]
        self.tdi, self.function = self.tdis[0], self.hosts[0]
        self.host = TdispHost(self.tdis, self.policy, self.port, self.outbox)
        self.session, self.other = Session(), Session(0xFFFF_0002)
        self.nonce = None
        if port:
            self.key(STREAM)
            self.key(P2P)
            self.port.write(CONTROL, stream_id(STREAM) | 1 | DEFAULT)
            self.port.write(P2P_CONTROL, stream_id(P2P) | 1)
        self.outbox.clear()

    def key(self, stream):
        """Six keys in use."""
        self.port.write(CONTROL if stream == STREAM else P2P_CONTROL, stream_id(stream))
        for which in SIX:
            material = bytes([stream, which]) * 16
            programmed = self.km.request(
                key_prog(which, stream=stream, material=material), self.session
            )
            assert programmed[4] == 0
            self.km.request(go(which, stream=stream), self.session)

    def ask(self, request, session=None):
        return self.host.request(request, session or self.session)

    def refused(self, request, session=None):
        """The code of the TDISP_ERROR that answers."""
        found = error_of(self.ask(request, session))
        assert found is not None
        return found[0]

    def granted(self, request, session=None):
        """What follows the header of the answer that is no error."""
        answer = self.ask(request, session)
        assert error_of(answer) is None, answer.hex()
        assert answer[:16] == bytes([0x10, request[1] & 0x7F]) + bytes(2) + request[4:16]
        return answer[16:]

    def lock(self, flags=0, **how):
        self.nonce = self.granted(lock(flags, **how))
        return self.nonce

    def reach(self, state, flags=0, **how):
        """Bring the interface to a state, by messages and a failure of the device."""
        if state != UNLOCKED:
            self.lock(flags, **how)
        if state == RUN:
            self.granted(start(self.nonce))
        if state == ERROR:
            self.tdi.fail("a test")
        assert self.state == state
        self.outbox.clear()
        return self

    @property
    def state(self):
        """As GET_DEVICE_INTERFACE_STATE tells it; the same as the function is told."""
        told = self.granted(message(0x85))[0]
        assert told == self.tdi.state
        return told

    @property
    def noticed(self):
        return [effect.what for _, effect in self.outbox]


def outside(bench, request):
    """What becomes of a request outside of all sessions: the code of SPDM's ERROR."""
    try:
        bench.host.request(request, None)
    except ProtocolError as error:
        return error.code
    return None
