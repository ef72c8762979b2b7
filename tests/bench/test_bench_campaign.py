"""What a campaign costs beyond the conversations that it holds."""

from measuring import cpu_seconds, within

from responder.campaign.execution import Execution, Terms
from responder.campaign.executors import InlineExecutor
from responder.campaign.plan import Choice, chosen, full_plan
from responder.campaign.rehearsal import SEED
from responder.campaign.result import Result
from responder.campaign.target import read_target
from responder.campaign.targets.reference import ReferenceRunner

SAMPLE = Choice(sample=150, seed="bench", tags=("attestation", "session"))
AT_MOST = 1.5
"""Times the conversations alone: controls, verdicts, and what is kept are the rest."""


def test_a_campaign_is_little_more_than_its_conversations(tmp_path, report):
    cases = chosen(full_plan(), SAMPLE)
    runner = ReferenceRunner()

    def converse():
        for case in cases:
            runner.run(case.setting, [case.fault], SEED)

    lines, ends = [], []
    terms = Terms(
        target=read_target("our-requester"), work=str(tmp_path), seed=SEED, jobs=1, chunk=20
    )

    def campaign():
        execution = Execution(terms, InlineExecutor, lines.append, lambda _: None)
        ends.append(execution.run(cases))

    converse()
    spent = []

    def ratio():
        alone = cpu_seconds(converse)
        spent.append(cpu_seconds(campaign))
        return spent[-1] / alone

    measured = within(AT_MOST, ratio)

    results = [line for line in lines if isinstance(line, Result)]
    assert {one.verdict for one in results} <= {"pass", "unimplemented"}
    assert len(results) == len(cases) * len(spent)
    rate, share = len(cases) / spent[-1], 1 - ends[-1].requester_share
    report.add("campaign: cases a second, on one core", f"{rate:.0f}", "")
    report.add("campaign: share of time that is not the requester's own", f"{share:.0%}", "")
    report.add("campaign / its conversations alone", f"{measured:.2f}", f"at most {AT_MOST}")
    assert measured <= AT_MOST
