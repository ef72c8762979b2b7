"""What a lock asks for, what ends it, and what is left then: one by one."""

import pytest
from device.pcie_ide import DEFAULT, K1, PR, SIX, TC_1, Session, go, key_prog, stop, stream_id
from device.pcie_tdi import (
    CONTROL,
    ERROR,
    EVERYTHING,
    INVALID_CONFIGURATION,
    INVALID_NONCE,
    INVALID_REQUEST,
    INVALID_STATE,
    LOCKED,
    P2P,
    RUN,
    STREAM,
    UNLOCKED,
    Bench,
    FakeHost,
    lock,
    message,
    report,
    start,
)

from responder.core.ownership import Reset
from responder.device.pcie.policies import TdispPolicy
from responder.device.pcie.tdi_table import STOCK_TDISP

LOCK_MSIX = 1 << 2
MEMORY, MASTER = 1 << 1, 1 << 2
held = pytest.mark.parametrize("state", [LOCKED, RUN], ids=["locked", "run"])


def write(register, before, after):
    return lambda bench: bench.tdi.register_written(register, before, after)


def stop_key(bench):
    bench.km.request(stop(PR, stream=STREAM), bench.session)
    return ()


TRIGGERS = {
    "bus master enable is cleared": write("header.command", MEMORY | MASTER, MEMORY),
    "memory space enable is cleared": write("header.command", MEMORY | MASTER, MASTER),
    "a BAR is written": write("header.bar0", 0xD0000000, 0xE0000000),
    "a BAR is sized": write("header.bar4", 0xD0000000, 0xFFF00000),
    "the expansion ROM is written": write("header.expansion_rom", 0, 1),
    "BIST is started": write("header.bist", 0, 0x40),
    "a BAR is resized": write("resizable_bar.bar0_control", 0, 0x100),
    "ARI is changed": write("ari.control", 0, 1),
    "PASID is enabled": write("pasid.control", 0, 1),
    "multicast is enabled": write("multicast.control", 0, 0x8000),
    "ATS is enabled": write("ats.control", 0, 0x8000),
    "enhanced allocation is written": write("enhanced_allocation.entry0", 0, 1),
    "extended tags are disabled": write("pcie.device_control", 0x100, 0),
    "phantom functions are enabled": write("pcie.device_control", 0, 0x200),
    "the power state is left": write("pm.control", 0, 3),
    "MSI-X is disabled": write("msix.control", 0x8000, 0),
    "the MSI-X table is written": write("msix.table", 0, 1),
    "the device fails": lambda bench: bench.tdi.fail("a parity error"),
    "the function is reset": lambda bench: bench.tdi.reset(Reset.FUNCTION_LEVEL),
    "the session that locked ends": lambda bench: bench.host.session_ended(bench.session),
    "the session's keys are wiped": lambda bench: bench.km.session_ended(bench.session),
    "an integrity check fails": lambda bench: bench.port.integrity_failed(STREAM),
    "the default stream is disabled": lambda bench: bench.port.write(CONTROL, stream_id(STREAM)),
    "the default stream gets another id": lambda bench: bench.port.write(CONTROL, stream_id(9) | 1),
    "a key of the default stream is stopped": stop_key,
    "the port is reset": lambda bench: bench.port.reset(Reset.CONVENTIONAL),
}


@held
@pytest.mark.parametrize("name", TRIGGERS)
def test_what_makes_an_error_of_a_locked_interface(name, state):
    bench = Bench().reach(state, LOCK_MSIX)
    effects = TRIGGERS[name](bench) or ()
    noticed = bench.noticed + [effect.what for effect in effects]
    assert noticed.count("tdi-error") == 1
    assert bench.tdi.state == ERROR
    for request in (report(), start(bench.nonce), lock()):
        assert bench.refused(request) == INVALID_STATE
    bench.granted(message(0x87))
    assert (bench.state, bench.tdi.lock_flags) == (UNLOCKED, 0)


@pytest.mark.parametrize("name", TRIGGERS)
def test_an_interface_that_is_not_locked_minds_nothing(name):
    bench = Bench()
    assert bench.tdi.register_written("header.bar0", 0, 1) == []
    TRIGGERS[name](bench)
    assert bench.tdi.state == UNLOCKED
    assert "tdi-error" not in bench.noticed


@held
def test_without_its_flag_msix_may_change(state):
    bench = Bench().reach(state)
    write("msix.control", 0x8000, 0)(bench)
    write("msix.table", 0, 1)(bench)
    assert bench.state == state


@held
def test_a_key_refresh_is_no_error(state):
    bench = Bench().reach(state)
    for which in SIX:
        programmed = key_prog(which | K1, stream=STREAM, material=bytes([9, which]) * 16)
        assert bench.km.request(programmed, bench.session)[4] == 0
        bench.km.request(go(which | K1, stream=STREAM), bench.session)
        bench.km.request(stop(which, stream=STREAM), bench.session)
    assert bench.state == state


