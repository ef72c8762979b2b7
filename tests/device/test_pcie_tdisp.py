"""TDISP messages: order of checks, what is supported, portions of reports, several functions."""

import struct

import pytest
from device.pcie_ide import Session
from device.pcie_tdi import (
    EVERYTHING,
    FUNCTION,
    INVALID_INTERFACE,
    INVALID_REQUEST,
    INVALID_STATE,
    LOCKED,
    MISMATCH,
    P2P,
    RANGES,
    RUN,
    STREAM,
    UNLOCKED,
    UNSUPPORTED,
    Bench,
    FakeHost,
    error_of,
    lock,
    message,
    mmio,
    outside,
    report,
    start,
)

from responder.core.errors import ProtocolError
from responder.crypto.random_tree import RandomTree
from responder.device.pcie.policies import TdispPolicy
from responder.device.pcie.tdi import Tdi
from responder.device.pcie.tdi_table import STOCK_TDISP
from responder.device.pcie.tdisp import TdispHost, supported_requests

OTHER_FUNCTION = 0x0301
ALL_REQUESTS = range(0x81, 0x8D)
BODIES = {0x82: 4, 0x83: 20, 0x84: 4, 0x86: 32, 0x88: 1, 0x89: 1, 0x8A: 16, 0x8C: 4}
"""Bytes that follow the header of a request."""


def test_the_version_is_one():
    assert Bench().granted(message(0x81)) == bytes([1, 0x10])


@pytest.mark.parametrize(
    ("policy", "messages", "flags", "caps"),
    [
        ({}, 0x00FE, 0x07, 0),
        ({"p2p": True}, 0x03FE, 0x0F, 0),
        ({"mmio_attributes": True}, 0x04FE, 0x07, 0),
        ({"vdm": "echo"}, 0x08FE, 0x07, 0),
        ({"set_config": True}, 0x10FE, 0x07, 1),
        (EVERYTHING, 0x1FFE, 0x0F, 1),
        ({"lock_flags": 0x11}, 0x00FE, 0x11, 0),
    ],
    ids=str,
)
def test_capabilities_tell_what_is_supported(policy, messages, flags, caps):
    body = Bench(**policy).granted(message(0x82, bytes(4)))
    assert body == struct.pack(
        "<I16sH3xBBB", caps, messages.to_bytes(16, "little"), flags, 52, 1, 1
    )


@pytest.mark.parametrize("policy", [{}, EVERYTHING], ids=["default", "everything"])
def test_what_is_not_in_the_capabilities_is_unsupported_and_the_rest_is_not(policy):
    told = int.from_bytes(Bench(**policy).granted(message(0x82, bytes(4)))[4:20], "little")
    for kind in range(0x100):
        request = message(kind, bytes(BODIES.get(kind, 2)))
        error = error_of(Bench(**policy).ask(request))
        supported = kind >= 0x80 and bool(told >> (kind & 0x7F) & 1)
        assert (error == (UNSUPPORTED, kind)) is not supported, hex(kind)


@pytest.mark.parametrize("size", range(16))
def test_without_a_whole_header_spdm_refuses(size):
    with pytest.raises(ProtocolError) as error:
        Bench().ask(message(0x81)[:size])
    assert error.value.code == 0x01


WRONG_LENGTHS = [
    *(message(kind, bytes(BODIES.get(kind, 0) + 1)) for kind in ALL_REQUESTS if kind != 0x8B),
    *(message(kind, bytes(size - 1)) for kind, size in BODIES.items()),
    message(0x8B, b"\0"),
    message(0x8B, bytes([0, 2, 0x34])),  # an id of two bytes, of which one is there
]


@pytest.mark.parametrize("request_", WRONG_LENGTHS, ids=lambda one: f"{one[1]:x}-{len(one)}")
def test_the_length_of_each_request_is_checked(request_):
    assert Bench(**EVERYTHING).refused(request_) == INVALID_REQUEST


ORDER = [
    ("version before interface", message(0x81, function=0x99, version=0x11), MISMATCH),
    ("interface before type", message(0xFF, function=0x99), INVALID_INTERFACE),
    ("type before length", message(0x88, bytes(9)), UNSUPPORTED),
    ("length before state", start(bytes(31)), INVALID_REQUEST),
    ("state before what is said", start(bytes(32)), INVALID_STATE),
    ("state before an offset that is too far", report(0x7000), INVALID_STATE),
]


@pytest.mark.parametrize(("name", "request_", "code"), ORDER, ids=[row[0] for row in ORDER])
def test_of_several_mistakes_the_first_is_told(name, request_, code):
    assert Bench().refused(request_) == code


