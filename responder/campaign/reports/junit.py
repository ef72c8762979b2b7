"""A campaign as JUnit XML, as Jenkins, GitLab and Ant's schema want it."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from responder.campaign.reports.printable import one_line, printable, shortened
from responder.campaign.reports.summary import (
    Group,
    Summary,
    fault_of,
    given_reasons,
    verdict_text,
)
from responder.campaign.result import FAILURES, Result

_SKIPPED = frozenset({"unreached", "unimplemented"})
_LONGEST = 4000
"""Characters of what a requester wrote."""


def junit(summary: Summary) -> str:
    """The document: a suite for each group, a test case for each case.

    A case that was not reached, cannot be done by the requester, or failed as expected is skipped.
    Problems of the campaign itself are errors of a suite of their own.
    """
    root = ET.Element("testsuites")
    suites = [_problem_suite(summary)] if summary.problems else []
    suites += [_group_suite(summary, group) for group in summary.groups]
    for number, suite in enumerate(suites):
        suite.set("id", str(number))
        root.append(suite)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _group_suite(summary: Summary, group: Group) -> ET.Element:
    cases = [_case(result) for result in group.results]
    seconds = sum(result.observed.seconds for result in group.results)
    return _suite(summary, f"{group.letter}: {group.title}", cases, seconds)


def _problem_suite(summary: Summary) -> ET.Element:
    cases = []
    for problem in summary.problems:
        case = ET.Element("testcase", name=printable(problem), classname="campaign", time="0.000")
        ET.SubElement(case, "error", type="campaign", message=printable(problem))
        cases.append(case)
    return _suite(summary, "campaign", cases, 0.0)


def _suite(summary: Summary, name: str, cases: Sequence[ET.Element], seconds: float) -> ET.Element:
    begin = summary.campaign.begin
    suite = ET.Element(
        "testsuite",
        name=name,
        package=one_line(begin.target),
        hostname="localhost",
        timestamp=begin.started[:19] or "1970-01-01T00:00:00",
        time=f"{seconds:.3f}",
        tests=str(len(cases)),
        failures=_count(cases, "failure"),
        errors=_count(cases, "error"),
        skipped=_count(cases, "skipped"),
    )
    properties = ET.SubElement(suite, "properties")
    for key, value in (
        ("target", begin.target),
        ("target digest", begin.target_digest),
        ("seed", begin.seed),
        ("shard", begin.shard),
        ("spdm-responder", begin.program),
    ):
        ET.SubElement(properties, "property", name=key, value=one_line(value))
    suite.extend(cases)
    ET.SubElement(suite, "system-out")
    ET.SubElement(suite, "system-err")
    return suite


def _count(cases: Sequence[ET.Element], tag: str) -> str:
    return str(sum(case.find(tag) is not None for case in cases))


def _case(result: Result) -> ET.Element:
    group = result.group or "other"
    case = ET.Element(
        "testcase",
        name=one_line(result.case),
        classname=f"spdm.{group}.{one_line(fault_of(result))}",
        time=f"{result.observed.seconds:.3f}",
    )
    sentence = one_line(result.text)
    if result.verdict in _SKIPPED:
        ET.SubElement(case, "skipped", message=f"{result.verdict}: {sentence}")
    elif result.verdict in FAILURES and result.expectation:
        reason = one_line(result.expectation)
        message = f"{verdict_text(result)}, as expected ({reason}): {sentence}"
        ET.SubElement(case, "skipped", message=message)
    elif result.verdict in FAILURES:
        message = f"{verdict_text(result)}: {sentence}"
        failure = ET.SubElement(case, "failure", type=result.verdict, message=message)
        failure.text = "\n".join(_details(result))
    return case


def _details(result: Result) -> list[str]:
    observed = result.observed
    process = observed.process
    facts = [
        ("", result.text),
        ("Fault", result.description),
        ("Duty", " or ".join((result.duty, *result.allows))),
        ("Source", f"{result.source} ({result.basis})" if result.source else ""),
        ("Should refuse for", ", ".join(result.expected)),
        ("Refused for", given_reasons(result)),
        ("After the fault", ", ".join(observed.wire.reaction)),
        ("Standard output", process.stdout if process else ""),
        ("Standard error", process.stderr if process else ""),
    ]
    return [
        f"{name}: {text}" if name else text
        for name, text in ((name, shortened(printable(text), _LONGEST)) for name, text in facts)
        if text.strip()
    ]
