"""CXL_IDE_KM: keys of both directions, keys that the device makes, and what is refused."""

from contextlib import nullcontext

import pytest
from device.pcie_ide import Session

from responder.core.errors import IgnoredError, OutsideError, ProtocolError
from responder.crypto.random_tree import RandomTree
from responder.device.pcie.cxl_ide_km import CxlIdeKm
from responder.device.pcie.policies import CxlIdePolicy

RX, TX, DEFAULT_IV, CONTAINMENT = 0x80, 0x82, 0x08, 0x08
INITIAL = bytes.fromhex("000000800000000001000000")


class Bench:
    def __init__(self, **policy):
        self.outbox = []
        random = RandomTree(b"seed")
        self.km = CxlIdeKm(CxlIdePolicy(**policy), lambda: 0x0510, random, self.outbox)
        self.session = Session()

    def ask(self, message, session=None):
        return self.km.request(message, session or self.session)

    @property
    def noticed(self):
        return [effect.what for _, effect in self.outbox]


def of_key(kind, which, *, stream=0, port=0):
    return bytes([kind, 0, 0, stream, 0, which, port])


def key_prog(which, material=b"\1", **how):
    return of_key(2, which, **how) + material * 32 + INITIAL


def kp_ack(which, status=0, *, stream=0, port=0):
    return bytes([3, 0, 0, stream, status, which, port])


def program(bench, *which):
    for one in which:
        assert bench.ask(key_prog(one, bytes([one]))) == kp_ack(one)
        assert bench.ask(of_key(4, one)) == of_key(6, one)


def test_a_query_tells_what_the_device_can_do():
    assert Bench().ask(bytes([0, 0, 1])) == bytes([1, 0, 1, 0x10, 0x05, 0, 1, 0x71]) + bytes(36)
    nothing = {"key_generation": False, "iv_generation": False, "k_set_stop": False}
    assert Bench(**nothing).ask(bytes(3))[7] == 0x01
    for name, bit in (("iv_generation", 4), ("key_generation", 5), ("k_set_stop", 6)):
        assert Bench(**nothing | {name: True}).ask(bytes(3))[7] == 0x01 | 1 << bit


def test_both_directions_make_it_secure_and_a_stop_ends_that():
    bench = Bench()
    program(bench, RX)
    assert not bench.km.secure
    program(bench, TX)
    assert bench.km.secure
    assert bench.ask(of_key(5, RX)) == of_key(6, RX)
    assert not bench.km.secure
    assert bench.noticed == ["ide-secure", "ide-insecure"]


def test_a_key_waits_for_its_go():
    bench = Bench()
    bench.ask(key_prog(RX))
    bench.ask(key_prog(TX, b"\2"))
    assert not bench.km.secure
    bench.ask(of_key(4, RX))
    bench.ask(of_key(4, TX | CONTAINMENT))
    assert (bench.km.secure, bench.km.containment) == (True, True)
    bench.ask(key_prog(RX, b"\3"))
    assert bench.km.secure, "the next key waits"
    bench.ask(of_key(4, RX))
    assert (bench.km.secure, bench.km.containment) == (True, False)


@pytest.mark.parametrize(
    "message",
    [
        key_prog(RX)[:-1],
        key_prog(RX) + b"\0",
        key_prog(RX)[:7],
        key_prog(RX, port=2),
        key_prog(RX, stream=1),
        key_prog(0x00),
        key_prog(0x90),
        key_prog(RX | 1),
        key_prog(RX | 4),
    ],
    ids=lambda one: f"{len(one)}-{one[:7].hex()}",
)
def test_a_mistake_in_key_prog_is_told_in_one_status(message):
    bench = Bench()
    assert bench.ask(message) == bytes([3, 0, 0, message[3], 1, message[5], message[6]])
    with pytest.raises(ProtocolError):
        bench.ask(of_key(4, RX))


def test_the_default_iv_may_be_asked_for():
    assert Bench().ask(key_prog(RX | DEFAULT_IV)) == kp_ack(RX | DEFAULT_IV)


def test_the_device_makes_keys():
    bench = Bench()
    first, second = bench.ask(of_key(7, RX)), bench.ask(of_key(7, RX))
    assert first[:7] == of_key(8, RX)
    assert len(first) == 51
    assert first[7:39] != second[7:39]
    assert first[39:] == INITIAL
    assert bench.ask(key_prog(RX, first[7:8])) == kp_ack(RX)


def test_what_it_does_not_make_is_zero():
    assert Bench(key_generation=False).ask(of_key(7, RX))[7:] == bytes(32) + INITIAL
    assert Bench(iv_generation=False).ask(of_key(7, RX))[39:] == bytes(12)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({}, bytes([0, 0, 2])),
        ({}, of_key(4, RX)),
        ({}, of_key(4, RX, port=2)),
        ({}, of_key(7, 0x00)),
        ({}, of_key(7, RX, port=2)),
        ({}, of_key(8, RX)),
        ({}, bytes([9]) + bytes(6)),
        ({}, b""),
        ({"k_set_stop": False}, of_key(5, RX)),
        ({"key_generation": False, "iv_generation": False}, of_key(7, RX)),
        ({"status_for_all": False}, key_prog(RX)[:-1]),
        ({"status_for_all": False}, key_prog(RX, port=2)),
    ],
    ids=str,
)
def test_what_no_answer_can_tell_is_refused_by_spdm_or_in_silence(policy, message):
    with pytest.raises(ProtocolError) as error:
        Bench(**policy).ask(message)
    assert (error.value.code, isinstance(error.value, IgnoredError)) == (1, False)
    with pytest.raises(IgnoredError):
        Bench(**policy, refuse_in_silence=True).ask(message)


def test_stop_is_acknowledged_where_there_is_nothing():
    assert Bench().ask(of_key(5, 0x33, stream=7, port=9)) == of_key(6, 0x33, stream=7, port=9)


def test_sessions_own_it_as_they_own_ide_km():
    bench, other = Bench(), Session()
    with pytest.raises(OutsideError):
        bench.km.request(bytes(3), None)
    bench.ask(bytes(3))
    with pytest.raises(IgnoredError):
        bench.ask(bytes(3), other)
    bench.km.session_ended(bench.session)
    assert bench.ask(bytes(3), other)[0] == 1


@pytest.mark.parametrize("wipes", [True, False])
def test_keys_go_with_their_session(wipes):
    bench = Bench(wipe_on_session_end=wipes)
    program(bench, RX, TX)
    bench.ask(key_prog(RX, b"\7"))
    bench.km.session_ended(bench.session)
    assert bench.km.secure is not wipes
    with pytest.raises(ProtocolError) if wipes else nullcontext():
        bench.ask(of_key(4, RX), Session())


def test_a_reset_takes_keys():
    bench = Bench()
    program(bench, RX, TX)
    bench.km.reset()
    assert not bench.km.secure


def test_a_key_that_comes_again_is_noticed():
    bench = Bench()
    bench.ask(key_prog(RX))
    bench.ask(key_prog(TX))
    assert bench.noticed == ["ide-key-reuse"]
