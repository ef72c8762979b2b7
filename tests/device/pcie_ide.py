"""IDE by hand: messages from their bytes, registers from their offsets, a port of one stream."""

from responder.device.pcie.ide_km import IdeKm
from responder.device.pcie.ide_port import IdePort
from responder.device.pcie.ide_registers import IdeLayout
from responder.device.pcie.policies import IdePolicy

ONE = bytes.fromhex("00000000 01000000")
"""IFV 1 on the wire: the high DW first, each little-endian."""
RX, TX = 0, 2
PR, NPR, CPL = 0x00, 0x10, 0x20
SIX = [sub | way for way in (RX, TX) for sub in (PR, NPR, CPL)]
K1 = 1

STREAM = 0x0C
"""Offset of the first selective stream's block where there are no link streams."""
CONTROL, STATUS, RID1, RID2, ADDRESS = STREAM + 4, STREAM + 8, STREAM + 12, STREAM + 16, STREAM + 20
ENABLE, DEFAULT, TC_1 = 1 << 0, 1 << 22, 1 << 19
INSECURE, SECURE = 0, 2


class Session:
    """Stands for a session: it is told from others by its identity."""

    def __init__(self, session_id=0xFFFF_0001, *, established=True, psk_hint=None):
        self.session_id = session_id
        self.psk_hint = psk_hint
        self.established = established


def stream_id(number):
    """As the control register of a stream has it."""
    return number << 24


def key(number):
    """A key of 32 bytes that differs from those of other numbers."""
    return number.to_bytes(2, "big") * 16


def query(port=0):
    return bytes([0, 0, port])


def key_prog(which, *, stream=0, port=0, material=None, ifv=ONE):
    head = bytes([2, 0, 0, stream, 0, which, port])
    return head + (key(0x40 + which) if material is None else material) + ifv


def kp_ack(which, status=0, *, stream=0, port=0):
    return bytes([3, 0, 0, stream, status, which, port])


def go(which, *, stream=0, port=0):
    return bytes([4, 0, 0, stream, 0, which, port])


def stop(which, *, stream=0, port=0):
    return bytes([5, 0, 0, stream, 0, which, port])


def gostop_ack(which, *, stream=0, port=0):
    return bytes([6, 0, 0, stream, 0, which, port])


class Bench:
    """A port with its IDE_KM, one session, and what the port's listeners heard."""

    def __init__(self, layout=None, **policy):
        self.port = IdePort(layout or IdeLayout(), IdePolicy(**policy))
        self.outbox = []
        self.km = IdeKm(self.port, lambda: 0x0510, self.outbox)
        self.session = Session()
        self.heard = []
        self.port.watch(lambda stream, reason: self.heard.append((stream, reason)))

    def ask(self, message, session=None):
        return self.km.request(message, session or self.session)

    def key(self, which=SIX, *, stream=0, base=0x40, session=None):
        """Program those keys and use them."""
        for one in which:
            program = key_prog(one, stream=stream, material=key(base + one))
            assert self.ask(program, session) == kp_ack(one, stream=stream)
            assert self.ask(go(one, stream=stream), session) == gostop_ack(one, stream=stream)

    def enable(self, bits=0, *, stream=0, at=CONTROL):
        self.port.write(at, ENABLE | stream_id(stream) | bits)

    @property
    def state(self):
        return self.port.read(STATUS)

    @property
    def noticed(self):
        return [effect.what for _, effect in self.outbox]
