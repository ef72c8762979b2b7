"""IDE streams: what makes them secure, what ends that, and what the registers say meanwhile."""

import pytest
from device.pcie_ide import (
    CONTROL,
    DEFAULT,
    ENABLE,
    INSECURE,
    K1,
    PR,
    RX,
    SECURE,
    SIX,
    STATUS,
    STREAM,
    TC_1,
    TX,
    Bench,
    Session,
    go,
    gostop_ack,
    key,
    key_prog,
    kp_ack,
    stop,
    stream_id,
)

from responder.device.pcie.ide_registers import IdeLayout
from responder.device.pcie.interfaces import Reset

FAILED = 1 << 31


def test_a_stream_is_secure_at_once_when_it_is_enabled_with_its_keys_in_use():
    bench = Bench()
    bench.key()
    assert bench.state == INSECURE
    bench.enable()
    assert bench.state == SECURE


def test_keys_may_follow_enable():
    bench = Bench()
    bench.enable()
    bench.key(SIX[:5])
    assert bench.state == INSECURE
    bench.key(SIX[5:])
    assert bench.state == SECURE


@pytest.mark.parametrize("missing", SIX)
def test_each_of_the_six_keys_is_needed(missing):
    bench = Bench()
    bench.enable()
    bench.key([one for one in SIX if one != missing])
    assert bench.state == INSECURE


def test_keys_that_were_never_used_make_nothing_secure():
    bench = Bench()
    bench.enable()
    for which in SIX:
        bench.ask(key_prog(which))
    for which in SIX[:3]:
        bench.ask(go(which))
    assert bench.state == INSECURE, "only Rx"
    for which in SIX[3:]:
        bench.ask(go(which))
    assert bench.state == SECURE


def test_keys_first_leaves_a_stream_insecure_that_was_enabled_too_early():
    bench = Bench(enable_order="keys-first")
    bench.enable()
    bench.key()
    assert bench.state == INSECURE
    bench.port.write(CONTROL, 0)
    bench.enable()
    assert bench.state == SECURE


def test_keys_first_goes_on_through_a_refresh():
    bench = Bench(enable_order="keys-first")
    bench.key()
    bench.enable()
    bench.key([which | K1 for which in SIX])
    assert (bench.state, bench.heard) == (SECURE, [])


def test_enable_first_takes_no_keys_before():
    bench = Bench(enable_order="enable-first")
    assert bench.ask(key_prog(PR)) == kp_ack(PR, 3)
    bench.enable()
    bench.key()
    assert bench.state == SECURE


def test_a_refresh_is_the_other_set_and_its_go():
    bench = Bench()
    bench.enable()
    bench.key()
    bench.key([which | K1 for which in SIX])
    for which in SIX:
        assert bench.ask(stop(which)) == gostop_ack(which), "the old set"
    assert (bench.state, bench.heard) == (SECURE, [])
    assert all(name.startswith("K1") for name in bench.port.keys(0).fingerprints())


@pytest.mark.parametrize("which", SIX)
def test_to_stop_one_key_in_use_ends_security(which):
    bench = Bench()
    bench.enable()
    bench.key()
    bench.ask(stop(which))
    assert (bench.state, bench.heard) == (INSECURE, [(0, "K_SET_STOP")])
    bench.key([which])
    assert bench.state == SECURE, "as soon as it has another"


def test_to_disable_a_stream_ends_security():
    bench = Bench()
    bench.key()
    bench.enable()
    effects = bench.port.write(CONTROL, 0)
    assert bench.state == INSECURE
    assert [effect.what for effect in effects] == ["ide-insecure"]
    assert bench.heard == [(0, "its control register was written")]


def test_another_stream_id_has_other_keys():
    bench = Bench()
    bench.key()
    bench.enable()
    bench.port.write(CONTROL, ENABLE | stream_id(9))
    assert (bench.state, len(bench.heard)) == (INSECURE, 1)


def test_streams_are_told_apart_by_their_id():
    bench = Bench(IdeLayout(selective_streams=2, address_associations=0))
    second = STREAM + 20 + 4
    bench.enable(stream=5, at=CONTROL)
    bench.enable(stream=6, at=second)
    bench.key(stream=6)
    assert (bench.state, bench.port.read(second + 4)) == (INSECURE, SECURE)
    assert [bench.port.secure(number) for number in (5, 6, 7)] == [False, True, False]


