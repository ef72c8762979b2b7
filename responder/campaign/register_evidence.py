"""Whether the evidence of faults at registers is what software found there."""

from collections.abc import Iterator

from responder.campaign.run import Run
from responder.core.events import FaultFired
from responder.core.hooks import Access


def contradictions_of_registers(run: Run) -> Iterator[str]:
    """What is wrong with evidence at the hook ``register``.

    Every change that passed the hook must have been told, and what a read became must be what
    the requester's driver has read; interrupts must have come.
    """
    told = [event for event in run.evidence if event.hook == "register"]
    known = {(event.message, event.before, event.after) for event in told}
    passed = {_change(seen.before, seen.after): seen.after for seen in run.passed("register")}
    for name, before, after in passed.keys() - known:
        yield f"register: {name} became {after.hex()} from {before.hex()}, and nobody said so"
    for event in told:
        yield from _of_event(event, passed.get((event.message, event.before, event.after)), run)


def _of_event(event: FaultFired, access: Access | None, run: Run) -> Iterator[str]:
    if access is None:
        yield f"register: {event.message}: no such change has passed the hook"
        return
    read = (event.message, access.value)
    if event.message.startswith("doe") and not access.write and read not in run.registers.reads:
        yield f"register: {event.message} was never read as {event.after.hex()}"
    if access.interrupt and access.vector not in run.registers.interrupts:
        yield f"register: {event.message}: interrupt {access.vector} never came"


def _change(before: Access, after: Access) -> tuple[str, bytes, bytes]:
    """The register, and its bytes before and after; nothing of a write without effect."""
    was, is_now = (one.value.to_bytes(one.size, "little") for one in (before, after))
    if after.dropped:
        return before.name, was, b""
    return (before.name, was, is_now) if was != is_now else (before.name, b"", b"")
