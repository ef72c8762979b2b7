"""IDE_KM: the right answer to each message, and to each mistake the status that names it."""

import hashlib

import pytest
from device.pcie_ide import (
    CPL,
    ENABLE,
    K1,
    NPR,
    ONE,
    PR,
    RX,
    SECURE,
    SIX,
    TX,
    Bench,
    Session,
    go,
    gostop_ack,
    key,
    key_prog,
    kp_ack,
    query,
    stop,
    stream_id,
)

from responder.core.errors import IgnoredError, OutsideError, ProtocolError
from responder.device.pcie.ide_km import IdeKm
from responder.device.pcie.ide_port import STOCK_IDE, IdePort
from responder.device.pcie.ide_registers import IdeLayout
from responder.device.pcie.policies import IdePolicy

CONTROL = 0x10
WRONG_LENGTH, WRONG_PORT, WRONG_FIELD, FAILURE = 1, 2, 3, 4
INVALID_REQUEST, UNEXPECTED_REQUEST = 1, 4
SWAPPED = bytes.fromhex("01000000 00000000")


@pytest.mark.parametrize("port", [0, 1])
def test_a_query_shows_where_the_port_is_and_its_registers(port):
    bench = Bench(IdeLayout(address_associations=0))
    bench.port.write(CONTROL, ENABLE | stream_id(7))
    answer = bench.ask(query(port))
    assert answer[:7] == bytes([1, 0, port, 0x10, 0x05, 0, 1]), (
        "DevFunc, Bus, Segment, MaxPortIndex"
    )
    assert answer[7:] == bench.port.block()
    assert answer[7:11] == bytes.fromhex("42000000")


@pytest.mark.parametrize("port", [0, 1])
@pytest.mark.parametrize("which", [*SIX, *(which | K1 for which in SIX)])
def test_every_key_is_taken_used_and_stopped_and_the_answers_echo_it(which, port):
    bench = Bench()
    assert bench.ask(key_prog(which, port=port)) == kp_ack(which, port=port)
    assert bench.ask(go(which, port=port)) == gostop_ack(which, port=port)
    assert bench.ask(stop(which, port=port)) == gostop_ack(which, port=port)


MISTAKES = {
    "a byte too few": (key_prog(PR)[:-1], WRONG_LENGTH),
    "a byte too many": (key_prog(PR) + b"\0", WRONG_LENGTH),
    "no key": (key_prog(PR)[:7], WRONG_LENGTH),
    "a port too far": (key_prog(PR, port=2), WRONG_PORT),
    "port 255": (key_prog(PR, port=255), WRONG_PORT),
    "sub-stream 3": (key_prog(0x30), WRONG_FIELD),
    "sub-stream 8, which is CXL's": (key_prog(0x80), WRONG_FIELD),
    "sub-stream 15": (key_prog(0xF0), WRONG_FIELD),
    "reserved bit 2": (key_prog(PR | 4), WRONG_FIELD),
    "reserved bit 3": (key_prog(PR | 8), WRONG_FIELD),
    "IFV 0": (key_prog(PR, ifv=bytes(8)), WRONG_FIELD),
    "IFV 2": (key_prog(PR, ifv=bytes.fromhex("0000000002000000")), WRONG_FIELD),
    "IFV 1 with its low DW first": (key_prog(PR, ifv=SWAPPED), WRONG_FIELD),
    "a stream that no register names": (key_prog(PR, stream=3), WRONG_FIELD),
    "length before port": (key_prog(PR, port=9)[:-1], WRONG_LENGTH),
    "port before fields": (key_prog(0xF0, port=9), WRONG_PORT),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_key_prog_has_its_status_and_leaves_no_key(name):
    message, status = MISTAKES[name]
    bench = Bench()
    head = message[:7].ljust(7, b"\0")
    assert bench.ask(message) == bytes([3, 0, 0, head[3], status, head[5], head[6]])
    assert bench.port.keys(head[3]).fingerprints() == {}


def test_a_key_in_use_is_not_programmed_anew():
    bench = Bench()
    bench.key([PR])
    assert bench.ask(key_prog(PR, material=key(9))) == kp_ack(PR, FAILURE)
    assert bench.ask(key_prog(PR | K1, material=key(9))) == kp_ack(PR | K1)
    bench.ask(stop(PR))
    assert bench.ask(key_prog(PR, material=key(8))) == kp_ack(PR)


def test_a_key_in_use_that_may_be_programmed_anew_is_in_use_no_longer():
    bench = Bench(reprogram_active=True)
    bench.port.write(CONTROL, ENABLE)
    bench.key()
    assert bench.ask(key_prog(PR, material=key(9))) == kp_ack(PR)
    assert bench.port.secure(0) is False
    assert bench.heard == [(0, "a key in use was programmed anew")]


def test_the_device_may_fail():
    bench = Bench()
    bench.km.fail_key_prog(2)
    assert [bench.ask(key_prog(PR))[4] for _ in range(3)] == [FAILURE, FAILURE, 0]


@pytest.mark.parametrize(
    ("ifv", "taken"),
    [
        ("high-first", {ONE}),
        ("low-first", {SWAPPED}),
        ("either", {ONE, SWAPPED}),
    ],
)
def test_the_order_of_the_invocation_field_is_a_matter_of_policy(ifv, taken):
    bench = Bench(ifv=ifv)
    for value in (ONE, SWAPPED, bytes(8)):
        status = bench.ask(key_prog(PR, ifv=value))[4]
        assert status == (0 if value in taken else WRONG_FIELD)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x00",
        query(2),
        query() + b"\0",
        go(PR),
        go(NPR, port=2),
        go(CPL)[:-1],
        stop(PR) + b"\0",
        bytes([1]) + bytes(6),
        kp_ack(PR),
        gostop_ack(PR),
        bytes([7]) + bytes(6),
        bytes([0xFF]) + bytes(6),
    ],
    ids=bytes.hex,
)
def test_what_no_answer_can_tell_is_refused_by_spdm_or_in_silence(message):
    with pytest.raises(ProtocolError) as error:
        Bench().ask(message)
    assert error.value.code == INVALID_REQUEST
    assert not isinstance(error.value, IgnoredError)
    bench = Bench(refuse_in_silence=True)
    with pytest.raises(IgnoredError):
        bench.ask(message)
    assert bench.noticed == ["ide-km-ignored"]


