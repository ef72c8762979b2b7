"""One case once more."""

from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from responder.campaign.attempt import Health, health_of, lacking, result_of, unimplemented
from responder.campaign.plan import Case
from responder.campaign.result import Observed, Result
from responder.campaign.setting import Setting
from responder.campaign.target import Target, Transport
from responder.campaign.targets.runner import Runner, runner_of
from responder.campaign.targets.served import transport_of
from responder.campaign.verdict import judge
from responder.transport.uri import parse_uri


class Replayed(Struct, frozen=True):
    """A case that was run once more.

    Attributes:
        case: the case.
        result: what came of it.
        transport: what carried it, or would carry it if its sides are in one process.
    """

    case: Case
    result: Result
    transport: Transport


def replay(case: Case, target: Target, seed: bytes, work: Path) -> Replayed:
    """Run a case, after the same conversation without the fault.

    Args:
        case: what to run.
        target: the requester under test.
        seed: of all randomness.
        work: a folder, which exists.

    Raises:
        ConfigError: the target cannot be run, or the fault does not fit the device.
    """
    runner = runner_of(target, work)
    try:
        health = health_of(runner.run(case.setting, (), seed))
        why = lacking(case, health)
        result = unimplemented(case, why) if why else _result(runner, case, seed, health)
    finally:
        runner.close()
    return Replayed(case, result, _transport(case.setting, target))


def _result(runner: Runner, case: Case, seed: bytes, health: Health) -> Result:
    """The result, with all bytes of the exchange even if it is a pass."""
    observed = runner.run(case.setting, [case.fault], seed, case.id)
    healthy = Observed(surfaced=health.surfaced)
    judged = case.setting.judged
    judgement = judge(case.fault, observed, healthy, case.expected, judged=judged)
    return replace(result_of(case, judgement, observed), observed=observed)


def _transport(setting: Setting, target: Target) -> Transport:
    """What carried a conversation; in one process what could have."""
    if target.kind != "reference":
        return transport_of(setting, target) or target.transports[0]
    if setting.listen:
        endpoint = parse_uri(setting.listen)
        return "dsp0287" if endpoint.framing == "dsp0287" else endpoint.binding or "mctp"
    return "doe" if setting.mailbox or setting.padding else "mctp"
