"""Whether a rule strikes: its conditions in order, and what came nearest when it does not."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from responder.core.hooks import Exchange
from responder.faults.inside import inside
from responder.faults.memory import ConnectionMemory, Counts, FaultMemory, Near
from responder.faults.rule import FaultSpec, Rule
from responder.spec.versions import ALL_VERSIONS, SpdmVersion

_Test = tuple[bool, str]


class Armed(msgspec.Struct, frozen=True):
    """A rule of a fault, ready to strike.

    Attributes:
        fault: the fault.
        rule: the rule.
        key: names the rule among all.
    """

    fault: FaultSpec
    rule: Rule
    key: str


class Occasion(msgspec.Struct):
    """What passes by at a hook.

    Attributes:
        exchange: the request and its surroundings; ``None`` outside of any.
        message: name of the response, empty before there is one.
        field: gives the value of a response's field; ``None`` if it has none.
        event, phase, kind, binding, register, access, purpose: what the hooks speak of that rules
            have such conditions for.
    """

    exchange: Exchange | None = None
    message: str = ""
    field: Callable[[str], Any] = lambda _: None
    event: str = ""
    phase: str = ""
    kind: str = ""
    binding: str = ""
    register: str = ""
    access: str = ""
    purpose: str = ""


def arm(faults: Iterable[FaultSpec]) -> list[Armed]:
    """The rules of some faults."""
    return [
        Armed(fault, rule, f"{fault.id}/{rule.name or number}")
        for fault in faults
        for number, rule in enumerate(fault.rules, 1)
    ]


class Matcher:
    """Decides for one connection."""

    def __init__(
        self, memory: FaultMemory, own: ConnectionMemory, draw: Callable[[str, int], float]
    ) -> None:
        self._memory = memory
        self._own = own
        self._draw = draw

    def strikes(self, armed: Armed, occasion: Occasion) -> bool:
        """Whether the rule strikes now; counts it, or keeps how near it came."""
        if occasion.exchange is not None:
            self._own.session = occasion.exchange.session_id
        for rank, (holds, text) in enumerate(self._tests(armed, occasion)):
            if not holds:
                self.miss(armed, Near(rank, f"{_place(occasion)}{text}"))
                return False
        return True

    def miss(self, armed: Armed, near: Near) -> None:
        """Remember what kept a rule from striking."""
        self._memory.miss(armed.fault.id, near)

    def counts(self, rule: Rule) -> Counts:
        """Where the rule counts."""
        if rule.scope == "exchange":
            return self._own.in_exchange[self._own.mailbox]
        if rule.scope == "session":
            return self._own.in_session[self._own.session]
        return self._memory if rule.scope in {"device", "process"} else self._own

    def _tests(self, armed: Armed, occasion: Occasion) -> Iterator[_Test]:
        rule, exchange = armed.rule, occasion.exchange
        if rule.message:
            names = {occasion.message}
            if exchange is not None:
                names.add(exchange.request.name)
            if rule.hook == "register":
                names.add(occasion.kind)
            yield bool(names & set(rule.message)), f"wanted {' or '.join(rule.message)}"
        if rule.inside:
            carried = {inside(fields_of(exchange)), inside(occasion.field)} - {""}
            text = f"{' and '.join(sorted(carried)) or 'nothing'} inside, {_wanted(rule.inside)}"
            yield bool(carried & set(rule.inside)), text
        yield from _about_place(rule, occasion)
        if rule.connection:
            ordinal = self._own.ordinal or self._memory.count + 1
            yield ordinal in rule.connection, f"connection {ordinal}, {_wanted(rule.connection)}"
        if exchange is not None:
            yield from _about_connection(rule, exchange)
        yield from self._about_history(armed)
        yield from _about_fields("request", rule.request, fields_of(exchange))
        yield from _about_fields("response", rule.response, occasion.field)
        yield from self._about_counts(armed)

    def _about_history(self, armed: Armed) -> Iterator[_Test]:
        happened = self.counts(armed.rule).happened
        own = f"{armed.fault.id}/"

        def names(wanted: list[str]) -> set[str]:
            return {f"step:{own}{one[5:]}" if one.startswith("step:") else one for one in wanted}

        if armed.rule.after:
            wanted = " or ".join(armed.rule.after)
            yield bool(names(armed.rule.after) & happened), f"not yet after {wanted}"
        if armed.rule.until:
            wanted = " or ".join(armed.rule.until)
            yield not names(armed.rule.until) & happened, f"already after {wanted}"

    def _about_counts(self, armed: Armed) -> Iterator[_Test]:
        rule, counts = armed.rule, self.counts(armed.rule)
        counts.matches[armed.key] += 1
        count = counts.matches[armed.key]
        if rule.nth:
            yield count in rule.nth, f"time {count}, {_wanted(rule.nth)}"
        yield count > rule.skip, f"time {count}, {rule.skip} are let pass"
        if rule.times is not None:
            struck = counts.strikes[armed.key]
            yield struck < rule.times, f"struck {struck} times already"
        if rule.probability is not None:
            drawn = self._draw(armed.key, count)
            text = f"drew {drawn:.3f}, probability {rule.probability}"
            yield drawn < rule.probability, text


def _about_place(rule: Rule, occasion: Occasion) -> Iterator[_Test]:
    if rule.hook == "connection":
        yield occasion.event == rule.event, f"event {occasion.event}, wanted {rule.event}"
    if rule.phase:
        yield occasion.phase in rule.phase, f"phase {occasion.phase}, {_wanted(rule.phase)}"
    if rule.hook == "frame":
        yield occasion.kind in rule.kind, f"a frame of kind {occasion.kind}, {_wanted(rule.kind)}"
        if rule.binding:
            text = f"binding {occasion.binding}, {_wanted(rule.binding)}"
            yield occasion.binding in rule.binding, text
    if rule.purpose:
        text = f"{occasion.purpose}, {_wanted(rule.purpose)}"
        yield occasion.purpose in rule.purpose, text
    if rule.hook == "register":
        yield from _about_register(rule, occasion)


def _about_register(rule: Rule, occasion: Occasion) -> Iterator[_Test]:
    if rule.space:
        fits = any(fnmatchcase(occasion.register, pattern) for pattern in rule.space)
        yield fits, f"{occasion.register}, {_wanted(rule.space)}"
    text = f"a {occasion.access} of {occasion.register}, {_wanted([rule.access])}"
    yield occasion.access == rule.access, text


def _about_connection(rule: Rule, exchange: Exchange) -> Iterator[_Test]:
    if rule.session is not None:
        inside = exchange.session_id is not None
        text = "inside a session" if inside else "outside of any session"
        yield inside == rule.session, text
    if rule.version:
        version = version_label(exchange.wire.version)
        yield version in rule.version, f"SPDM {version}, {_wanted(rule.version)}"
    if rule.algorithm:
        names = algorithms(exchange)
        text = f"{' and '.join(sorted(names)) or 'no algorithms'}, {_wanted(rule.algorithm)}"
        yield bool(names & set(rule.algorithm)), text


def _about_fields(
    what: str, wanted: Mapping[str, Any], field: Callable[[str], Any]
) -> Iterator[_Test]:
    for name, values in wanted.items():
        value = field(name)
        if isinstance(value, bytes):
            value = value.hex()
        accepted = values if isinstance(values, list) else [values]
        yield value in accepted, f"{what} {name} {_shown(value)}, {_wanted(accepted)}"


def algorithms(exchange: Exchange) -> set[str]:
    """The names of what is negotiated."""
    selected = exchange.connection.selected
    chosen = (
        selected.base_asym,
        selected.base_hash,
        selected.measurement_hash,
        selected.exchange,
        selected.aead,
    )
    return {one.name for one in chosen if one is not None}


def version_label(version: int) -> str:
    """``1.2`` for 0x12."""
    return SpdmVersion(version).label if version in ALL_VERSIONS else f"0x{version:02x}"


def fields_of(exchange: Exchange | None) -> Callable[[str], Any]:
    """Gives the fields of the request; ``None`` for one that it has not got."""
    return lambda name: getattr(exchange.request, name, None) if exchange else None


def _place(occasion: Occasion) -> str:
    name = occasion.message or (occasion.exchange.request.name if occasion.exchange else "")
    return f"{name}: " if name else ""


def _wanted(values: list[Any]) -> str:
    return f"wanted {' or '.join(map(str, values))}"


def _shown(value: Any) -> str:
    return "is missing" if value is None else str(value)
