"""The page about mutants: which checks of our requester the catalogue tests, and by which case."""

from collections import Counter

from fault_docs import table

from responder.campaign.mutants import OUTCOMES, Mutant
from responder.campaign.mutants_known import known_mutants, reasons
from responder.requester.check_table import CHECKS

_TEXT = """\
# Mutants

How good are the faults? A mutant is our requester with one of its {checks} checks left out. A case
of the catalogue in which the whole requester refuses by that check, and the mutant fails, kills it:
whoever forgets this check is found by that case.

{outcomes}
`spdm-responder campaign mutants` measures this.

"""
_MEANING = {
    "killed": "A case finds it.",
    "noticed": "In every case another check of ours refuses in its place, later.",
    "survived": "Without the check all cases end as they may.",
    "unreached": "No case makes our requester refuse by it.",
}
_ALIVE = """
## Those that are not killed

"""
_KILLED = """
## Those that are killed

Of many cases that do, one. The verdict is that on the mutant.

"""


def mutants() -> str:
    """What was measured last, and why some mutants live."""
    found, why = known_mutants(), reasons()
    alive = [mutant for mutant in found.values() if mutant.outcome != "killed"]
    killed = [mutant for mutant in found.values() if mutant.outcome == "killed"]
    counts = Counter(mutant.outcome for mutant in found.values())
    outcomes = table(
        ["Outcome", "Mutants", "What it means"],
        [[name, str(counts[name]), _MEANING[name]] for name in OUTCOMES],
    )
    return (
        _TEXT.format(checks=len(CHECKS), outcomes=outcomes)
        + _ALIVE.lstrip("\n")
        + table(
            ["Check left out", "Outcome", "Case", "Refused instead", "Why"],
            [[*_row(one), _code(*one.behind), why.get(one.check, "")] for one in alive],
        )
        + _KILLED
        + table(
            ["Check left out", "Case", "Verdict"],
            [[_code(one.check), _code(one.case), one.verdict] for one in killed],
        )
    )


def _row(mutant: Mutant) -> list[str]:
    return [_code(mutant.check), mutant.outcome, _code(mutant.case)]


def _code(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names if name)
