"""Rehearses many faults in parallel and says in one line each what came of it."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain

import click
from msgspec import ValidationError

from responder.campaign.rehearsal import SEED, Rehearsal, rehearse, setting_named
from responder.errors import ConfigError
from responder.faults import catalogue
from responder.faults.rule import FaultSpec

_CHUNK = 20
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one case.

    Attributes:
        fault: its id.
        setting: the conversation in which it struck, or the last one tried.
        fired: it struck.
        satisfied: the requester did its duty.
        duty: that duty.
        reaction: what the requester did.
        verdict: what it said.
        observations: what it observed besides.
        evidence: what the fault did.
        tried: what came nearest, by setting, where it did not strike.
        problem: what went wrong otherwise.
        seconds: processor time that this took.
    """

    fault: str
    setting: str = ""
    fired: bool = False
    satisfied: bool = False
    duty: str = ""
    reaction: str = ""
    verdict: str = ""
    observations: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    problem: str = ""
    seconds: float = 0.0

    @property
    def well(self) -> bool:
        """Whether it struck, and everybody did what they should."""
        return self.fired and self.satisfied and not self.problem


def survey(
    ids: Sequence[str], setting: str = "", *, seed: bytes = SEED, processes: int = 2
) -> Iterator[Finding]:
    """Rehearse cases, or all cases of faults, by id.

    Args:
        ids: ids of faults or cases.
        setting: the conversation, by name; what the faults name if empty.
        seed: of all randomness.
        processes: how many work at once.
    """
    chunks = [(tuple(ids[at : at + _CHUNK]), setting, seed) for at in range(0, len(ids), _CHUNK)]
    if processes == 1 or len(chunks) == 1:
        for chunk in chunks:
            yield from _chunk(chunk)
        return
    with ProcessPoolExecutor(processes) as pool:
        for findings in pool.map(_chunk, chunks):
            yield from findings


def _chunk(work: tuple[tuple[str, ...], str, bytes]) -> list[Finding]:
    ids, setting, seed = work
    families = dict.fromkeys(fault_id.partition(":")[0] for fault_id in ids)
    known = {case.id: case for family in families for case in catalogue.find(family)}
    return [_one(known[fault_id], setting, seed) for fault_id in ids]


def _one(fault: FaultSpec, setting: str, seed: bytes) -> Finding:
    begin = time.process_time()
    try:
        conversation = setting_named(setting) if setting else None
        rehearsal = rehearse(fault, conversation, seed=seed)
    except Exception as error:  # noqa: BLE001 - a case that cannot be rehearsed is a finding
        return Finding(fault.id, problem=f"{type(error).__name__}: {error}")
    return finding(rehearsal, time.process_time() - begin)


def finding(rehearsal: Rehearsal, seconds: float = 0.0) -> Finding:
    """What came of a rehearsal."""
    fault, faulted = rehearsal.fault, rehearsal.faulted
    told = [f"{event.hook} {event.message}: {event.detail}" for event in faulted.evidence]
    defects = [text.strip().splitlines()[-1] for text in faulted.defects]
    return Finding(
        fault.id,
        rehearsal.setting.name,
        rehearsal.fired,
        rehearsal.satisfied,
        ", ".join((fault.duty, *fault.allows)),
        rehearsal.reaction,
        rehearsal.verdict,
        tuple(rehearsal.observations),
        tuple(told),
        tuple(f"{name}: {near}" for name, near in rehearsal.tried.items()),
        "; ".join(f"responder: {text}" for text in defects),
        seconds,
    )


def wanted_cases(groups: Sequence[str], ids: Sequence[str]) -> tuple[list[str], list[Finding]]:
    """The ids of all cases that are meant, and the faults that cannot be read.

    Args:
        groups: letters; all groups if neither these nor ids are given.
        ids: of faults or cases.

    Raises:
        ConfigError: a group, fault or case does not exist.
    """
    known = {group.letter: group for group in catalogue.groups()}
    for letter in groups:
        if letter not in known:
            raise ConfigError(f"there is no group {letter!r}; there are {', '.join(sorted(known))}")
    letters = groups or ([] if ids else sorted(known))
    found: list[str] = []
    broken: list[Finding] = []
    for fault_id in [*ids, *(fault for letter in letters for fault in known[letter].faults)]:
        try:
            found += [case.id for case in catalogue.find(fault_id)]
        except ValidationError as error:
            broken.append(Finding(fault_id, problem=str(error)))
    return found, broken


def lines(found: Finding, *, verbose: bool = False) -> Iterator[str]:
    """What came of a case, in one line or in several."""
    state = "ok      " if found.well else "PROBLEM " if found.problem else "DUTY    "
    if not found.fired and not found.problem:
        state = "NO FIRE "
    first = found.evidence[0] if found.evidence else "; ".join(found.tried[:2])
    more = f" (+{len(found.evidence) - 1})" if len(found.evidence) > 1 else ""
    yield (
        f"{state}{found.fault} [{found.setting}] {found.duty} <- {found.reaction}: "
        f"{found.verdict} | {first}{more}"
    )
    if found.problem:
        yield f"          {found.problem}"
    if not verbose and found.well:
        return
    shown = (("did", found.evidence), ("seen", found.observations), ("missed", found.tried))
    for word, texts in shown:
        for text in texts if verbose else texts[:_SHOWN]:
            yield f"          {word}: {text}"


@click.command()
@click.option("--group", "groups", multiple=True, help="All faults of this group; repeatable.")
@click.option("--setting", default="", help="The conversation, by name.")
@click.option("--seed", default=SEED.decode(), show_default=True, help="Of all randomness.")
@click.option("--processes", default=2, show_default=True, help="How many work at once.")
@click.option("--quiet", is_flag=True, help="Say only what is not well.")
@click.option("--verbose", is_flag=True, help="All evidence, and what was tried.")
@click.argument("ids", nargs=-1)
def main(  # noqa: PLR0913 - one for each option
    groups: tuple[str, ...],
    setting: str,
    seed: str,
    processes: int,
    ids: tuple[str, ...],
    *,
    quiet: bool,
    verbose: bool,
) -> None:
    """Rehearse faults with the reference requester; exit 1 if one is not well."""
    begin = time.monotonic()
    try:
        wanted, broken = wanted_cases(groups, ids)
        if setting:
            setting_named(setting)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    found: list[Finding] = []
    work = survey(wanted, setting, seed=seed.encode(), processes=processes)
    for one in chain(broken, work):
        found.append(one)
        if not (quiet and one.well):
            click.echo("\n".join(lines(one, verbose=verbose)))
    click.echo(summary(found, time.monotonic() - begin))
    sys.exit(not all(one.well for one in found))


def summary(found: Iterable[Finding], seconds: float) -> str:
    """The totals."""
    all_found = list(found)
    silent = sum(not one.fired and not one.problem for one in all_found)
    broken = sum(bool(one.problem) for one in all_found)
    wrong = sum(one.fired and not one.satisfied for one in all_found)
    each = 1000 * sum(one.seconds for one in all_found) / max(1, len(all_found))
    return (
        f"{len(all_found)} cases: {silent} did not fire, {wrong} against the duty, "
        f"{broken} with problems; {each:.1f} ms of processor time each, {seconds:.1f} s"
    )
