"""One device that is described anew: what happens, and what is written, is the same in all."""

import gc

import pytest
from provisioned import (
    ALL_CAPS,
    ERASE,
    GENERATE,
    KEY_PAIRS,
    OPERATION_FAILED,
    P384,
    P384_BIT,
    RESET_REQUIRED,
    SHA_384,
    device,
    done,
    refusal,
    renewed,
    set_key_pair,
    terms,
)

from responder.core.errors import ProtocolError
from responder.core.ownership import Reset
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.device.line import Same
from responder.profiles.load import load_profile
from responder.spec.codes import ErrorCode

ALL_THE_SAME = Same(measurements=range(0x100), slots=True, changes=True)
NOTHING_THE_SAME = Same(measurements=(), slots=False, changes=False)


class Watcher:
    """Remembers what it is told."""

    def __init__(self):
        self.told = []

    def measurement_changed(self, index):
        self.told.append(("measurement", index))

    def slot_changed(self, slot_id):
        self.told.append(("slot", slot_id))


def value(of, index):
    return next(one for one in of.measurements() if one.index == index).block(None, raw=True)[7:]


def chain(of, slot_id):
    slot = of.slot(slot_id)
    return slot and slot.digest(P384, SHA_384)


def described(overrides=None):
    return load_profile("changing", overrides).device


def test_what_has_happened_is_carried_over_where_the_description_is_the_same():
    old, same, other = described(), described(), described()
    usual = value(old, 1), value(old, 0x11), chain(old, 1)
    old.change_measurement(1, b"changed")
    old.change_measurement(0x11, b"one")
    old.change_measurement(0x11, b"two")
    old.change_slot(1, old.slot(0))
    same.succeed(old, ALL_THE_SAME)
    assert value(same, 1) == b"changed"
    log = [one.measurement_extension_log(SHA_384) for one in (old, same)]
    assert log[0] == log[1] != other.measurement_extension_log(SHA_384)
    assert chain(same, 1) == chain(same, 0)
    other.succeed(same, NOTHING_THE_SAME)
    assert (value(other, 1), value(other, 0x11), chain(other, 1)) == usual


def test_what_was_described_otherwise_meanwhile_does_not_come_back():
    first, second, third = described(), described(), described()
    first.change_measurement(1, b"changed")
    second.succeed(first, NOTHING_THE_SAME)
    third.succeed(second, ALL_THE_SAME)
    assert value(third, 1) == value(second, 1) == value(described(), 1)


def test_what_happens_later_happens_to_all_and_is_told_once():
    old, new = described(), described()
    watcher = Watcher()
    old.watch(watcher)
    new.succeed(old, ALL_THE_SAME)
    new.change_measurement(1, b"changed")
    old.change_slot(1, old.slot(0))
    assert value(old, 1) == value(new, 1) == b"changed"
    assert chain(old, 1) == chain(new, 1) == chain(old, 0)
    assert watcher.told == [("measurement", 1), ("slot", 1)]
    assert [old.events.latest, new.events.latest] == [2, 2]
    new.unwatch(watcher)
    old.change_measurement(1, b"unseen")
    assert len(watcher.told) == 2


def test_what_happens_here_only_is_told_to_nobody():
    old, new, newer = described(), described(), described()
    watcher = Watcher()
    old.watch(watcher)
    usual = value(old, 1), chain(old, 1)
    new.succeed(old, ALL_THE_SAME)
    new.change_measurement(1, b"changed", here_only=True)
    new.change_slot(1, new.slot(0), here_only=True)
    newer.succeed(new, ALL_THE_SAME)
    assert (value(old, 1), chain(old, 1)) == usual
    for one in (new, newer):
        assert (value(one, 1), chain(one, 1)) == (b"changed", chain(one, 0))
    assert watcher.told == []


def test_a_description_that_lacks_what_changes_stays_as_it_is():
    old, new = described(), described({"measurement": [], "log": [], "change": []})
    new.succeed(old, NOTHING_THE_SAME)
    old.change_measurement(1, b"changed")
    assert new.measurements() == []
    with pytest.raises(KeyError):
        new.change_measurement(1, b"")


def test_changes_of_its_own_accord_go_on_where_they_were():
    """Requests count, whichever description they are for; the third is followed by a change."""
    change = {"change": [{"after_requests": 3, "measurement": 2, "values": ["07"]}]}
    old, new = described(change), described(change)
    old.tick(0.0)
    old.tick(0.0)
    new.succeed(old, ALL_THE_SAME)
    new.tick(0.0)
    assert value(new, 2) != b"\7"
    old.tick(0.0)
    assert value(new, 2) == value(old, 2) == b"\7"


def test_other_changes_count_from_the_first_request_on():
    change = {"change": [{"after": 10.0, "measurement": 2, "values": ["07", "08"], "times": 2}]}
    old, new = described(), described(change)
    new.succeed(old, Same(measurements=range(0x100), slots=True, changes=False))
    new.tick(1000.0)
    assert value(new, 2) == value(old, 2)
    new.tick(1010.0)
    assert value(new, 2) == b"\7"
    new.tick(1020.0)
    assert value(new, 2) == b"\x08"


def test_a_description_that_no_connection_has_is_forgotten():
    """But for the first, in whose form the state is kept."""
    first, second, third = described(), described(), described()
    second.succeed(first, ALL_THE_SAME)
    third.succeed(second, ALL_THE_SAME)
    responder = Responder(second, load_profile("changing").policy, RandomTree(b""))
    del second
    gc.collect()
    assert len(third.line.members) == 3
    del responder
    gc.collect()
    assert set(third.line.members) == {first, third}


