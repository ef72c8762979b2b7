"""``scripts/replay``: works recorded runs out again, and says how much of them agrees."""

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import click

from responder.errors import ConfigError
from responder.replay.by_core import CoreJudge
from responder.replay.by_requester import RequesterJudge
from responder.replay.driver import replay
from responder.replay.judge import Judge
from responder.replay.ledger import KINDS, Tally
from responder.replay.recording import Recording, read

JUDGES: dict[str, type[Judge]] = {"requester": RequesterJudge, "core": CoreJudge}
"""Implementations of ours, by the package that they are in."""


def replay_all(
    recordings: Sequence[Recording], judge: str, processes: int = 1
) -> Iterable[tuple[str, Tally]]:
    """The name and tally of every run, in order."""
    work = partial(_tally, judge)
    if processes == 1:
        tallies: Iterable[Tally] = map(work, recordings)
        yield from zip((one.name for one in recordings), tallies, strict=True)
        return
    with ProcessPoolExecutor(processes) as pool:
        tallies = pool.map(work, recordings, chunksize=4)
        yield from zip((one.name for one in recordings), tallies, strict=True)


def _tally(judge: str, recording: Recording) -> Tally:
    return replay(recording, JUDGES[judge]())


@click.command("replay")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--judge", type=click.Choice(list(JUDGES)), help="Only this implementation of ours.")
@click.option(
    "--jobs", type=click.IntRange(1), default=1, help="How many processes share the runs."
)
@click.option("--each", is_flag=True, help="Print a line for every run.")
def command(source: Path, judge: str | None, jobs: int, each: bool) -> None:
    """Work recorded SPDM runs out again: transcripts, signatures, MACs, keys and records.

    SOURCE is a folder with manifest.json and the folders of the runs, or a file of packed runs;
    docs/replay.md describes them. Exits 0 if all agrees, 1 if anything differs, 2 if SOURCE cannot
    be used.
    """
    try:
        recordings = read(source)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    if not recordings:
        raise click.UsageError(f"there are no runs in {source}")
    reports = [
        _report(name, list(replay_all(recordings, name, jobs)), each=each)
        for name in ([judge] if judge else JUDGES)
    ]
    click.get_current_context().exit(int(any(reports)))


def _report(judge: str, tallies: Sequence[tuple[str, Tally]], *, each: bool) -> bool:
    """Print what came out; whether anything differs."""
    for name, tally in tallies:
        if each or tally.problems:
            click.echo(f"{judge} {name}: {_text(tally.counts)}")
        for problem in tally.problems:
            click.echo(f"  ! {problem}")
    failed = sum(bool(tally.problems) for _, tally in tallies)
    counts: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    for _, tally in tallies:
        counts += tally.counts
        notes += tally.notes
    click.echo(f"{judge}: {len(tallies)} runs, {failed} with problems: {_text(counts)}")
    for note, times in notes.items():
        click.echo(f"  {times} times: {note}")
    return bool(failed)


def _text(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[kind]} {kind}" for kind in KINDS)


if __name__ == "__main__":
    command()