def test_link_streams_have_keys_as_well():
    bench = Bench(IdeLayout(link_streams=1))
    bench.port.write(0x0C, ENABLE | stream_id(3))
    bench.key(stream=3)
    assert bench.port.read(0x10) == SECURE


def test_a_failed_check_is_told_until_it_is_cleared_by_writing_a_one():
    bench = Bench()
    bench.key()
    bench.enable()
    bench.port.integrity_failed(0)
    assert (bench.state, bench.heard) == (FAILED | INSECURE, [(0, "an integrity check failed")])
    bench.port.write(STATUS, 0x7FFFFFFF)
    bench.port.write(STATUS, FAILED, lanes=0b0111)
    assert bench.state == FAILED
    bench.port.write(STATUS, FAILED)
    assert bench.state == INSECURE
    bench.key(base=0x80)
    assert bench.state == SECURE


@pytest.mark.parametrize(
    "reset", [Reset.FUNCTION_LEVEL, Reset.CONVENTIONAL, Reset.POWER_CYCLE], ids=str
)
def test_a_reset_wipes_keys_and_registers(reset):
    bench = Bench()
    bench.key()
    bench.enable(DEFAULT)
    bench.port.reset(reset, 0.0)
    assert bench.port.read(CONTROL) == 0
    assert (bench.state, bench.port.keys(0).fingerprints()) == (INSECURE, {})
    assert bench.heard == [(0, reset.value)]
    bench.enable()
    assert bench.state == INSECURE


def test_keys_go_with_their_session():
    bench = Bench()
    bench.enable()
    bench.key()
    bench.km.session_ended(Session())
    assert bench.state == SECURE, "it was another session"
    bench.km.session_ended(bench.session)
    assert (bench.state, bench.port.keys(0).fingerprints()) == (INSECURE, {})
    assert bench.heard == [(0, "the session that programmed its keys ended")]


def test_keys_may_outlive_their_session():
    bench = Bench(wipe_on_session_end=False)
    bench.enable()
    bench.key()
    bench.km.session_ended(bench.session)
    assert (bench.state, bench.heard) == (SECURE, [])


def test_only_the_key_of_another_session_is_news():
    bench = Bench(exclusive_session=False)
    other = Session(0xFFFF_0002)
    bench.enable()
    bench.key()
    bench.key([which | K1 for which in SIX[:1]], session=other)
    assert (bench.state, bench.heard) == (SECURE, [(0, "a key of another session is in use")])
    assert bench.port.keyed(0, bench.session) is False
    bench.key([which | K1 for which in SIX[1:]], session=other)
    assert bench.port.keyed(0, other) is True


def test_all_six_keys_have_to_be_of_the_session():
    bench = Bench()
    bench.key(SIX[:5])
    assert bench.port.keyed(0, bench.session) is False
    bench.key(SIX[5:])
    assert bench.port.keyed(0, bench.session) is True
    assert bench.port.keyed(0, Session()) is False


@pytest.mark.parametrize(
    ("control", "problem"),
    [
        (ENABLE | DEFAULT, ""),
        (ENABLE, "not the default stream"),
        (ENABLE | DEFAULT | TC_1, "traffic class 0"),
        (DEFAULT, "not secure"),
        (ENABLE | DEFAULT | stream_id(1), "no selective stream has id 0"),
    ],
)
def test_what_a_default_stream_needs(control, problem):
    bench = Bench()
    bench.key()
    bench.port.write(CONTROL, control)
    found = bench.port.default_stream_problem(0)
    assert (problem in found) if problem else not found


def test_there_is_one_default_stream():
    bench = Bench(IdeLayout(selective_streams=2, address_associations=0))
    bench.key()
    bench.enable(DEFAULT)
    bench.enable(DEFAULT, stream=1, at=STREAM + 20 + 4)
    assert "more than one" in bench.port.default_stream_problem(0)


def test_fingerprints_tell_keys_apart_and_give_none_away():
    bench = Bench()
    bench.ask(key_prog(RX, material=key(1)))
    bench.ask(key_prog(TX, material=key(2)))
    bench.ask(go(TX))
    found = bench.port.keys(0).fingerprints()
    assert list(found) == ["K0 RX PR", "K0 TX PR*"]
    assert len(set(found.values())) == 2
    assert all(len(text) == 16 for text in found.values())
