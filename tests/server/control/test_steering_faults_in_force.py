"""Faults that come and go while a server runs, as our requester meets them."""

import pytest
from function_hosts import FakeBus, Hosted
from steered import requester, steering_of, verdict

from responder.core.events import FaultFired, FaultMissed
from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError
from responder.profiles.load import load_profile
from responder.server.control.steering import Steering

BITFLIP = "sig.bitflip:CHALLENGE_AUTH"
ELSEWHERE = "sig.bitflip:ENDPOINT_INFO"


def written(fault_id="mine.context", **changes):
    """A fault as a profile writes it: CHALLENGE_AUTH does not repeat the requester's context."""
    table = {
        "id": fault_id,
        "description": "The requester's context is not repeated.",
        "duty": "reject",
        "basis": "spec",
        "source": "DSP0274 CHALLENGE_AUTH",
        "hook": "draft",
        "message": ["CHALLENGE_AUTH"],
        "action": [{"do": "flip", "field": "requester_context"}],
    }
    return table | changes


def fired(running):
    return [event.fault for event in running.events.of(FaultFired)]


async def test_a_fault_is_met_from_the_next_connection_on(serving):
    steering = steering_of()
    running = await serving(profile=steering)
    async with requester(running) as before:
        assert await verdict(before) == "attested"
        assert [one.id for one in steering.add_faults([BITFLIP])] == [BITFLIP]
        assert await verdict(before) == "attested"
        async with requester(running) as after:
            assert await verdict(after) == "chal.signature"
        assert await verdict(before) == "attested"
    (evidence,) = running.events.of(FaultFired)
    assert (evidence.fault, evidence.hook) == (BITFLIP, "post_sign")
    changed = int.from_bytes(evidence.before) ^ int.from_bytes(evidence.after)
    assert changed.bit_count() == 1


async def test_now_is_also_on_connections_that_are_open(serving):
    steering = steering_of()
    running = await serving(profile=steering)
    async with requester(running) as person:
        assert await verdict(person) == "attested"
        steering.add_faults([BITFLIP], now=True)
        assert await verdict(person) == "chal.signature"
        (removed,) = steering.remove_faults([BITFLIP], now=True)
        assert await verdict(person) == "attested"
    assert (removed.fired, removed.nearest, removed.origin) == (1, "", "added")
    assert steering.faults() == []


async def test_a_removed_fault_stays_on_connections_that_are_open(serving):
    steering = steering_of(faults=[BITFLIP])
    running = await serving(profile=steering)
    async with requester(running) as before:
        assert await verdict(before) == "chal.signature"
        steering.remove_faults()
        async with requester(running) as after:
            assert await verdict(after) == "attested"
        assert await verdict(before) == "chal.signature"


async def test_a_table_is_a_fault_as_in_a_profile(serving):
    steering = steering_of()
    running = await serving(profile=steering)
    (added,) = steering.add_faults([written()])
    assert (added.id, added.origin, added.duty) == ("mine.context", "added", "reject")
    async with requester(running) as person:
        assert await verdict(person) == "chal.context"
    assert steering.faults()[0].fired == 1


async def test_a_fault_of_the_same_id_takes_the_place_of_the_one_before(serving):
    steering = steering_of()
    running = await serving(profile=steering)
    steering.add_faults([written()])
    other = [{"do": "truncate", "to": 4}]
    async with requester(running) as person:
        assert await verdict(person) == "chal.context"
        steering.add_faults([written(hook="message", action=other)], now=True)
        assert [one.fired for one in steering.faults()] == [0]
        assert await verdict(person) == "any.size-short"
    assert fired(running) == ["mine.context"] * 2


async def test_late_faults_know_what_their_connection_has_said(serving):
    replay = [{"do": "replay", "message": "CHALLENGE_AUTH", "nth": 1}]
    steering = steering_of()
    running = await serving(profile=steering)
    async with requester(running) as person:
        assert await verdict(person) == "attested"
        steering.add_faults([written(hook="message", action=replay)], now=True)
        assert await verdict(person) == "chal.context"
    first, *_ = [
        event.message
        for _, _, event in running.events.entries
        if getattr(event, "code", 0) == 0x03 and hasattr(event, "reason")
    ]
    assert running.events.of(FaultFired)[0].after == first


async def test_counters_of_the_device_go_on_when_other_faults_come(serving):
    steering = steering_of()
    running = await serving(profile=steering)
    steering.add_faults([written(scope="device", times=1)])
    async with requester(running) as person:
        assert await verdict(person) == "chal.context"
    steering.add_faults([ELSEWHERE])
    async with requester(running) as person:
        assert await verdict(person) == "attested"
    steering.remove_faults(["mine.context"])
    steering.add_faults([written(scope="device", times=1)])
    async with requester(running) as person:
        assert await verdict(person) == "chal.context"


@pytest.mark.parametrize(
    ("scope", "verdicts"),
    [
        ("connection", ["attested", "chal.context", "attested"]),
        ("device", ["chal.context", "attested", "attested"]),
    ],
)
async def test_how_far_counting_reaches(serving, scope, verdicts):
    """The second CHALLENGE is hit: of a connection, or of all of them."""
    steering = steering_of()
    running = await serving(profile=steering)
    async with requester(running) as one, requester(running) as other:
        steering.add_faults([written(scope=scope, nth=[2])], now=True)
        assert await verdict(one) == "attested"
        found = [await verdict(other), await verdict(one), await verdict(one)]
    assert found == verdicts


