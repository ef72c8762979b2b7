"""A campaign as SARIF 2.1.0, as GitHub code scanning reads it."""

import hashlib
from typing import Any
from urllib.parse import quote

from responder.campaign.reports.printable import one_line, printable, shortened
from responder.campaign.reports.summary import (
    SECURITY,
    Summary,
    basis_rank,
    fault_of,
    given_reasons,
    verdict_text,
)
from responder.campaign.result import Result
from responder.faults.words import BASES, DUTIES

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_LEVELS = ("error", "warning", "note")
"""By ``basis_rank``."""
_ALWAYS_ERRORS = frozenset({"crash", "hang"})
_LONGEST = 1000
"""Characters of a description that GitHub takes."""


def sarif(summary: Summary, location: str) -> dict[str, Any]:
    """The document.

    Args:
        summary: what to tell.
        location: the file on which the results are shown, relative to the repository: GitHub
            takes none without one.
    """
    failures = summary.failures
    families = list(dict.fromkeys(fault_of(result) for result in failures))
    rules = {family: number for number, family in enumerate(families)}
    first = {fault_of(result): result for result in reversed(failures)}
    begin = summary.campaign.begin
    driver = {
        "name": "spdm-responder",
        "version": begin.program,
        "rules": [_rule(first[family]) for family in families],
    }
    invocation: dict[str, Any] = {
        "executionSuccessful": not summary.problems,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": printable(problem)}}
            for problem in summary.problems
        ],
    }
    if begin.started:
        invocation["startTimeUtc"] = begin.started
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"spdm-responder/{quote(begin.target)}/"},
        "invocations": [invocation],
        "properties": {"target": one_line(begin.target), "seed": one_line(begin.seed)},
        "results": [_result(result, rules, location) for result in failures],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def level(result: Result) -> str:
    """How loud a failure is: by the basis of the duty; a crash or a hang is always an error."""
    if result.weight == SECURITY or result.verdict in _ALWAYS_ERRORS:
        return "error"
    return _LEVELS[min(basis_rank(result), len(_LEVELS) - 1)]


def _rule(result: Result) -> dict[str, Any]:
    duty = DUTIES.get(result.duty, result.duty)
    basis = BASES.get(result.basis, result.basis)
    description = shortened(one_line(result.description) or fault_of(result), _LONGEST)
    lines = [
        description,
        f"A conforming requester must {duty}.",
        f"Source: {one_line(result.source)} ({result.basis}: {basis}).",
        f"`spdm-responder fault explain {fault_of(result)}` shows it in an example.",
    ]
    return {
        "id": fault_of(result),
        "shortDescription": {"text": description},
        "fullDescription": {"text": description},
        "help": {"text": "\n\n".join(lines)},
        "defaultConfiguration": {"level": level(result)},
        "properties": {"tags": ["spdm", *([result.duty] if result.duty else [])]},
    }


def _result(result: Result, rules: dict[str, int], location: str) -> dict[str, Any]:
    digest = hashlib.sha256(result.case.encode()).hexdigest()
    place = {
        "artifactLocation": {"uri": quote(location)},
        "region": {"startLine": 1},
    }
    return {
        "ruleId": fault_of(result),
        "ruleIndex": rules[fault_of(result)],
        "level": level(result),
        "message": {"text": _message(result)},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"primaryLocationLineHash": digest},
        "properties": {
            "case": result.case,
            "verdict": result.verdict,
            "weight": result.weight,
            "duty": result.duty,
            "basis": result.basis,
            "setting": result.setting,
        },
    }


def _message(result: Result) -> str:
    parts = (
        (f"{result.case}: {verdict_text(result)}. ", result.text),
        ("Should refuse for: ", ", ".join(result.expected)),
        ("Refused for: ", given_reasons(result)),
    )
    lines = [f"{name}{text}".replace("](", "] (") for name, text in parts if text]  # no links
    return "\n".join(shortened(printable(line), _LONGEST) for line in lines)