def test_an_error_echoes_the_interface_and_says_version_1_0():
    answer = Bench().ask(message(0x81, function=0xBEEF, version=0x20))
    assert answer == bytes.fromhex("107f0000 efbe0000 00000000 00000000 41000000 00000000")


def test_what_is_refused_is_noticed_with_its_reason():
    bench = Bench()
    bench.ask(start(bytes(32)))
    ((_, effect),) = bench.outbox
    assert (effect.what, "START_INTERFACE_REQUEST in CONFIG_UNLOCKED" in effect.detail) == (
        "tdisp-refused", True
    )  # fmt: skip


@pytest.mark.parametrize("segment", [0, 0x01_05_0000, 0x00_FF_0000])
def test_the_segment_of_a_function_id_does_not_matter(segment):
    assert Bench().granted(message(0x81, function=FUNCTION | segment))


def read_report(bench, length):
    parts, offset = [], 0
    while True:
        portion = bench.granted(report(offset, length))
        size, remainder = struct.unpack("<HH", portion[:4])
        assert len(portion) == 4 + size
        assert 0 < size <= length
        parts.append(portion[4:])
        offset += size
        if not remainder:
            return b"".join(parts)


@pytest.mark.parametrize("length", [1, 16, 20, 83, 84, 85, 0xFFFF])
def test_a_report_comes_in_portions(length):
    bench = Bench(device_info="made for tests").reach(LOCKED, 1, offset=0x1000)
    whole = bench.tdi.report.build()
    assert read_report(bench, length) == whole
    assert len(whole) == 16 + 16 * len(RANGES) + 4 + 14
    assert whole[-14:] == b"made for tests"
    assert whole[16:24] == (0xD0001).to_bytes(8, "little")


def test_portions_may_be_small():
    bench = Bench(report_portion=24).reach(RUN)
    assert bench.granted(report(0, 0xFFFF))[:2] == (24).to_bytes(2, "little")
    assert read_report(bench, 4096) == bench.tdi.report.build()


@pytest.mark.parametrize(("offset", "length"), [(0, 0), (84, 1), (0xFFFF, 0xFFFF)])
def test_there_is_nothing_behind_the_end_of_a_report(offset, length):
    bench = Bench().reach(LOCKED)
    assert len(bench.tdi.report.build()) == 84
    assert bench.refused(report(offset, length)) == INVALID_REQUEST


def test_a_report_stays_the_same_while_locked():
    bench = Bench().reach(LOCKED)
    before = read_report(bench, 512)
    bench.function.ranges = ()
    bench.function.registers.clear()
    assert read_report(bench, 512) == before
    bench.granted(start(bench.nonce))
    assert read_report(bench, 512) == before
    bench.granted(message(0x87))
    bench.lock()
    assert len(read_report(bench, 512)) == 20


def test_streams_of_peers_are_bound_once_and_unbound():
    bench = Bench(**EVERYTHING).reach(RUN, 1 << 3)
    bind, unbind = message(0x88, bytes([P2P])), message(0x89, bytes([P2P]))
    assert bench.refused(unbind) == INVALID_REQUEST
    assert bench.granted(bind) == b""
    assert bench.refused(bind) == INVALID_REQUEST
    assert bench.granted(unbind) == b""
    assert bench.granted(bind) == b""
    assert bench.refused(message(0x88, bytes([STREAM]))) == INVALID_REQUEST, "the default stream"
    assert bench.refused(message(0x89, bytes([STREAM]))) == INVALID_REQUEST
    assert bench.refused(message(0x88, bytes([9]))) == INVALID_REQUEST, "which has no keys"


def test_without_the_lock_flag_no_peer_is_bound():
    bench = Bench(**EVERYTHING).reach(RUN)
    assert bench.refused(message(0x88, bytes([P2P]))) == INVALID_REQUEST


def test_a_stream_that_is_bound_has_to_be_secure():
    bench = Bench(**EVERYTHING).reach(RUN, 1 << 3)
    bench.port.write(0x24, P2P << 24)
    assert bench.refused(message(0x88, bytes([P2P]))) == INVALID_REQUEST
    bench = Bench(**EVERYTHING, ide_binding="keys").reach(RUN, 1 << 3)
    bench.port.write(0x24, P2P << 24)
    assert bench.granted(message(0x88, bytes([P2P]))) == b""


UPDATABLE = (0x20_0000_0000 >> 12, 0x100)


