"""Compares the ids of ``fault list`` with tests/faults/catalogue.md; exit 1 if one is missing.

Prints what is not built and why (not with --short), and how many faults and cases there are. How
the copy writes ids is said at its top.
"""

import json
import re
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from responder.campaign.oracles import ORACLES
from responder.faults.catalogue import groups

ROOT = Path(__file__).parent.parent
COPY = ROOT / "tests" / "faults" / "catalogue.md"
GROUP = re.compile(r"## ([A-Z])\. ")
LINE = re.compile(r"- `(?P<ids>[^`]+)`(?P<observe> \(observe\))?(?: \((?P<count>\d+)\))? ⇒ ")
RANGE = re.compile(r"(.*?)(\d+)\.\.(\d+)")


@dataclass(frozen=True)
class Line:
    """A line of the copy.

    Attributes:
        group: its group's letter.
        text: its ids as they are written.
        ids: for each fault, the ids that it may have.
        count: how many distinct faults the line holds.
        observe: it is an oracle on the requester.
    """

    group: str
    text: str
    ids: list[list[str]]
    count: int
    observe: bool


def lines(copy: str) -> Iterator[Line]:
    """The lines of the copy."""
    group = ""
    for text in copy.splitlines():
        if heading := GROUP.match(text):
            group = heading[1]
        if match := LINE.match(text):
            ids = spelled_out(match["ids"])
            count = int(match["count"] or len(ids))
            yield Line(group, match["ids"], ids, count, bool(match["observe"]))


def spelled_out(text: str) -> list[list[str]]:
    """The faults of a line, each with the ids that it may have."""
    if span := RANGE.fullmatch(text):
        return [[f"{span[1]}{number}"] for number in range(int(span[2]), int(span[3]) + 1)]
    if " / " not in text:
        first, *others = text.split("/")
        stem = first.rpartition("-")[0]
        return [[first], *([f"{stem}-{other}"] for other in others)]
    first, *others = text.split(" / ")
    return [[first], *(begun_like(first, other) for other in others)]


def begun_like(first: str, end: str) -> list[str]:
    """The ids that ``end`` may stand for after ``first``: with each beginning that they share."""
    area, _, name = first.partition(".")
    words = name.split("-")
    return [".".join((area, "-".join([*words[:size], end]))) for size in range(len(words))]


def listed() -> dict[str, dict[str, Any]]:
    """What ``fault list`` says, by id."""
    command = [sys.executable, "-m", "responder.cli.main", "fault", "list", "--json"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {fault["id"]: fault for fault in json.loads(printed)}


def judge(
    line: Line, faults: Mapping[str, Any], unbuilt: Mapping[str, str], oracles: Collection[str]
) -> Iterator[str]:
    """What is wrong about a line."""
    if line.observe:
        missing = [ids[0] for ids in line.ids if not set(ids) & set(oracles)]
        yield from (f"{line.group}: {name} is an oracle, and not built" for name in missing)
        return
    cases = 0
    for ids in line.ids:
        found = next((one for one in ids if one in faults or one in unbuilt), None)
        several = [faults[one]["cases"] for one in faults if one.startswith(f"{ids[0]}-")]
        if found is None and line.count > 1 and several:
            cases += sum(several)
        elif found is None:
            yield f"{line.group}: {ids[0]} is missing (of `{line.text}`)"
        elif found in faults:
            cases += faults[found]["cases"]
            if faults[found]["group"] != line.group:
                yield f"{line.group}: {found} is in group {faults[found]['group']}"
        else:
            cases += line.count
    if cases and cases < line.count:
        yield f"{line.group}: `{line.text}` has {cases} cases, {line.count} are wanted"


def main() -> None:
    """Compare, and say what there is."""
    faults = listed()
    unbuilt = {one.id: one.reason for group in groups() for one in group.unbuilt}
    problems, known = [], set()
    for line in lines(COPY.read_text(encoding="utf-8")):
        problems += judge(line, faults, unbuilt, ORACLES)
        known |= {one for ids in line.ids for one in ids}
    problems += [
        f"{one} is not built, and no reason is given" for one in unbuilt if not unbuilt[one]
    ]
    problems += [f"{one} is built, and said not to be" for one in unbuilt if one in faults]
    if "--short" not in sys.argv:
        more = [name for name in faults if name not in known]
        print("Not built:")
        print("".join(f"  {name}: {reason}\n" for name, reason in unbuilt.items()))
        print(f"Beside the copy: {', '.join(more) or 'none'}")
    print("Missing from the catalogue:" if problems else "The catalogue is complete.")
    for problem in problems:
        print(f"  {problem}")
    cases = sum(fault["cases"] for fault in faults.values())
    print(f"{len(faults)} faults, {cases} cases; {len(ORACLES)} oracles; {len(unbuilt)} not built")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