def test_go_without_a_key_changes_nothing_where_it_is_acknowledged():
    bench = Bench(go_without_key=True)
    bench.port.write(CONTROL, ENABLE)
    assert [bench.ask(go(which)) for which in SIX] == [gostop_ack(which) for which in SIX]
    assert bench.port.secure(0) is False


@pytest.mark.parametrize(
    ("which", "stream", "port"), [(PR, 0, 0), (0xFF, 0, 0), (PR, 9, 0), (PR, 0, 9)]
)
def test_stop_is_always_acknowledged(which, stream, port):
    answer = Bench().ask(stop(which, stream=stream, port=port))
    assert answer == gostop_ack(which, stream=stream, port=port)


def test_it_is_spoken_in_sessions():
    bench = Bench()
    with pytest.raises(OutsideError):
        bench.km.request(query(), None)
    with pytest.raises(ProtocolError) as error:
        bench.ask(query(), Session(established=False))
    assert error.value.code == UNEXPECTED_REQUEST
    assert Bench(session_required=False).km.request(query(), None)[0] == 1


def test_one_session_owns_it_while_it_lasts():
    bench, other = Bench(), Session(0xFFFF_0002)
    bench.ask(query())
    for message in (query(), key_prog(PR), go(PR), stop(PR)):
        with pytest.raises(IgnoredError):
            bench.ask(message, other)
    assert bench.noticed == ["ide-km-ignored"] * 4
    bench.km.session_ended(other)
    with pytest.raises(IgnoredError):
        bench.ask(query(), other)
    bench.km.session_ended(bench.session)
    assert bench.ask(query(), other)[0] == 1
    with pytest.raises(IgnoredError):
        bench.ask(query(), bench.session)


def test_a_session_of_the_same_number_is_another():
    bench = Bench()
    bench.ask(query())
    with pytest.raises(IgnoredError):
        bench.ask(query(), Session(bench.session.session_id))


def test_sessions_may_share_it():
    bench = Bench(exclusive_session=False)
    bench.ask(query())
    assert bench.ask(query(), Session())[0] == 1