class Kept(list):
    """What was to outlast the process."""

    def __call__(self, state):
        self.append(state)


class TestWhatIsWritten:
    """Each test has the device as two connections have it that began before and after a change."""

    def both(self, before=(), after=(), **more):
        old = device("SET_KEY_PAIR_INFO", **{"key_pairs": before, **more}).device
        new = device("SET_KEY_PAIR_INFO", **{"key_pairs": after, **more}).device
        return old, new

    def test_is_written_into_both_and_kept_once(self):
        old, new = self.both()
        kept = Kept()
        old.provisioning.resume(None, kept)
        new.succeed(old, ALL_THE_SAME)
        done(new.provisioning.write(2, renewed(new.slot(0)), terms()))
        assert chain(old, 2) == chain(new, 2) is not None
        assert kept == [old.provisioning.state] == [new.provisioning.state]
        assert [one.events.latest for one in (old, new)] == [1, 1]

    def test_only_one_change_is_under_way_in_both(self):
        old, new = self.both()
        new.succeed(old, ALL_THE_SAME)
        change = old.provisioning.write(2, renewed(old.slot(0)), terms())
        with pytest.raises(ProtocolError) as busy:
            new.provisioning.erase(0, terms())
        assert busy.value.code == ErrorCode.BUSY
        for meddle in (
            lambda: self.both()[0].succeed(new, ALL_THE_SAME),
            lambda: new.provisioning.forget_slot(2),
        ):
            with pytest.raises(ValueError, match="a requester is changing the device"):
                meddle()
        done(change)
        done(new.provisioning.erase(2, terms()))
        assert chain(old, 2) is None

    def test_a_reset_meanwhile_counts_for_both(self):
        old, new = self.both()
        new.succeed(old, ALL_THE_SAME)
        done_at_reset(old.provisioning.write(2, renewed(old.slot(0)), terms(at_reset=True)))
        change = new.provisioning.erase(1, terms())
        old.provisioning.reset(Reset.CONVENTIONAL)
        assert chain(new, 2) is None
        done(change)
        assert chain(old, 2) == chain(new, 2) is not None
        assert [one.provisioning.waiting_slots for one in (old, new)] == [0, 0]

    def test_a_key_pair_that_was_changed_is_laid_over_what_is_described(self):
        added = {"algorithm": "ecp384", "slots": [2], "capabilities": ALL_CAPS}
        old, new = self.both(KEY_PAIRS, [*KEY_PAIRS, added])
        done(set_key_pair(old.provisioning, 3, GENERATE, asym=P384_BIT))
        new.succeed(old, ALL_THE_SAME)
        pairs = new.provisioning.key_pairs()
        assert len(pairs) == 4
        assert pairs[2] == old.provisioning.key_pairs()[2]
        assert pairs[2].state.key
        done(set_key_pair(new.provisioning, 3, ERASE))
        assert not old.provisioning.key_pairs()[2].state.key

    @pytest.mark.parametrize("after", [KEY_PAIRS[:2], [*KEY_PAIRS[:2], {"algorithm": "ecp384"}]])
    def test_a_changed_key_pair_that_is_described_otherwise_has_no_place(self, after):
        old, new = self.both(KEY_PAIRS, after)
        done(set_key_pair(old.provisioning, 3, GENERATE, asym=P384_BIT))
        with pytest.raises(ValueError, match="key pair 3 was changed by a requester"):
            new.provisioning.check_succession(old.provisioning)

    def test_what_the_other_description_has_no_place_for_is_refused(self):
        added = {"capabilities": ALL_CAPS, "algorithms": ["ecp384"]}
        old, new = self.both(KEY_PAIRS, [*KEY_PAIRS, added])
        new.succeed(old, ALL_THE_SAME)
        change = set_key_pair(new.provisioning, 4, GENERATE, asym=P384_BIT)
        assert refusal(change) == (OPERATION_FAILED, 0)
        assert new.provisioning.state.now == new.provisioning.described
        done(set_key_pair(new.provisioning, 3, GENERATE, asym=P384_BIT))

    def test_is_kept_as_the_first_description_has_it(self):
        added = {"algorithm": "ecp384", "slots": [2], "capabilities": ALL_CAPS}
        old, new = self.both(KEY_PAIRS, [*KEY_PAIRS, added])
        kept = Kept()
        old.provisioning.resume(None, kept)
        new.succeed(old, ALL_THE_SAME)
        done(set_key_pair(new.provisioning, 3, GENERATE, asym=P384_BIT))
        (state,) = kept
        assert self.both(KEY_PAIRS)[0].provisioning.misfit(state) == ""
        assert len(state.now.key_pairs) == 3

    def test_is_forgotten_in_a_slot_that_is_to_hold_something_else(self):
        old, new = self.both()
        kept = Kept()
        old.provisioning.resume(None, kept)
        new.succeed(old, ALL_THE_SAME)
        written = renewed(old.slot(0))
        done(old.provisioning.write(2, written, terms()))
        done_at_reset(old.provisioning.write(1, written, terms(at_reset=True)))
        for slot_id in (1, 2):
            new.provisioning.forget_slot(slot_id)
        assert kept[-1] == old.provisioning.state == new.provisioning.state
        assert not old.provisioning.state.now.slots
        assert old.provisioning.waiting_slots == 0
        third = self.both()[0]
        third.succeed(new, ALL_THE_SAME)
        assert chain(third, 2) is None


def done_at_reset(change):
    assert refusal(change)[0] == RESET_REQUIRED
