"""What is known of the mutants: ``mutants.jsonl`` as it was measured, ``mutants.toml`` by hand.

``spdm-responder campaign mutants --json`` prints the former.
"""

import tomllib
from collections.abc import Mapping
from importlib import resources

import msgspec

from responder.campaign.mutants import Mutant

MEASURED = "mutants.jsonl"
REASONS = "mutants.toml"


def known_mutants() -> dict[str, Mutant]:
    """What came of each mutant when it was measured last, by check."""
    lines = _text(MEASURED).splitlines()
    found = [msgspec.json.decode(line, type=Mutant) for line in lines]
    return {mutant.check: mutant for mutant in found}


def reasons() -> Mapping[str, str]:
    """Why no case kills some mutants, by check."""
    return msgspec.convert(tomllib.loads(_text(REASONS)), dict[str, str])


def line_of(mutant: Mutant) -> str:
    """A line of the file of what was measured, without its end."""
    return msgspec.json.encode(mutant).decode()


def _text(name: str) -> str:
    return resources.files("responder.campaign").joinpath(name).read_text(encoding="utf-8")