def test_a_key_that_comes_again_is_noticed():
    bench = Bench()
    bench.ask(key_prog(RX, material=key(1)))
    bench.ask(key_prog(TX, material=key(2)))
    assert bench.noticed == []
    assert bench.ask(key_prog(TX | K1, material=key(1))) == kp_ack(TX | K1)
    bench.km.session_ended(bench.session)
    bench.ask(key_prog(TX, material=key(2)), Session())
    assert bench.noticed == ["ide-key-reuse", "ide-key-reuse"]


def test_keys_are_kept_in_the_order_of_aes():
    bench = Bench()
    wire = bytes.fromhex("524125dfe0026e05") + bytes(24)
    bench.ask(key_prog(PR, material=wire))
    aes = bytes.fromhex("df254152056e02e0") + bytes(24)
    expected = hashlib.sha256(aes + ONE).hexdigest()[:16]
    assert bench.port.keys(0).fingerprints() == {"K0 RX PR": expected}


def test_the_reference_responder_takes_what_others_refuse():
    bench = Bench()
    km = IdeKm(IdePort(IdeLayout(), STOCK_IDE), lambda: 0, [])
    assert km.request(query(7), None)[6] == 7, "MaxPortIndex"
    assert km.request(key_prog(0xF0, stream=9, ifv=bytes(8)), None) == kp_ack(0xF0, stream=9)
    assert km.request(go(TX), bench.session) == gostop_ack(TX)
    for wrong in (key_prog(PR)[:-1], key_prog(PR, port=8)):
        with pytest.raises(ProtocolError) as error:
            km.request(wrong, None)
        assert error.value.code == INVALID_REQUEST


def test_the_flow_of_the_reference_requester_makes_a_stream_secure():
    """Port 1, stream 0: query, then each key with its GO; all of them with the IFV of captures."""
    bench = Bench()
    assert bench.ask(query(1))[0] == 1
    for which in (0x00, 0x10, 0x20, 0x02, 0x12, 0x22):
        assert bench.ask(key_prog(which, port=1)) == kp_ack(which, port=1)
        assert bench.ask(go(which, port=1)) == gostop_ack(which, port=1)
    assert bench.port.keyed(0, bench.session)
    bench.port.write(CONTROL, ENABLE)
    assert bench.port.read(0x14) == SECURE


def test_a_key_that_comes_again_is_refused_if_the_policy_says_so():
    bench = Bench(refuse_reuse=True)
    assert bench.ask(key_prog(PR, material=key(1))) == kp_ack(PR)
    assert bench.ask(key_prog(NPR, material=key(1))) == kp_ack(NPR, WRONG_FIELD)
    assert bench.ask(key_prog(NPR, material=key(2))) == kp_ack(NPR)


def test_keys_that_are_not_taken_secure_nothing():
    bench = Bench(takes_keys=False, go_without_key=True)
    bench.enable()
    bench.key()
    assert bench.state != SECURE
    assert not bench.port.keys(0).fingerprints()


def test_a_device_that_obeys_for_receivers_only_has_half_of_its_keys_in_use():
    bench = Bench(obeys_go="receivers")
    bench.enable()
    bench.key()
    in_use = [name for name in bench.port.keys(0).fingerprints() if name.endswith("*")]
    assert sorted(in_use) == ["K0 RX CPL*", "K0 RX NPR*", "K0 RX PR*"]
    assert bench.state != SECURE


def test_a_device_that_obeys_the_first_k_set_go_keeps_the_old_keys_in_use():
    bench = Bench(obeys_go="first")
    bench.enable()
    bench.key()
    bench.key([which | K1 for which in SIX], base=0x80)
    in_use = [name for name in bench.port.keys(0).fingerprints() if name.endswith("*")]
    assert {name[:2] for name in in_use} == {"K0"}
    for which in SIX:
        bench.ask(stop(which))
    assert bench.state != SECURE


def test_a_device_that_does_not_stop_stays_secure():
    bench = Bench(obeys_stop=False)
    bench.enable()
    bench.key()
    for which in SIX:
        assert bench.ask(stop(which)) == gostop_ack(which)
    assert bench.state == SECURE


def test_another_policy_counts_from_the_next_message_on():
    bench = Bench()
    bench.enable()
    bench.key()
    bench.km.use(IdePolicy(obeys_stop=False))
    bench.ask(stop(PR))
    assert bench.state == SECURE
    bench.km.use(IdePolicy())
    bench.ask(stop(PR))
    assert bench.state != SECURE
