"""Makes one store of the stores of a campaign's shards."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from responder.campaign.expectations import Expectations
from responder.campaign.plan import full_plan
from responder.campaign.result import Begin, End
from responder.campaign.store import Campaign, Store, read_store, shard_of
from responder.errors import ConfigError

_SAME = ("program", "target", "target_digest", "seed", "plan")
"""What all shards of a campaign have alike."""


def merge(paths: Sequence[Path], out: Path, expectations: Expectations | None = None) -> list[str]:
    """Write the store of the whole campaign to ``out``, which is replaced when all of it is there.

    Its results are those of a campaign that was not divided; they are in the order of the plan.

    Args:
        paths: the stores of the shards.
        out: where to write.
        expectations: those of the campaign, for what is stale; without them it is what is so in
            each of the shards.

    Returns:
        What is missing, each in a sentence; empty if nothing is.

    Raises:
        ConfigError: they are not of one campaign, or one shard is there twice.
        OSError: a file cannot be read or written.
    """
    shards = [read_store(path) for path in paths]
    shards.sort(key=lambda shard: shard_of(shard.begin))
    for shard in shards[1:]:
        _same_campaign(shards[0], shard)
    lacking = _lacking(shards)
    plan = {case: number for number, case in enumerate(shards[0].begin.plan)}
    results = [result for shard in shards for result in shard.results]
    results.sort(key=lambda result: plan[result.case])
    new = out.with_name(f"{out.name}.new")
    new.unlink(missing_ok=True)
    with Store(new) as store:
        store.append(_begin(shards))
        for control in [control for shard in shards for control in shard.controls]:
            store.append(control)
        for result in results:
            store.append(result)
        end = _end(shards, lacking)
        if expectations is not None:
            end = replace(end, stale=tuple(expectations.stale(results, _known(plan))))
        store.append(end)
    new.replace(out)
    return lacking


def _same_campaign(one: Campaign, other: Campaign) -> None:
    for name in _SAME:
        if getattr(one.begin, name) != getattr(other.begin, name):
            reason = f"not of the same campaign as {one.path}: {_difference(one, other, name)}"
            raise ConfigError(reason, where=str(other.path))
    count, other_count = shard_of(one.begin)[1], shard_of(other.begin)[1]
    if count != other_count:
        reason = f"one of {other_count} shards, and {one.path} is one of {count}"
        raise ConfigError(reason, where=str(other.path))


def _difference(one: Campaign, other: Campaign, name: str) -> str:
    if name == "plan":
        here, there = set(one.begin.plan), set(other.begin.plan)
        some = sorted(here ^ there)[:3]
        return f"the plans differ: {', '.join(some)}" if some else "the plans differ in their order"
    words = name.replace("_", " ")
    return f"{words} {getattr(other.begin, name)!r}, and not {getattr(one.begin, name)!r}"


def _by_number(shards: Sequence[Campaign]) -> dict[int, Campaign]:
    found: dict[int, Campaign] = {}
    for shard in shards:
        number = shard_of(shard.begin)[0]
        if number in found:
            reason = f"shard {shard.begin.shard} once more: it is in {found[number].path}"
            raise ConfigError(reason, where=str(shard.path))
        found[number] = shard
    return found


def _lacking(shards: Sequence[Campaign]) -> list[str]:
    """Shards that are not there, and cases of those that are."""
    found = _by_number(shards)
    count = shard_of(shards[0].begin)[1]
    lacking = []
    for number in range(1, count + 1):
        name = f"shard {number}/{count}"
        if number not in found:
            lacking.append(f"{name} is missing")
            continue
        shard = found[number]
        if shard.missing and not (shard.end and shard.end.late):
            lacking.append(f"{name} lacks {_cases(shard.missing)}")
        if shard.end is not None and shard.end.stopped:
            lacking.append(f"{name} stopped: {shard.end.stopped}")
    return lacking


def _cases(missing: Sequence[str]) -> str:
    if len(missing) == 1:
        return f"the case {missing[0]}"
    return f"{len(missing)} cases, the first is {missing[0]}"


def _begin(shards: Sequence[Campaign]) -> Begin:
    started = min(shard.begin.started for shard in shards)
    return replace(shards[0].begin, shard="1/1", started=started)


def _end(shards: Sequence[Campaign], lacking: Sequence[str]) -> End:
    """Of all shards; stale is what is so in each of them."""
    ends = [shard.end or End() for shard in shards]
    seconds = sum(end.seconds for end in ends)
    share = sum(end.requester_share * end.seconds for end in ends)
    stale = [entry for entry in ends[0].stale if all(entry in end.stale for end in ends)]
    return End(
        stopped="; ".join(lacking),
        seconds=seconds,
        requester_share=share / seconds if seconds else 0.0,
        late=any(end.late for end in ends),
        stale=tuple(stale),
    )


def _known(plan: Iterable[str]) -> set[str]:
    return {*plan, *(case.id for case in full_plan())}