def attributes_of(bench, number):
    return struct.unpack_from("<H", read_report(bench, 512), 16 + 16 * number + 12)[0]


@pytest.mark.parametrize("follows", [True, False])
def test_an_attribute_is_set_and_shows_in_the_report(follows):
    bench = Bench(mmio_attributes=True, report_follows_attributes=follows).reach(RUN)
    assert attributes_of(bench, 3) == 0x8
    assert bench.granted(mmio(*UPDATABLE, 0x0004, 4)) == b""
    assert attributes_of(bench, 3) == (0xC if follows else 0x8)
    assert bench.granted(mmio(*UPDATABLE, 0x0003, 4)) == b""
    assert attributes_of(bench, 3) == 0x8, "no other attribute can be set"


@pytest.mark.parametrize(
    "wrong",
    [
        mmio(UPDATABLE[0] + 1, UPDATABLE[1], 4, 4),
        mmio(UPDATABLE[0], UPDATABLE[1] + 1, 4, 4),
        mmio(*UPDATABLE, 4, 2),
        mmio(0xD0000, 4, 4, 0),
    ],
    ids=["first page", "pages", "range id", "a range that may not be updated"],
)
def test_only_a_range_that_may_be_updated_gets_an_attribute(wrong):
    bench = Bench(mmio_attributes=True).reach(RUN)
    before = read_report(bench, 512)
    assert bench.refused(wrong) == INVALID_REQUEST
    assert read_report(bench, 512) == before


def test_a_range_is_named_as_it_was_reported():
    bench = Bench(mmio_attributes=True).reach(RUN, offset=0x5000)
    assert bench.refused(mmio(*UPDATABLE, 4, 4)) == INVALID_REQUEST
    assert bench.granted(mmio(UPDATABLE[0] + 5, UPDATABLE[1], 4, 4)) == b""


def test_vendors_requests_are_sent_back():
    body = bytes.fromhex("01 03 010203 cafe")
    assert Bench(vdm="echo").granted(message(0x8B, body)) == body
    assert error_of(Bench().ask(message(0x8B, body))) == (UNSUPPORTED, 0x8B)


def two_functions(**policy):
    return Bench([FakeHost(0), FakeHost(1, function_id=OTHER_FUNCTION)], **policy)


def test_functions_have_states_of_their_own():
    bench = two_functions().reach(RUN)
    assert bench.granted(message(0x85, function=OTHER_FUNCTION)) == bytes([UNLOCKED])
    bench.tdis[1].fail("it is not locked")
    first = bench.nonce
    second = bench.granted(message(0x83, lock()[16:], function=OTHER_FUNCTION))
    assert first != second
    assert bench.refused(message(0x86, first, function=OTHER_FUNCTION)) == 0x0102
    bench.granted(message(0x86, second, function=OTHER_FUNCTION))
    assert bench.refused(message(0x81, function=0x0302)) == INVALID_INTERFACE


def test_a_stream_takes_all_functions_with_it_that_are_bound():
    bench = two_functions().reach(RUN)
    bench.granted(message(0x83, lock()[16:], function=OTHER_FUNCTION))
    bench.outbox.clear()
    bench.port.integrity_failed(STREAM)
    assert [(number, effect.what) for number, effect in bench.outbox] == [
        (0, "tdi-error"), (1, "tdi-error")
    ]  # fmt: skip


def test_the_configuration_is_set_while_all_are_unlocked():
    bench = two_functions(set_config=True)
    config = message(0x8C, bytes(4), function=OTHER_FUNCTION)
    assert bench.granted(config) == b""
    bench.reach(LOCKED)
    assert bench.refused(config) == INVALID_STATE


def test_a_single_function_may_learn_its_id():
    bench = Bench(learn_function_id=True)
    assert bench.granted(message(0x81, function=0xBEEF))
    assert bench.refused(message(0x81)) == INVALID_INTERFACE
    assert bench.granted(message(0x85, function=0xBEEF))


def test_several_functions_cannot_learn_which_is_which():
    bench = two_functions(learn_function_id=True)
    assert bench.refused(message(0x81, function=0xBEEF)) == INVALID_INTERFACE
    assert bench.granted(message(0x81, function=OTHER_FUNCTION))


def test_a_function_that_gets_another_id_answers_for_that():
    bench = Bench()
    bench.function.function_id = 0x0500
    assert bench.refused(message(0x81)) == INVALID_INTERFACE
    assert bench.granted(message(0x81, function=0x0500))