@held
def test_the_stream_of_a_peer_counts_once_it_is_bound(state):
    bench = Bench(**EVERYTHING).reach(state, 1 << 3)
    if state == RUN:
        bench.granted(message(0x88, bytes([P2P])))
    bench.port.integrity_failed(P2P)
    assert bench.state == (ERROR if state == RUN else LOCKED)


@held
def test_an_error_stays_until_stop_or_a_reset(state):
    bench = Bench().reach(state)
    bench.tdi.fail("a test")
    bench.tdi.fail("another")
    bench.tdi.reset(Reset.FUNCTION_LEVEL)
    assert bench.state == ERROR
    bench.tdi.reset(Reset.CONVENTIONAL)
    assert bench.state == UNLOCKED


@pytest.mark.parametrize("state", [LOCKED, RUN, ERROR], ids=["locked", "run", "error"])
def test_stop_scrubs_once_and_forgets_the_lock(state):
    bench = Bench(**EVERYTHING).reach(state, 0xF)
    bench.granted(message(0x87))
    assert bench.noticed == ["tdi-state", "scrubbed"]
    assert (bench.function.scrubbed, bench.tdi.streams, bench.tdi.session) == (1, [], None)
    bench.granted(message(0x87))
    assert bench.function.scrubbed == 1, "there was nothing to scrub"


def test_each_lock_has_a_nonce_of_its_own():
    bench = Bench()
    nonces = set()
    for _ in range(3):
        nonces.add(bench.lock())
        bench.granted(message(0x87))
    assert len(nonces) == 3
    assert {len(nonce) for nonce in nonces} == {32}
    assert bytes(32) not in nonces


def test_nonces_follow_from_the_seed_and_the_function():
    assert Bench().lock() == Bench().lock()
    assert Bench([FakeHost(1)]).lock() != Bench([FakeHost(0)]).lock()


@pytest.mark.parametrize("ends", ["stop", "error", "run"])
def test_the_nonce_of_an_earlier_lock_is_worth_nothing(ends):
    bench = Bench()
    old = bench.lock()
    if ends == "error":
        bench.tdi.fail("a test")
    if ends == "run":
        bench.granted(start(old))
        assert bench.refused(start(old)) == INVALID_STATE
    bench.granted(message(0x87))
    bench.lock()
    assert bench.refused(start(old)) == 0x0102
    assert bench.state == LOCKED


REFUSED_LOCKS = {
    "lock flags that nobody supports": lock(1 << 3),
    "reserved lock flags": lock(1 << 5),
    "a stream that does not exist": lock(stream=9),
    "a stream that is not the default one": lock(stream=P2P),
}
SPOILED = {
    "a key too few": (stop_key, INVALID_REQUEST),
    "no keys at all": (lambda bench: bench.port.integrity_failed(STREAM), INVALID_REQUEST),
    "traffic class 1": (
        lambda bench: bench.port.write(CONTROL, stream_id(STREAM) | 1 | DEFAULT | TC_1),
        INVALID_REQUEST,
    ),
    "a stream that is not enabled": (
        lambda bench: bench.port.write(CONTROL, stream_id(STREAM) | DEFAULT),
        INVALID_REQUEST,
    ),
    "a function that is not configured well": (
        lambda bench: setattr(bench.function, "problem", "phantom functions are enabled"),
        INVALID_CONFIGURATION,
    ),
}


def refuses_lock(bench, request, code):
    """The lock is refused with that code, and nothing is left of it."""
    assert bench.refused(request) == code
    assert bench.state == UNLOCKED
    assert (bench.tdi.lock_flags, bench.tdi.session, bench.tdi.streams) == (0, None, [])


@pytest.mark.parametrize("name", REFUSED_LOCKS)
def test_a_lock_that_asks_for_what_there_is_not(name):
    refuses_lock(Bench(), REFUSED_LOCKS[name], INVALID_REQUEST)


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_against_a_lock(name):
    spoil, code = SPOILED[name]
    bench = Bench()
    spoil(bench)
    refuses_lock(bench, lock(), code)
    assert bench.nonce is None


def test_keys_of_another_session_lock_nothing():
    bench = Bench()
    assert bench.refused(lock(), bench.other) == INVALID_REQUEST


def test_keys_may_be_enough():
    bench = Bench(ide_binding="keys")
    bench.port.write(CONTROL, 0)
    bench.reach(RUN)
    bench.km.request(stop(PR, stream=STREAM), bench.session)
    assert bench.state == ERROR


def test_without_binding_streams_do_not_matter():
    bench = Bench(ide_binding="none")
    bench.reach(RUN, stream=77)
    bench.port.integrity_failed(77)
    assert bench.state == RUN
    assert Bench(port=False, ide_binding="none").reach(RUN).state == RUN


def test_a_device_without_ide_cannot_be_bound_to_it():
    assert Bench(port=False).refused(lock()) == INVALID_REQUEST


