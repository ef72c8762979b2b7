"""Pages of the documentation that are followed step by step: their files, commands and outputs."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TIME_LIMIT = 300
DOCS = Path(__file__).parent.parent.parent / "docs"
_BLOCK = re.compile(
    r"(?:<!-- (?P<kind>file|change): (?P<name>\S+) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_TIMES = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:]+\+00:00"), "TIME"),
    (re.compile(r"[\d.]+ cases per second, [\d.]+ s; \d+% "), "PACE "),
)


@dataclass(frozen=True)
class Step:
    """A command, and what the page shows of its output."""

    command: str
    shown: str


def steps(page, folder):
    """The commands of a page in their order; files and changes of them are made on the way."""
    for block in _BLOCK.finditer(page):
        text = block["text"]
        if block["kind"] == "file":
            (folder / block["name"]).write_text(text)
        elif block["kind"] == "change":
            _change(folder / block["name"], text.splitlines(keepends=True))
        elif block["language"] == "console":
            for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
                yield Step(command, shown)


def _change(path, lines):
    """What a diff of one line of context and lines to add does."""
    context = lines[0][1:]
    text = path.read_text()
    assert text.count(context) == 1, f"{context!r} is not there once"
    assert all(line.startswith("+") for line in lines[1:])
    added = "".join(line[1:] for line in lines[1:])
    path.write_text(text.replace(context, context + added))


def environment(**more):
    """That of a shell in which this package is installed."""
    root = str(DOCS.parent)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": root, **more}


def run(command, folder, **more):
    """Run a line of a shell, as CI systems do: it ends with its first failure."""
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", command],
        check=False,
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
    )


def without_times(text):
    """A report without what differs each time."""
    for pattern, name in _TIMES:
        text = pattern.sub(name, text)
    return text


def fits(shown, printed):
    """Whether an output is what a page shows of it; a line ``...`` stands for any lines."""
    parts = [re.escape(part) for part in without_times(shown).split("...\n")]
    return re.fullmatch("(?:.*\n)*".join(parts), without_times(printed)) is not None


def resembles(shown, printed):
    """As ``fits``, and ``...`` inside of a line stands for anything in it."""
    lines = [
        "(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n"
        for line in shown.splitlines()
    ]
    return re.fullmatch("".join(lines), printed) is not None