def test_outside_of_sessions_it_answers_where_it_may():
    assert outside(Bench(), message(0x81)) == 0x0B
    assert outside(Bench(session_required=False), message(0x81)) is None


def stock():
    tdi = Tdi(FakeHost(), STOCK_TDISP, RandomTree(b"seed"))
    host = TdispHost([tdi], STOCK_TDISP, None, [])
    return lambda kind, body=b"", function=0xBEEF: host.request(
        message(kind, body, function=function), None
    )[16:]


def code(body):
    return struct.unpack("<II", body)[0]


def test_the_reference_responder_as_it_is_on_the_wire():
    """Recorded capabilities, and the peer deviations that are known, outside of sessions."""
    ask = stock()
    assert ask(0x81) == bytes([1, 0x10])
    assert ask(0x82, bytes(4)) == bytes.fromhex("00000000 fe") + bytes(15) + bytes.fromhex(
        "0700 000000 30 00 00"
    )
    assert code(ask(0x87)) == INVALID_STATE, "STOP in CONFIG_UNLOCKED"
    assert code(ask(0x84, struct.pack("<HH", 0, 64))) == INVALID_REQUEST
    nonce = ask(0x83, bytes.fromhex("0700 00 00 000000d0 00000000 00000000 00000000"))
    assert code(ask(0x83, bytes(20))) == INVALID_STATE
    assert ask(0x84, struct.pack("<HH", 0, 4096))[:2] == (64).to_bytes(2, "little")
    assert code(ask(0x86, bytes(32))) == 0x0102
    assert ask(0x86, nonce) == b""
    assert code(ask(0x82, bytes(4), function=0x1234)) == INVALID_INTERFACE
    assert code(ask(0x88, bytes(1))) == UNSUPPORTED
    assert ask(0x85) == bytes([RUN])
    ask(0x81)
    assert ask(0x85) == bytes([UNLOCKED]), "GET_TDISP_VERSION begins anew"
    assert ask(0x81, function=0x1234) == bytes([1, 0x10]), "and for another interface"


def test_supported_requests_are_exactly_those_of_the_policy():
    assert [int(kind) for kind in supported_requests(TdispPolicy())] == list(range(0x81, 0x88))
    assert [int(kind) for kind in supported_requests(TdispPolicy(**EVERYTHING))] == [*ALL_REQUESTS]


def test_the_session_of_the_lock_is_told_from_one_of_the_same_number():
    bench = Bench().reach(LOCKED)
    assert bench.refused(message(0x87), Session(bench.session.session_id)) == INVALID_REQUEST


def two(**policy):
    """A host with two interfaces, of which the first is locked."""
    bench = Bench([FakeHost(), FakeHost(number=1, function_id=OTHER_FUNCTION)], **policy)
    bench.lock()
    return bench


def test_the_state_of_the_other_interface_is_told_if_they_are_crossed():
    bench = two(crossed="state")
    assert bench.granted(message(0x85))[0] == UNLOCKED
    assert bench.granted(message(0x85, function=OTHER_FUNCTION))[0] == LOCKED


def test_the_report_of_the_other_interface_is_told_if_they_are_crossed():
    bench = two(crossed="report")
    assert bench.refused(report()) == INVALID_REQUEST, "the other one has none"
    assert bench.granted(message(0x85))[0] == LOCKED


def test_another_stream_is_bound_than_was_asked_for():
    bench = Bench(**EVERYTHING, p2p_streams="other").reach(RUN, 1 << 3)
    bench.granted(message(0x88, bytes([P2P])))
    assert bench.tdi.streams == [STREAM, P2P ^ 1]
    assert bench.refused(message(0x89, bytes([P2P]))) == INVALID_REQUEST


def test_a_stream_stays_bound_although_it_was_unbound():
    bench = Bench(**EVERYTHING, p2p_streams="kept").reach(RUN, 1 << 3)
    bench.granted(message(0x88, bytes([P2P])))
    bench.granted(message(0x89, bytes([P2P])))
    assert bench.tdi.streams == [STREAM, P2P]
    assert bench.refused(message(0x88, bytes([P2P]))) == INVALID_REQUEST


@pytest.mark.parametrize("code", [0x0003, 0x0105, 0xFFFF_FFFF])
def test_a_request_is_refused_whatever_it_says(code):
    bench = Bench(refuses="LOCK_INTERFACE_REQUEST", refusal=code)
    assert bench.refused(lock()) == code
    assert bench.state == UNLOCKED
    bench.host.use(TdispPolicy())
    bench.lock()
    assert bench.state == LOCKED
