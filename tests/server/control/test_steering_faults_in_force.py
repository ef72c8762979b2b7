"""Faults that come and go while a server runs, as our requester meets them."""

from steered import requester, steering_of

from responder.core.events import FaultFired

BITFLIP = "sig.bitflip:CHALLENGE_AUTH"
WRITTEN = {
    "id": "mine.wrong-nonce",
    "description": "The requester's context is not repeated.",
    "duty": "reject",
    "basis": "spec",
    "source": "DSP0274",
    "hook": "draft",
    "message": ["CHALLENGE_AUTH"],
    "action": [{"do": "flip", "field": "requester_context"}],
}


async def verdict(person, **given):
    report = await person.attest(**given)
    return report.refusal.check if report.refusal else report.verdict


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
    assert evidence.before != evidence.after


async def test_now_is_also_on_connections_that_are_open(serving):
    steering = steering_of()
    running = await serving(profile=steering)
    async with requester(running) as person:
        assert await verdict(person) == "attested"
        steering.add_faults([BITFLIP], now=True)
        assert await verdict(person) == "chal.signature"
        (removed,) = steering.remove_faults([BITFLIP], now=True)
        assert await verdict(person) == "attested"
    assert (removed.fired, removed.nearest) == (1, "")
    assert steering.faults() == []
