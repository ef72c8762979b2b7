"""Runs one case, and says what came of it."""

from msgspec import Struct
from msgspec.structs import replace

from responder.campaign.plan import Case
from responder.campaign.rehearsal import SEED, healthy_run
from responder.campaign.result import Exchange, Observed, Result, Strike
from responder.campaign.targets.reference import observed_of
from responder.campaign.targets.runner import Runner
from responder.campaign.verdict import Judgement, judge
from responder.spec.codes import RequestCode, ResponseCode, name_of_code

_KEPT = 2
"""Bytes that are kept of a message in which nothing is of interest: its version and code."""
_NEGOTIATING = frozenset(
    {
        RequestCode.GET_VERSION,
        RequestCode.GET_CAPABILITIES,
        RequestCode.NEGOTIATE_ALGORITHMS,
        ResponseCode.VERSION,
        ResponseCode.CAPABILITIES,
        ResponseCode.ALGORITHMS,
    }
)
"""Messages that are kept whole: the layout of all others depends on what they agree on."""
_BEFORE = frozenset({"GET_VERSION", "VERSION"})
"""Messages that are of 1.0 whatever the requester speaks."""
_MAX_STRIKE = 512
_MAX_STRIKES = 3


class Health(Struct, frozen=True, kw_only=True):
    """What a requester does in a conversation without any fault.

    Attributes:
        passed: it ended well.
        unimplemented: the target cannot hold this conversation at all.
        text: why it did not.
        messages: names of the requests that it sent, and of their answers.
        version: the SPDM version that it came to, such as ``1.2``; empty if to none.
        surfaced: what it tells even then.
    """

    passed: bool
    unimplemented: bool = False
    text: str = ""
    messages: frozenset[str] = frozenset()
    version: str = ""
    surfaced: tuple[str, ...] | None = None


def health_of(observed: Observed) -> Health:
    """What a run without faults says."""
    names = {
        name_of_code(message[1])
        for exchange in observed.wire.exchanges
        for message in (exchange.request, exchange.response)
        if len(message) > 1
    }
    silent = "" if observed.wire.count or observed.unimplemented else "it asks for nothing"
    text = observed.crash or observed.hang or silent or observed.text
    return Health(
        passed=observed.succeeded and not (observed.crash or observed.hang or silent),
        unimplemented=observed.unimplemented,
        text=text,
        messages=frozenset(names),
        version=_version_of(observed),
        surfaced=observed.surfaced,
    )


def _version_of(observed: Observed) -> str:
    """The highest SPDMVersion in its requests, once it has left that of GET_VERSION."""
    versions = [one.request[0] for one in observed.wire.exchanges if len(one.request) > 1]
    return f"{max(versions) >> 4}.{max(versions) & 0xF}" if len(versions) > 1 else ""


def lacking(case: Case, health: Health) -> str:
    """Why a requester cannot meet a case: it need not be run; empty if it can.

    It cannot if it speaks another version, or lacks a message that our requester has in the same
    conversation.
    """
    if health.unimplemented:
        return health.text
    if not health.passed:
        return f"its conversation ({case.setting.name}) fails without any fault: {health.text}"
    rules = [rule for rule in case.fault.rules if not _BEFORE & {*rule.message}]
    versions = {version for rule in rules for version in rule.version}
    if versions and health.version and health.version not in versions:
        return f"it speaks SPDM {health.version}, and this is of {' and '.join(sorted(versions))}"
    named = {name for rule in case.fault.rules for name in rule.message} - health.messages
    if not named:
        return ""
    usual = health_of(observed_of(healthy_run(case.setting.name, SEED))).messages
    missing = named & usual
    return f"it never has {' or '.join(sorted(missing))}" if missing else ""


def attempt(
    runner: Runner, case: Case, seed: bytes, health: Health | None = None, *, repeat: int = 0
) -> Result:
    """Run a case and judge it.

    Args:
        runner: runs the requester.
        case: what to run.
        seed: of all randomness.
        health: what the requester does in that conversation without a fault.
        repeat: how often a verdict that is no pass must be repeated, to be no ``flaky``.

    Raises:
        ConfigError: the fault does not fit the device.
    """
    observed = runner.run(case.setting, [case.fault], seed, case.id)
    judgement = _judged(case, observed, health)
    attempts = 1
    while attempts <= repeat and judgement.verdict not in {"pass", "unimplemented"}:
        again = _judged(case, runner.run(case.setting, [case.fault], seed, case.id), health)
        attempts += 1
        if again.verdict != judgement.verdict:
            text = (
                f"first {judgement.verdict}: {judgement.text}; then {again.verdict}: {again.text}"
            )
            judgement = Judgement("flaky", text)
            break
    return result_of(case, judgement, observed, attempts=attempts)


def result_of(case: Case, judgement: Judgement, observed: Observed, *, attempts: int = 1) -> Result:
    """The result of a case, as a store keeps it."""
    fault = case.fault
    return Result(
        case=case.id,
        verdict=judgement.verdict,
        text=judgement.text,
        weight=judgement.weight,
        description=fault.description,
        duty=fault.duty,
        allows=tuple(fault.allows),
        basis=fault.basis,
        source=fault.source,
        importance=fault.importance,
        group=case.group,
        setting=case.setting.name,
        expected=case.expected,
        observed=slim(observed) if judgement.verdict == "pass" else observed,
        attempts=attempts,
    )


def unimplemented(case: Case, why: str) -> Result:
    """The result of a case that is not run."""
    return result_of(case, Judgement("unimplemented", why), Observed(), attempts=0)


def slim(observed: Observed) -> Observed:
    """The same without the bytes of exchanges that nothing happened to."""
    wire = observed.wire
    strikes = tuple(_short(one) for one in wire.strikes[:_MAX_STRIKES])
    exchanges = tuple(one if one.struck else _header(one) for one in wire.exchanges)
    process = observed.process
    if process is not None:
        process = replace(process, stdout=process.stdout[-_MAX_STRIKE:], stderr="")
    return replace(
        observed, wire=replace(wire, strikes=strikes, exchanges=exchanges), process=process
    )


def _short(strike: Strike) -> Strike:
    before, after = strike.before[:_MAX_STRIKE], strike.after[:_MAX_STRIKE]
    return replace(strike, before=before, after=after)


def _header(exchange: Exchange) -> Exchange:
    request, response = _headed(exchange.request), _headed(exchange.response)
    return replace(exchange, request=request, response=response, time=0.0, took=0.0)


def _headed(message: bytes) -> bytes:
    return message if set(message[1:_KEPT]) & _NEGOTIATING else message[:_KEPT]


def _judged(case: Case, observed: Observed, health: Health | None) -> Judgement:
    healthy = Observed(surfaced=health.surfaced) if health is not None else None
    return judge(case.fault, observed, healthy, case.expected, judged=case.setting.judged)
