"""Carries out a plan: the steps of the connection, then its sessions with their steps."""

from responder.errors import ConfigError, suggest
from responder.requester.certificate import authenticate
from responder.requester.conversation import Conversation, Flow
from responder.requester.finish import finish
from responder.requester.identity import check_identity
from responder.requester.key_exchange import key_exchange
from responder.requester.options import AttestOptions
from responder.requester.plan import Plan, SessionPlan
from responder.requester.psk import psk_exchange
from responder.requester.report import SessionReport
from responder.requester.session import Session
from responder.requester.step_table import STEPS, PlanStep
from responder.requester.upkeep import end_session
from responder.spec.flags import ANY_PSK, Cap
from responder.spec.sessions import EndSessionAttributes, MutAuthRequested
from responder.spec.versions import V11

_MUTUAL = {
    0: "",
    MutAuthRequested.WITHOUT_ENCAPSULATION: "without encapsulation",
    MutAuthRequested.WITH_ENCAPSULATION: "with encapsulated requests",
    MutAuthRequested.WITH_DIGESTS: "with DIGESTS at once",
}


def check_options(options: AttestOptions) -> None:
    """Check that a plan can be carried out.

    Raises:
        ConfigError: as ``check_plan`` and ``check_identity``.
    """
    plan = options.plan
    check_plan(plan)
    check_identity(options)


def check_plan(plan: Plan) -> None:
    """Check the names of a plan.

    Raises:
        ConfigError: a step does not exist, or is not for where it stands, or a session would have
            to begin at GET_VERSION.
    """
    named = [(name, False) for name in plan.connection]
    named += [(name, True) for session in plan.sessions for name in session.steps]
    for name, inside in named:
        step = STEPS.get(name)
        if step is None:
            meant = suggest(name, STEPS)
            raise ConfigError(f"there is no step {name!r}", suggestion=meant)
        if (step.inside if inside else step.outside) is None:
            place = "in a session" if inside else "outside of sessions"
            raise ConfigError(f"the step {name!r} is not for {place}")
    clear = EndSessionAttributes.CLEAR_NEGOTIATED_STATE
    if any(session.attributes & clear for session in plan.sessions[:-1]):
        raise ConfigError("only the last session can clear the negotiated state: others need it")


def run_plan(c: Conversation) -> Flow[None]:
    """Do what the options' plan says; steps that the responder cannot do are noted and left out."""
    plan = c.options.plan
    for name in plan.connection:
        step = STEPS[name]
        if step.outside is not None and _possible(c, name, step):
            yield from step.outside(c)
    if plan.parallel:
        yield from _run_parallel(c, plan)
    else:
        for wanted in plan.sessions:
            opened = yield from _open(c, wanted)
            if opened is not None:
                yield from _run(c, wanted, *opened)
                yield from _end(c, wanted, *opened)


def _run_parallel(c: Conversation, plan: Plan) -> Flow[None]:
    found = []
    for wanted in plan.sessions:
        opened = yield from _open(c, wanted)
        if opened is not None:
            found.append((wanted, *opened))
    for row in found:
        yield from _run(c, *row)
    for row in found:
        yield from _end(c, *row)


def _possible(c: Conversation, name: str, step: PlanStep) -> bool:
    if step.possible(c):
        return True
    c.report.observe("step.unsupported", name)
    return False


def _open(c: Conversation, wanted: SessionPlan) -> Flow[tuple[Session, SessionReport] | None]:
    """Open a session, if both sides can."""
    flags, name = (ANY_PSK, "PSK_EXCHANGE") if wanted.psk else (Cap.KEY_EX, "KEY_EXCHANGE")
    able = c.agreed.version >= V11 and c.agreed.both(flags) and c.agreed.both(Cap.MAC)
    if not able:
        c.report.observe("step.unsupported", name)
        return None
    if wanted.slot is not None and wanted.slot != c.agreed.slot and not wanted.psk:
        yield from authenticate(c, wanted.slot)
    mutual = 0
    if wanted.psk:
        session = yield from psk_exchange(c, wanted)
    else:
        session, asked = yield from key_exchange(c, wanted)
        mutual = asked.form
        yield from finish(c, session, asked)
    session.used = c.now()
    c.sessions[session.id] = session
    c.session = None
    report = SessionReport(
        f"0x{session.id:08x}",
        name,
        _version(session.secured_version),
        session.heartbeat_period,
        _MUTUAL.get(mutual, f"0x{mutual:02x}"),
    )
    c.report.sessions.append(report)
    return session, report


def _version(number: int) -> str:
    return f"{number >> 12}.{number >> 8 & 0xF}" if number else ""


def _run(
    c: Conversation, wanted: SessionPlan, session: Session, report: SessionReport
) -> Flow[None]:
    c.session = session
    for name in wanted.steps:
        step = STEPS[name]
        if step.inside is not None and _possible(c, name, step):
            yield from step.inside(c, session)
            report.steps.append(name)
    c.session = None


def _end(
    c: Conversation, wanted: SessionPlan, session: Session, report: SessionReport
) -> Flow[None]:
    if wanted.end:
        c.session = session
        yield from end_session(c, session, wanted.attributes)
        c.ide.session_over(session.id)
        c.tdi.session_over(session.id)
        report.ended = True
