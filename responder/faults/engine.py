"""Faults at work: matches rules at the hooks, has their actions done, records the evidence."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from responder.core.connection import Connection
from responder.core.effects import ArmTimer, Effect, Emit, Send
from responder.core.errors import ProtocolError
from responder.core.events import FaultFired
from responder.core.hooks import (
    Access,
    Deed,
    Defer,
    Derivation,
    Exchange,
    Frame,
    Hooks,
    Link,
    PeerEvent,
    Sealing,
    Signing,
)
from responder.core.interfaces import Device
from responder.crypto.random_tree import RandomTree
from responder.faults import actions as act
from responder.faults import edits, structs
from responder.faults.editing import edit
from responder.faults.edits import Action
from responder.faults.links import FrameInProgress, accepted
from responder.faults.match import Armed, Matcher, Occasion, arm
from responder.faults.memory import ConnectionMemory, FaultMemory, Near, Remembered
from responder.faults.outgoing import (
    TIMER,
    Outcomes,
    Outgoing,
    answer_of,
    error_answer,
    fate,
    poll,
    response_name,
)
from responder.faults.overlay import Overlay
from responder.faults.place import NoSuchPlace
from responder.faults.rule import FaultSpec
from responder.faults.signing import Signer
from responder.faults.sources import ExchangeSources, NoSources
from responder.faults.subject import Ready, Subject, field_of
from responder.spec.codes import name_of_code
from responder.wire.capabilities import Capabilities
from responder.wire.message import Message, WireError

Verdict = Defer | ProtocolError | list[Effect]
AnyStruct = TypeVar("AnyStruct")
_STRUCK = 1000
"""The rank of a rule that struck and changed nothing."""


class FaultEngine(Hooks):
    """The hooks of one connection, changed as a profile's faults say."""

    def __init__(
        self,
        faults: Sequence[FaultSpec],
        memory: FaultMemory,
        random: RandomTree,
        read_file: Callable[[str], bytes],
    ) -> None:
        self._memory = memory
        self._own = ConnectionMemory()
        self._random = random
        self._matcher = Matcher(memory, self._own, self._drawn)
        self._outcomes = Outcomes(memory, self._own, read_file)
        self._signer = Signer(self._own, random)
        self._overlay = Overlay(memory, random)
        self._at: dict[str, list[Armed]] = {}
        for armed in arm(faults):
            self._at.setdefault(armed.rule.hook, []).append(armed)

    # The link.

    def accepts(self, link: Link) -> bool:
        """False if a fault refuses connections."""
        for armed in self._at.get("connection", ()):
            refuses = any(isinstance(action, act.Refuse) for action in armed.rule.action)
            if refuses and self._matcher.strikes(armed, Occasion(event="listen")):
                self._struck(armed)
                link.evidence.append(_fired(armed, "nobody listens"))
                return False
        return True

    def accepted(self, link: Link) -> list[Deed]:
        """A transport connection was accepted."""
        deeds: list[Deed] = []
        for armed in self._striking("connection", Occasion(event="accepted")):

            def one(action: Action, armed: Armed = armed) -> str:
                new, text = accepted(action, armed.fault.id)
                deeds.extend(new)
                return text

            told = self._carry_out(armed, one, "accepted")
            if told:
                self._struck(armed)
                link.evidence.append(_fired(armed, told))
        return deeds

    def frame(self, link: Link, frame: Frame) -> list[Deed]:
        """A transport frame about to be written."""
        progress = FrameInProgress(frame, self._own.ct_exponent)
        occasion = Occasion(kind=frame.kind, binding=frame.binding)
        for armed in self._striking("frame", occasion):
            before, draws = progress.data, self._draws(armed)

            def one(action: Action, armed: Armed = armed, draws: RandomTree = draws) -> str:
                return progress.carry_out(action, draws, NoSources(), armed.fault.id)

            told = self._carry_out(armed, one, frame.kind)
            same = progress.data == before
            if told and same and all(isinstance(one, edits.Edit) for one in armed.rule.action):
                self._miss(armed, f"{frame.kind}: {told}: the bytes stay as they are")
            elif told:
                after = b"" if same else progress.data
                before = b"" if same else before
                link.evidence.append(_fired(armed, told, frame.kind, before, after))
                self._struck(armed)
        return progress.deeds()

    def connection(self, event: PeerEvent, connection: Connection) -> None:
        """A peer said its first SPDM message, or left."""
        del connection
        if event == "opened":
            self._memory.open(self._own)

    # A request.

    def device(self, exchange: Exchange, device: Device) -> Device:
        """The device as the faults show it."""
        self._happened(f"received:{exchange.request.name}")
        for hook in ("device", "certificate"):
            for armed in self._striking(hook, Occasion(exchange)):
                device = self._overlay.over(
                    device, armed, exchange, lambda a, t, b, c: self._seen(exchange, a, t, b, c)
                )
        return device

    def request(self, exchange: Exchange) -> Defer | ProtocolError | list[Effect] | None:
        """What the faults make of a request before it is handled."""
        refusal = poll(self._own, exchange)
        if refusal is not None:
            return refusal
        name = response_name(exchange)
        for armed in self._striking("request", Occasion(exchange, name)):
            draws = self._draws(armed)
            verdicts: list[Verdict] = []

            def one(
                action: Action,
                armed: Armed = armed,
                draws: RandomTree = draws,
                verdicts: list[Verdict] = verdicts,
            ) -> str:
                verdict, text = fate(action, exchange, self._outcomes, self._own, armed, draws)
                verdicts.append(verdict)
                return text

            told = self._carry_out(armed, one, exchange.request.name)
            if told:
                self._struck_once(armed, exchange, _fired(armed, told, exchange.request.name))
                return self._combined(verdicts, exchange)
        return None

    def _combined(self, verdicts: list[Verdict], exchange: Exchange) -> Verdict:
        """Several actions on one request: refusals count before silence, effects add up."""
        for verdict in verdicts:
            if isinstance(verdict, Defer):
                return verdict
        refusals = [one for one in verdicts if isinstance(one, ProtocolError)]
        if refusals:
            return refusals[-1]
        effects = [effect for one in verdicts if isinstance(one, list) for effect in one]
        self._remember(exchange.request.name, exchange.raw_request, exchange)
        return effects

    def draft(self, exchange: Exchange, response: Message) -> Message:
        """The response before it is signed."""
        if isinstance(response, Capabilities):
            self._own.ct_exponent = min(response.ct_exponent, 31)
        name = response.name
        for armed in self._striking("draft", _answering(exchange, name, response)):
            wire = exchange.wire.replace(signature_size=0)
            subject = Subject(response, b"", wire)
            before, draws = response.build(wire), self._draws(armed)
            changed: list[Message] = []

            def one(
                action: Action,
                subject: Subject = subject,
                draws: RandomTree = draws,
                changed: list[Message] = changed,
            ) -> str:
                if isinstance(action, edits.Edit):
                    text = edit(subject, action, draws, self._sources(exchange, subject, name))
                    changed[:] = [subject.message(name)]
                    return text
                other = _other_answer(action, subject.bytes(), exchange, draws)
                changed[:] = [Ready(other, name)]
                return "another answer"

            told = self._carry_out(armed, one, name)
            if told and changed:
                after = changed[0].build(wire)
                if self._proved(armed, exchange, told, name, (before, after)):
                    response = changed[0]
        return response

    def pre_sign(self, exchange: Exchange, signing: Signing) -> Signing:
        """Key, context and transcript of a signature."""
        name, fresh = response_name(exchange), list(signing.parts)
        for armed in self._striking("pre_sign", Occasion(exchange, name)):
            before, draws = b"".join(data for _, data in signing.parts), self._draws(armed)

            def one(action: Action, draws: RandomTree = draws) -> str:
                sources = self._sources(exchange, None, name)
                return self._signer.before(signing, action, exchange, draws, sources)

            told = self._carry_out(armed, one, name)
            if told:
                after = b"".join(data for _, data in signing.parts)
                if after == before:
                    before = after = b""
                self._struck_once(armed, exchange, _fired(armed, told, name, before, after))
        self._own.last_signed = fresh
        return signing

    def post_sign(self, exchange: Exchange, signing: Signing, signature: bytes) -> bytes:
        """The signature."""
        name = response_name(exchange)
        for armed in self._striking("post_sign", Occasion(exchange, name)):
            before, draws = signature, self._draws(armed)
            changed = [signature]

            def one(
                action: Action, draws: RandomTree = draws, changed: list[bytes] = changed
            ) -> str:
                sources = self._sources(exchange, None, name)
                new, text = self._signer.after(
                    changed[0], signing, action, exchange, draws, sources
                )
                changed[0] = new
                return text

            told = self._carry_out(armed, one, name)
            if told and self._proved(armed, exchange, told, name, (before, changed[0])):
                signature = changed[0]
        return signature

    def message(self, exchange: Exchange, message: bytes) -> list[Effect]:
        """The encoded response."""
        name = _sent_name(message)
        out = Outgoing(message, name)
        for armed in self._striking("message", _answering(exchange, name, None, message)):
            before, draws = out.message or b"", self._draws(armed)

            def one(action: Action, armed: Armed = armed, draws: RandomTree = draws) -> str:
                if not isinstance(action, edits.Edit):
                    return self._outcomes.carry_out(out, action, armed, exchange, draws)
                subject = Subject.of_bytes(out.message or b"", exchange.wire)
                text = edit(subject, action, draws, self._sources(exchange, subject, name))
                out.message = subject.bytes()
                return text

            told = self._carry_out(armed, one, name)
            if not told:
                continue
            after = out.message or b""
            if all(
                isinstance(action, act.Speak) and action.seconds for action in armed.rule.action
            ):
                continue  # it strikes when it speaks
            only_bytes = all(isinstance(action, edits.Edit) for action in armed.rule.action)
            if after == before and only_bytes:
                self._miss(armed, f"{name}: {told}: the bytes stay as they are")
                continue
            if after == before:
                before = after = b""
            self._struck_once(armed, exchange, _fired(armed, told, name, before, after))
        return self._sent(exchange, name, message, out)

    def _sent(self, exchange: Exchange, name: str, message: bytes, out: Outgoing) -> list[Effect]:
        self._remember(exchange.request.name, exchange.raw_request, exchange)
        self._remember(name, message, exchange)
        self._happened(f"sent:{name}")
        if out.message is not None and self._own.held:
            self._outcomes.release(out)
        return out.effects()

    def expired(self, name: str, connection: Connection, now: float) -> list[Effect]:
        """Say unasked what a fault says."""
        del connection
        key = name.removeprefix(TIMER)
        for armed in self._at.get("message", ()):
            if armed.key != key:
                continue
            for action in armed.rule.action:
                if isinstance(action, act.Speak):
                    return self._speak(armed, action, key, now)
        return []

    def _speak(self, armed: Armed, action: act.Speak, key: str, now: float) -> list[Effect]:
        message = self._own.repeated[key]
        self._own.spoken[key] += 1
        self._struck(armed)
        event = _fired(armed, "said unasked", _sent_name(message), b"", message)
        effects: list[Effect] = [Send(message), Emit(event)]
        if not action.times or self._own.spoken[key] < action.times:
            effects.append(ArmTimer(TIMER + key, now + action.seconds))
        return effects

    # The other hooks.

    def transition(self, connection: Connection, before: str, after: str) -> bool:
        """A phase change about to happen."""
        del connection, before
        allowed = True
        for armed in self._striking("transition", Occasion(phase=after)):
            if any(isinstance(action, act.Suppress) for action in armed.rule.action):
                self._struck(armed)
                allowed = False
        self._happened(f"phase:{after}")
        return allowed

    def derive(self, exchange: Exchange, derivation: Derivation) -> Derivation:
        """Secret, salt, label and transcript of a key derivation."""
        return self._edited("derive", exchange, derivation, derivation.purpose)

    def seal(self, exchange: Exchange, sealing: Sealing) -> Sealing:
        """Key, numbers, header and plaintext of a secured record."""
        return self._edited("seal", exchange, sealing, response_name(exchange))

    def encap(self, exchange: Exchange, following: Message | None) -> Message | None:
        """Which encapsulated request comes next."""
        name = following.name if following is not None else ""
        for armed in self._striking("encap", Occasion(exchange, name)):
            for action in armed.rule.action:
                if isinstance(action, act.Suppress):
                    following = None
                elif isinstance(action, act.Answer):
                    following = Ready(bytes.fromhex(action.value), name)
            self._struck_once(armed, exchange, _fired(armed, "another encapsulated request", name))
        return following

    def record(self, exchange: Exchange, record: bytes) -> list[bytes]:
        """The sealed record."""
        records = [record]
        for armed in self._striking("record", Occasion(exchange, response_name(exchange))):
            draws, before = self._draws(armed), records[0]

            def one(action: Action, draws: RandomTree = draws) -> str:
                if isinstance(action, act.Again):
                    records.extend([records[0]] * action.times)
                    return "sent again"
                if isinstance(action, act.Silence):
                    records.clear()
                    return "not sent"
                if not isinstance(action, edits.Edit):
                    raise NoSuchPlace(f"{action.__struct_config__.tag} does nothing at record")
                subject = Subject.of_bytes(records[0], exchange.wire)
                text = edit(subject, action, draws, NoSources())
                records[0] = subject.bytes()
                return text

            told = self._carry_out(armed, one, "record")
            if told:
                after = records[0] if records else b""
                self._struck_once(armed, exchange, _fired(armed, told, "record", before, after))
        return records

    def register(self, access: Access) -> Access:
        """A register access."""
        for armed in self._striking("register", Occasion(register=access.name)):
            if self._carry_out(armed, self._on_struct(access, armed, None), access.name):
                self._struck(armed)
        return access

    def _edited(self, hook: str, exchange: Exchange, subject: AnyStruct, name: str) -> AnyStruct:
        for armed in self._striking(hook, Occasion(exchange, name)):
            told = self._carry_out(armed, self._on_struct(subject, armed, exchange), name)
            if told:
                self._struck_once(armed, exchange, _fired(armed, told, name))
        return subject

    def _on_struct(
        self, subject: Any, armed: Armed, exchange: Exchange | None
    ) -> Callable[[Action], str]:
        draws = self._draws(armed)
        sources = NoSources() if exchange is None else self._sources(exchange, None, "")
        return lambda action: structs.change(subject, action, draws, sources)

    # What all hooks share.

    def _striking(self, hook: str, occasion: Occasion) -> list[Armed]:
        """The rules of a hook that strike, decided one after the other."""
        rules = self._at.get(hook)
        if not rules:
            return []
        return [armed for armed in rules if self._matcher.strikes(armed, occasion)]

    def _carry_out(self, armed: Armed, one: Callable[[Action], str], place: str) -> str:
        """All actions of a rule; what they did, empty if one of them could not."""
        told = []
        for action in armed.rule.action:
            try:
                told.append(one(action))
            except (NoSuchPlace, WireError, ValueError, OverflowError, OSError) as miss:
                self._miss(armed, f"{place}: {miss}")
                return ""
        return "; ".join(told)

    def _proved(
        self, armed: Armed, exchange: Exchange, told: str, name: str, change: tuple[bytes, bytes]
    ) -> bool:
        """Record the evidence if anything has changed."""
        before, after = change
        if before == after:
            self._miss(armed, f"{name}: {told}: the bytes stay as they are")
            return False
        self._struck_once(armed, exchange, _fired(armed, told, name, before, after))
        return True

    def _seen(
        self, exchange: Exchange, armed: Armed, text: str, before: bytes, after: bytes
    ) -> None:
        """Something of the changed device was looked at."""
        event = _fired(armed, text, exchange.request.name, before, after)
        if event not in exchange.evidence:
            self._struck_once(armed, exchange, event)

    def _struck_once(self, armed: Armed, exchange: Exchange, event: FaultFired) -> None:
        exchange.evidence.append(event)
        self._struck(armed)

    def _struck(self, armed: Armed) -> None:
        self._memory.fired[armed.fault.id] += 1
        self._matcher.counts(armed.rule).strikes[armed.key] += 1
        self._happened(f"fired:{armed.fault.id}")
        self._happened(f"step:{armed.key}")

    def _happened(self, event: str) -> None:
        self._own.happened.add(event)
        self._memory.happened.add(event)

    def _miss(self, armed: Armed, text: str) -> None:
        self._matcher.miss(armed, Near(_STRUCK, text))

    def _remember(self, name: str, data: bytes, exchange: Exchange) -> None:
        self._memory.remember(self._own, Remembered(name, data, exchange.wire, self._own.ordinal))

    def _sources(self, exchange: Exchange, subject: Subject | None, name: str) -> ExchangeSources:
        return ExchangeSources(exchange, subject, name, self._memory, self._own)

    def _draws(self, armed: Armed) -> RandomTree:
        """Random values of this very strike."""
        count = self._matcher.counts(armed.rule).matches[armed.key]
        return self._random.child(armed.key, self._own.ordinal, count)

    def _drawn(self, key: str, count: int) -> float:
        branch = self._random.child("probability", key, self._own.ordinal, count)
        return int.from_bytes(branch.bytes(8), "big") / (1 << 64)


def _fired(
    armed: Armed, detail: str, message: str = "", before: bytes = b"", after: bytes = b""
) -> FaultFired:
    return FaultFired(armed.fault.id, armed.rule.hook, detail, message, before, after)


def _answering(
    exchange: Exchange, name: str, response: Message | None, message: bytes = b""
) -> Occasion:
    """The occasion of an answer, whose fields are read only if a rule asks for them."""
    subject = Subject(response, message, exchange.wire)
    return Occasion(exchange, name, field=lambda field: field_of(subject, field))


def _other_answer(action: Action, message: bytes, exchange: Exchange, draws: RandomTree) -> bytes:
    match action:
        case act.Error():
            return error_answer(action, exchange).build()
        case act.Answer():
            return answer_of(action, message, exchange, draws)
    raise NoSuchPlace(f"{action.__struct_config__.tag} does nothing at draft")


def _sent_name(message: bytes) -> str:
    return name_of_code(message[1]) if len(message) > 1 else ""