async def test_counts_of_a_connection_start_anew_with_a_fault_that_comes_again(serving):
    steering = steering_of()
    running = await serving(profile=steering)
    async with requester(running) as person:
        steering.add_faults([written(times=1)], now=True)
        assert [await verdict(person) for _ in range(2)] == ["chal.context", "attested"]
        steering.add_faults([written(times=1)], now=True)
        assert await verdict(person) == "chal.context"


async def test_what_a_connection_is_told_may_change_too(serving):
    """Faults of frames, whose hooks a connection asks when it writes."""
    steering = steering_of()
    running = await serving(profile=steering)
    async with requester(running) as person:
        assert await verdict(person) == "attested"
        close = written("mine.close", hook="frame", message=[], action=[{"do": "close"}])
        steering.add_faults([close], now=True)
        assert await verdict(person) == "transport.closed"
    assert fired(running) == ["mine.close"]


def test_registers_of_a_machine_may_lie_from_now_on():
    steering = steering_of("tdisp-device")
    hosted = Hosted(hooks=lambda: steering.hooks(RandomTree(b"faults")))
    function = hosted.host.functions[0]
    function.bus = FakeBus()
    identity = function.config_read(0, 4)
    lie = {"hook": "register", "message": [], "space": ["header.*"]}
    action = [{"do": "set", "field": "value", "value": 0x1234}]
    steering.add_faults([written(**lie, action=action)])
    assert function.config_read(0, 4) == identity
    steering.add_faults([written(**lie, action=action)], now=True)
    assert function.config_read(0, 4) == bytes.fromhex("3412 3412")  # VendorID and DeviceID
    steering.remove_faults(now=True)
    assert function.config_read(0, 4) == identity


async def test_what_never_struck_is_told_at_the_end(serving):
    steering = steering_of("default", 'faults=["sig.bitflip:KEY_EXCHANGE_RSP"]')
    running = await serving(profile=steering)
    steering.add_faults([BITFLIP, ELSEWHERE, written(nth=[2])])
    async with requester(running) as person:
        assert await verdict(person) == "chal.signature"
    assert [one.id for one in steering.remove_faults(["sig.bitflip:ENDPOINT_*"])] == [ELSEWHERE]
    await running.server.stop("the test")
    told = {event.fault: event.nearest for event in running.events.of(FaultMissed)}
    assert told == {
        ELSEWHERE: "removed; CHALLENGE_AUTH: wanted ENDPOINT_INFO",
        "sig.bitflip:KEY_EXCHANGE_RSP": "CHALLENGE_AUTH: wanted KEY_EXCHANGE_RSP",
        "mine.context": "CHALLENGE_AUTH: time 1, wanted 2",
    }


def test_those_of_the_profile_can_be_removed_and_come_back():
    steering = steering_of("default", f'faults=["{BITFLIP}"]')
    assert [(one.id, one.origin) for one in steering.faults()] == [(BITFLIP, "profile")]
    steering.remove_faults(["sig.bitflip"])
    steering.set(["spdm.ct_exponent=12"])
    assert steering.faults() == []
    steering.add_faults([BITFLIP])
    assert [(one.id, one.origin) for one in steering.faults()] == [(BITFLIP, "added")]


def test_those_that_were_added_outlast_settings():
    profile = load_profile("default", None, [BITFLIP])
    steering = Steering(profile, faults=profile.faults)
    steering.add_faults([written()])
    steering.set(['faults=["sig.bitflip:MEASUREMENTS"]'])
    assert {one.id: one.origin for one in steering.faults()} == {
        BITFLIP: "added",
        "mine.context": "added",
        "sig.bitflip:MEASUREMENTS": "profile",
    }


def test_the_ways_of_a_persona_are_no_faults_that_anybody_removes():
    steering = steering_of("default", "persona=libspdm")
    kept = len(steering.hooks(None)._at)  # what the engine of a connection goes by
    assert kept
    assert steering.faults() == []
    assert steering.remove_faults() == []
    assert len(steering.hooks(None)._at) == kept


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("sig.bitfip", "there is no fault 'sig.bitfip' (did you mean 'sig.bitflip'?)"),
        ("chal.*-x", "there is no fault 'chal.*-x'"),
        (
            written(hok="draft"),
            "fault[0].hok: unknown key 'hok' in fault[0] (did you mean 'hook'?)",
        ),
        (
            written(message=["CHALENGE_AUTH"]),
            "fault[0].message[0]: unknown message 'CHALENGE_AUTH' (did you mean 'CHALLENGE_AUTH'?)",
        ),
        (written(action=[{"do": "flip", "field": "nonse"}]), "fault[0].action[0].field: "),
    ],
)
def test_what_is_no_fault_is_refused_and_nothing_is_added(item, message):
    steering = steering_of()
    with pytest.raises(ConfigError) as caught:
        steering.add_faults([BITFLIP, item] if isinstance(item, str) else [item, BITFLIP])
    assert str(caught.value).startswith(message)
    assert steering.faults() == []


def test_what_is_not_in_force_cannot_be_removed():
    steering = steering_of(faults=[BITFLIP])
    with pytest.raises(ConfigError, match=r"no fault 'sig.bitfip' is in force \(did you mean"):
        steering.remove_faults([BITFLIP, "sig.bitfip"])
    assert len(steering.faults()) == 1
