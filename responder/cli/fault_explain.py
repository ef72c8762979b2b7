"""What ``fault explain`` tells: the fault, and what it does in an example."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import msgspec

from responder.campaign.conversation import converse
from responder.campaign.rehearsal import SEED, Rehearsal, rehearse, settings_for
from responder.campaign.setting import Setting
from responder.cli.fault_bytes import message_leaves, pairs_of
from responder.cli.fault_words import rule_texts
from responder.cli.side_by_side import Pair, changed_fields, paired
from responder.core.events import FaultFired
from responder.errors import ConfigError, suggest
from responder.faults.catalogue import find, group_of, groups, tables
from responder.faults.rule import FaultSpec
from responder.profiles.load import load_profile
from responder.requester.report import Report
from responder.server.mailbox_port import FRAMING
from responder.transport.uri import parse_uri
from responder.wire.context import WireContext
from responder.wire.follow import Conversation
from responder.wire.frames import layers_of

_LINK = frozenset({"frame", "connection"})
_DISCOVERY = "discovery"
_NOTHING_KNOWN = WireContext()
_SHOWN = 2
"""How many strikes at one request are shown."""


class Change(msgspec.Struct, frozen=True):
    """One strike: what it did, and the bytes before and after.

    Attributes:
        fired: the evidence.
        pairs: the fields; empty if no bytes were changed.
    """

    fired: FaultFired
    pairs: list[Pair]

    def document(self) -> dict[str, Any]:
        """As JSON-able values."""
        fired = self.fired
        return {
            "hook": fired.hook,
            "message": fired.message,
            "detail": fired.detail,
            "before": fired.before.hex(),
            "after": fired.after.hex(),
            "changed": changed_fields(self.pairs),
        }


class Example(msgspec.Struct, frozen=True):
    """A fault in a conversation with the reference requester.

    Attributes:
        shown: the conversation, without the fault and with it.
        request: the request at which it struck; ``None`` if it struck at none.
        response: what was answered; ``None`` is silence.
        healthy: what is answered without the fault; ``None`` if the run was another by then.
        changes: what it did at that request.
        more: how often it struck later.
        answer: the two answers beside each other, if no bytes were told as changed.
    """

    shown: Rehearsal
    request: bytes | None
    response: bytes | None
    healthy: bytes | None
    changes: list[Change]
    more: int
    answer: list[Pair]

    @property
    def report(self) -> Report | None:
        """What the requester found at the end; ``None`` if it did not get so far."""
        reports = self.shown.faulted.reports
        return reports[-1] if reports else None

    @property
    def nearest(self) -> str:
        """What came nearest, if the fault did not strike."""
        return "; ".join(self.shown.faulted.missed)


class Explained(msgspec.Struct, frozen=True):
    """A fault, and an example of it.

    Attributes:
        fault: the fault, or its first case.
        table: as the catalogue writes it.
        group, title: the letter of its group, and what that is about.
        cases: how many cases it has.
        example: a conversation in which it strikes.
    """

    fault: FaultSpec
    table: Mapping[str, Any]
    group: str
    title: str
    cases: int
    example: Example

    def document(self) -> dict[str, Any]:
        """As a JSON document; bytes are hexadecimal."""
        fault, example = self.fault, self.example
        report = example.report
        refusal = report.refusal if report else None
        return {
            "id": fault.id,
            "group": self.group,
            "title": self.title,
            "description": fault.description,
            "duty": fault.duty,
            "allows": fault.allows,
            "basis": fault.basis,
            "source": fault.source,
            "importance": fault.importance,
            "cases": self.cases,
            "strikes": list(rule_texts(fault)),
            "table": self.table,
            "example": {
                "setting": example.shown.setting.name,
                "request": _hex(example.request),
                "response": _hex(example.response),
                "healthy_response": _hex(example.healthy),
                "strikes": [change.document() for change in example.changes],
                "more_strikes": example.more,
                "nearest": example.nearest,
                "verdict": report.verdict if report else None,
                "refusal": asdict(refusal) if refusal else None,
            },
        }


def explained(fault_id: str) -> Explained:
    """What there is to say of a fault; of one with several cases, of the first.

    Raises:
        ConfigError: there is no such fault.
    """
    found = find(fault_id)
    fault = found[0]
    group = group_of(fault_id)
    table = tables()[fault.family]
    count = len(found) if fault_id == fault.family else len(find(fault.family))
    return Explained(fault, table, group.letter, group.title, count, _example(rehearse(fault)))


def explained_in(profile: str, fault_id: str = "") -> Explained:
    """What there is to say of a fault of a profile, in conversations with its device.

    Args:
        profile: its name or path.
        fault_id: a case, or a fault, which is its first case; the profile's first one if empty.

    Raises:
        ConfigError: the profile is wrong, or has no such fault.
    """
    loaded = load_profile(profile)
    found = [one for one in loaded.faults if fault_id in {"", one.id, one.family}]
    if not found:
        names = [name for one in loaded.faults for name in (one.id, one.family)]
        reason = f"{loaded.name} has no fault {fault_id!r}" if fault_id else "it has no faults"
        raise ConfigError(reason, where=profile, suggestion=suggest(fault_id, names))
    fault = found[0]
    cases = [one for one in loaded.faults if one.family == fault.family]
    written = [one for one in loaded.spec.fault if one.get("id") == fault.family]
    table = written[0] if written else tables()[fault.family]
    title = f"faults of the profile {loaded.name}"
    shown = _rehearsed_in(profile, fault)
    return Explained(fault, table, "-", title, len(cases), _example(shown))


def _rehearsed_in(profile: str, fault: FaultSpec) -> Rehearsal:
    """The usual conversations, with the device of a profile, until the fault strikes."""
    tried: dict[str, str] = {}
    for usual in settings_for(fault):
        overrides = {**usual.overrides, "fault": [], "faults": []}
        setting = replace(usual, profile=profile, overrides=overrides)
        faulted = converse(setting, [fault], SEED)
        if faulted.evidence:
            break
        tried[usual.name] = "; ".join(faulted.missed)
    return Rehearsal(fault, setting, converse(setting, (), SEED), faulted, tried)


def unbuilt_text(fault_id: str) -> str:
    """Why a line of the catalogue is no fault here; empty if it is one, or nobody knows it."""
    for group in groups():
        for oracle in group.oracles:
            if oracle.id == fault_id:
                return (
                    f"{oracle.id} is no fault, but asked of every requester: {oracle.description}\n"
                    f"{oracle.basis}: {oracle.source}\n`spdm-responder fault judge` looks for it."
                )
        for line in group.unbuilt:
            if line.id == fault_id:
                return f"{line.id} is not built: {line.reason}\n{line.description}"
    return ""


def _example(shown: Rehearsal) -> Example:
    run = shown.faulted
    struck = [n for n, fired in zip(run.struck(), run.evidence, strict=True) if _answers(fired)]
    if not (struck and run.exchanges):
        changes = [_change(fired, shown) for fired in run.evidence[:_SHOWN]]
        return Example(shown, None, None, None, changes, len(run.evidence) - len(changes), [])
    at = struck[0]
    exchange, healthy = run.exchanges[at], _healthy(shown, at)
    before = [one for each in run.exchanges[:at] for one in (each.request, each.response) if one]
    context = _context(before, exchange.request)
    here = [fired for n, fired in zip(run.struck(), run.evidence, strict=True) if n == at][:_SHOWN]
    changes = [_change(fired, shown, context) for fired in here]
    answer: list[Pair] = []
    if healthy is not None and not any(change.pairs for change in changes):
        after = message_leaves(exchange.response or b"", context)
        answer = paired(message_leaves(healthy, context), after)
    more = len(run.evidence) - len(here)
    return Example(shown, exchange.request, exchange.response, healthy, changes, more, answer)


def _answers(fired: FaultFired) -> bool:
    """Whether the fault struck what answers a request."""
    return fired.hook not in _LINK or fired.message not in {"", _DISCOVERY}


def _healthy(shown: Rehearsal, at: int) -> bytes | None:
    """What the same request is answered without the fault."""
    exchanges = shown.healthy.exchanges
    if at < len(exchanges) and exchanges[at].request == shown.faulted.exchanges[at].request:
        return exchanges[at].response
    return None


def _change(fired: FaultFired, shown: Rehearsal, context: WireContext = _NOTHING_KNOWN) -> Change:
    return Change(fired, pairs_of(fired, context, layers_in(shown.setting, fired)))


def layers_in(setting: Setting, fired: FaultFired) -> tuple[str, ...]:
    """What the frames of a conversation are made of; empty if none was struck."""
    if fired.hook != "frame":
        return ()
    if setting.mailbox:
        return layers_of(*FRAMING, fired.message or "spdm")
    endpoint = parse_uri(setting.listen)
    return layers_of(endpoint.framing, endpoint.binding or "none", fired.message or "spdm")


def _context(before: Sequence[bytes], request: bytes) -> WireContext:
    """What the answer to a request is read with."""
    conversation = Conversation()
    for message in before:
        conversation.feed(message)
    return conversation.feed(request)


def _hex(data: bytes | None) -> str | None:
    return None if data is None else data.hex()
