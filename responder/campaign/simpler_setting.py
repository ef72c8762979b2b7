"""Simpler versions of a conversation: of its device, of what the requester does, and of the way.

Each is a guess: whoever asks tries it. A device is a table here, a whole profile without faults.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from responder.campaign.setting import OPTIONS, TIMEOUT, Setting
from responder.campaign.smaller import fewer, fewer_bits
from responder.requester.options import AttestOptions, Offer
from responder.requester.plan import Plan, SessionPlan
from responder.spec.flags import Cap
from responder.spec.limits import SUMMARY_NONE
from responder.spec.versions import SpdmVersion

Table = dict[str, Any]
Described = TypeVar("Described", Setting, AttestOptions)
_KEPT = frozenset({"description", "spdm"})
_ONE_WAY = ("listen", "mailbox", "hello", "discover", "timeout", "linger")
_USUAL = Setting(name="", text="", timeout=TIMEOUT)
_ALONE = (
    "hello", "discover", "padding", "records", "connections", "runs", "resumed", "attach",
    "identity", "limited_slots", "new_chain", "parts",
)  # fmt: skip
"""What a conversation may do without, each by itself."""


def simpler_devices(device: Table) -> Iterator[tuple[Table, str]]:
    """Devices with one version, without a table, with less in a list, without a key."""
    versions = device["spdm"]["versions"]
    if len(versions) > 1:
        for version in versions:
            spdm = {**device["spdm"], "versions": [version]}
            yield {**device, "spdm": spdm}, f"all versions but {version}"
    for key in device:
        if key not in _KEPT:
            yield _without(device, key), key
    yield from _smaller_tables(device, "")


def simpler_ways(setting: Setting) -> Iterator[tuple[Setting, str]]:
    """The conversation in one process, without sockets, and with less between its sides."""
    usual_way: dict[str, Any] = {key: getattr(_USUAL, key) for key in _ONE_WAY}
    plain = replace(setting, **usual_way)
    if plain != setting:
        way = setting.listen.partition(":")[0] or "the mailbox's registers"
        yield plain, f"transport: {way}"
    for key in _ALONE:
        usual = getattr(_USUAL, key)
        if getattr(setting, key) != usual:
            yield _with(setting, key, usual), f"conversation: {key}"


def simpler_requesters(setting: Setting) -> Iterator[tuple[Setting, str]]:
    """The conversation with a requester that does and offers less."""
    options = setting.options
    for simpler, text in _simpler_options(options):
        yield replace(setting, options=simpler), f"requester: {text}"


def _with(one: Described, key: str, value: object) -> Described:
    """One of the classes that describe a conversation, with another value."""
    changed: dict[str, Any] = {key: value}
    return replace(one, **changed)


def _without(table: Table, key: str) -> Table:
    return {name: value for name, value in table.items() if name != key}


def _smaller_tables(table: Table, path: str) -> Iterator[tuple[Table, str]]:
    """Tables with less in one of the lists, or without a key, anywhere below."""
    for key, value in table.items():
        here = f"{path}.{key}".lstrip(".")
        if isinstance(value, Mapping):
            for name in value:
                yield {**table, key: _without(dict(value), name)}, f"{here}.{name}"
        for smaller, text in _smaller_values(value, here):
            yield {**table, key: smaller}, text


def _smaller_values(value: Any, path: str) -> Iterator[tuple[Any, str]]:
    if isinstance(value, Mapping):
        yield from _smaller_tables(dict(value), path)
    elif isinstance(value, list):
        for kept, gone in fewer(value, 0):
            yield kept, f"{path}: {', '.join(_name(value[number], number) for number in gone)}"


def _name(element: Any, number: int) -> str:
    if isinstance(element, Mapping):
        return str(element.get("id", element.get("index", number)))
    return str(element)


def _simpler_options(options: AttestOptions) -> Iterator[tuple[AttestOptions, str]]:
    if len(options.versions) > 1:
        for version in sorted(options.versions):
            label = SpdmVersion(version).label
            yield replace(options, versions=(version,)), f"all versions but {label}"
    for plan, text in _simpler_plans(options.plan):
        yield replace(options, plan=plan), text
    for key, least in (("vendor", None), ("san", None), ("summary", SUMMARY_NONE)):
        if getattr(options, key) != least:
            yield _with(options, key, least), key
    if options.measurements != OPTIONS.measurements:
        yield replace(options, measurements=OPTIONS.measurements), "measurements"
    for offer, text in _simpler_offers(options.offer):
        yield replace(options, offer=offer), text


def _simpler_plans(plan: Plan) -> Iterator[tuple[Plan, str]]:
    for sessions, gone in fewer(plan.sessions, 0):
        yield replace(plan, sessions=tuple(sessions)), _counted("session", gone)
    if plan.parallel:
        yield replace(plan, parallel=False), "sessions at once"
    for steps, gone in fewer(plan.connection, 0):
        text = ", ".join(plan.connection[number] for number in gone)
        yield replace(plan, connection=tuple(steps)), f"steps {text}"
    for place, session in enumerate(plan.sessions):
        for simpler, text in _simpler_sessions(session):
            sessions = [*plan.sessions[:place], simpler, *plan.sessions[place + 1 :]]
            yield replace(plan, sessions=tuple(sessions)), f"session {place + 1}: {text}"


def _simpler_sessions(session: SessionPlan) -> Iterator[tuple[SessionPlan, str]]:
    for steps, gone in fewer(session.steps, 0):
        text = ", ".join(session.steps[number] for number in gone)
        yield replace(session, steps=tuple(steps)), f"steps {text}"
    if session.summary != SUMMARY_NONE:
        yield replace(session, summary=SUMMARY_NONE), "summary"


def _simpler_offers(offer: Offer) -> Iterator[tuple[Offer, str]]:
    if offer.flags:
        yield replace(offer, flags=Cap(0)), f"capabilities {_flags(offer.flags)}"
    for bits in fewer_bits(offer.flags):
        gone = offer.flags & ~Cap(bits)
        yield replace(offer, flags=Cap(bits)), f"capabilities {_flags(gone)}"


def _flags(flags: Cap) -> str:
    return ", ".join(flag.name or hex(flag) for flag in flags)


def _counted(word: str, places: list[int]) -> str:
    return ", ".join(f"{word} {place + 1}" for place in places)