def test_other_sessions_may_take_part_where_they_are_let():
    bench = Bench(session_bound=False).reach(LOCKED)
    bench.granted(start(bench.nonce), bench.other)
    bench.granted(message(0x87), bench.other)


@pytest.mark.parametrize(
    ("session_end", "state"), [("error", ERROR), ("unlock", UNLOCKED), ("keep", RUN)]
)
def test_what_the_end_of_the_session_does_is_a_matter_of_policy(session_end, state):
    bench = Bench(session_end=session_end).reach(RUN)
    bench.host.session_ended(bench.session)
    assert bench.granted(message(0x85), Session())[0] == state
    assert bench.function.scrubbed == (session_end == "unlock")


def test_locked_registers_may_refuse_writes_which_are_an_error_all_the_same():
    bench = Bench(refuse_locked_writes=True)
    assert bench.tdi.may_write("header.bar0")
    bench.reach(LOCKED)
    assert not bench.tdi.may_write("header.bar0")
    assert bench.tdi.may_write("header.command"), "of which two bits are locked"
    assert bench.tdi.may_write("msix.control"), "which this lock leaves free"
    bench.tdi.register_written("header.bar0", 7, 7)
    assert bench.state == ERROR
    assert Bench().reach(LOCKED).tdi.may_write("header.bar0")


@held
def test_a_write_that_changes_nothing_may_be_an_error(state):
    bench = Bench().reach(state)
    bench.tdi.register_written("header.command", MEMORY, MEMORY)
    bench.tdi.register_written("header.bar0", 7, 7)
    assert bench.state == state
    bench = Bench(unchanged_writes=True).reach(state)
    bench.tdi.register_written("header.command", MEMORY, MEMORY)
    assert bench.state == ERROR, "bus master enable was clear and stays so"


def test_a_device_may_not_watch_its_configuration():
    bench = Bench(watch_configuration=False).reach(RUN)
    bench.tdi.register_written("header.bar0", 0, 1)
    assert bench.state == RUN


def test_it_tells_the_function_when_dma_is_allowed():
    assert Bench().tdi.enforced
    assert not Bench(enforced=False).tdi.enforced
    assert not STOCK_TDISP.enforced


def test_a_nonce_that_never_changes_is_the_same_for_each_lock_and_right():
    bench = Bench(start_nonce="same")
    first = bench.lock()
    bench.granted(message(0x87))
    assert bench.lock() == first
    bench.granted(start(first))
    assert bench.state == RUN


def test_a_nonce_of_zeros_is_the_right_one():
    bench = Bench(start_nonce="zero")
    assert bench.lock() == bytes(32)
    bench.granted(start(bytes(32)))
    assert bench.state == RUN


def test_any_nonce_is_granted_or_none():
    bench = Bench(accepts_nonce="any")
    bench.lock()
    bench.granted(start(bytes(32)))
    assert bench.state == RUN
    bench = Bench(accepts_nonce="none")
    bench.lock()
    assert bench.refused(start(bench.nonce)) == INVALID_NONCE
    assert bench.state == LOCKED


@held
def test_an_interface_bound_to_another_stream_does_not_mind_the_loss_of_its_own(state):
    bench = Bench(default_stream="other").reach(state)
    stop_key(bench)
    assert bench.state == state


@held
def test_lost_streams_do_not_matter_to_one_that_does_not_watch_them(state):
    bench = Bench(watch_streams=False).reach(state)
    stop_key(bench)
    assert bench.state == state


@held
def test_writes_that_are_let_pass_are_counted(state):
    bench = Bench(watch_configuration=False).reach(state)
    assert bench.tdi.violations == 0
    assert list(bench.tdi.register_written("header.bar0", 1, 2)) == []
    assert (bench.state, bench.tdi.violations) == (state, 1)
    bench.granted(message(0x87))
    assert bench.tdi.violations == 0


@held
@pytest.mark.parametrize("reset", [Reset.FUNCTION_LEVEL, Reset.CONVENTIONAL])
def test_an_interface_that_survives_resets_stays_where_it_was(state, reset):
    bench = Bench(survives_resets=True).reach(state)
    assert list(bench.tdi.reset(reset)) == []
    assert bench.state == state


def test_the_report_of_an_unlocked_interface_is_served_if_the_policy_says_so():
    bench = Bench(early_report="serve")
    served = bench.granted(report())
    bench.lock()
    assert bench.granted(report()) == served


def test_a_rewritten_report_is_served_until_the_next_lock():
    bench = Bench()
    bench.lock()
    right = bench.granted(report())
    bench.tdi.rewritten = b"something else"
    assert bench.granted(report(5, 4)) == b"\x04\0\x05\0" + b"hing"
    bench.granted(message(0x87))
    bench.lock()
    assert bench.granted(report()) == right


def test_another_policy_counts_from_the_next_message_on():
    bench = Bench()
    bench.host.use(TdispPolicy(accepts_nonce="any"))
    bench.lock()
    bench.granted(start(bytes(32)))
    assert bench.state == RUN
