"""Faults at work: matches rules at the hooks, has their actions done, records the evidence."""

from collections.abc import Callable, Sequence
from copy import copy

from responder.core.connection import Connection
from responder.core.effects import ArmTimer, Effect, Emit, Send
from responder.core.errors import ProtocolError
from responder.core.hooks import (
    Deed,
    Defer,
    Exchange,
    Frame,
    Hooks,
    Link,
    PeerEvent,
    Signing,
)
from responder.core.interfaces import Device
from responder.crypto.random_tree import RandomTree
from responder.faults import actions as act
from responder.faults import edits
from responder.faults.asking import Asked
from responder.faults.controls import AT_ONCE, AtOnce
from responder.faults.editing import edit
from responder.faults.edits import Action
from responder.faults.inside import inside
from responder.faults.key_ring import KeyRing
from responder.faults.links import FrameInProgress, accepted
from responder.faults.match import Armed, Occasion, fields_of
from responder.faults.memory import FaultMemory
from responder.faults.misreading import MisreadingStriker
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
from responder.faults.registers import RegisterStriker
from responder.faults.rule import FaultSpec
from responder.faults.sessions import SessionStriker
from responder.faults.signing import Signer
from responder.faults.sources import NoSources
from responder.faults.striking import fired
from responder.faults.subject import Subject, field_of
from responder.spec.codes import ResponseCode, name_of_code
from responder.wire.capabilities import Capabilities
from responder.wire.message import Message

Verdict = Defer | ProtocolError | list[Effect]


class FaultEngine(MisreadingStriker, SessionStriker, RegisterStriker, Hooks):
    """The hooks of one connection, changed as a profile's faults say."""

    def __init__(
        self,
        faults: Sequence[FaultSpec],
        memory: FaultMemory,
        random: RandomTree,
        read_file: Callable[[str], bytes],
    ) -> None:
        super().__init__(faults, memory, random)
        self._outcomes = Outcomes(memory, self._own, read_file)
        self._signer = Signer(self._own, random)
        self._ring = KeyRing()
        self._overlay = Overlay(memory, random)

    # The link.

    def accepts(self, link: Link) -> bool:
        """False if a fault refuses connections."""
        for armed in self._at.get("connection", ()):
            refuses = any(isinstance(action, act.Refuse) for action in armed.rule.action)
            if refuses and self._matcher.strikes(armed, Occasion(event="listen")):
                self._struck(armed)
                link.evidence.append(fired(armed, "nobody listens"))
                return False
        return True

    def accepted(self, link: Link) -> list[Deed]:
        """A transport connection was accepted."""
        deeds: list[Deed] = []

        def one(action: Action, armed: Armed, draws: RandomTree) -> str:
            del draws
            new, text = accepted(action, armed.fault.id)
            deeds.extend(new)
            return text

        for armed in self._striking("connection", Occasion(event="accepted")):
            before = len(deeds)
            told = self._carry_out(armed, one, "accepted")
            if not told:
                del deeds[before:]
            else:
                self._struck(armed)
                link.evidence.append(fired(armed, told))
        return deeds

    def frame(self, link: Link, frame: Frame) -> list[Deed]:
        """A transport frame about to be written."""
        progress = FrameInProgress(frame, self._own.ct_exponent)
        sources = NoSources()

        def one(action: Action, armed: Armed, draws: RandomTree) -> str:
            return progress.carry_out(action, draws, sources, armed.fault.id)

        for armed in self._striking("frame", Occasion(kind=frame.kind, binding=frame.binding)):
            kept = progress.copy()
            told = self._carry_out(armed, one, frame.kind)
            event = self._event(armed, told, frame.kind, (kept.data, progress.data))
            if event is None:
                progress = kept
            else:
                link.evidence.append(event)
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
        self._own.session = exchange.session_id
        self._ring.look(exchange.connection)
        self._happened(f"received:{exchange.request.name}")
        self._happened(f"received:{inside(fields_of(exchange))}")
        for hook in ("device", "certificate"):
            for armed in self._striking(hook, Occasion(exchange)):
                if isinstance(armed.rule.action[0], AT_ONCE):
                    self._do_at_once(armed, exchange, device)
                    continue
                device = self._overlay.over(
                    device, armed, exchange, lambda a, t, b, c: self._seen(exchange, a, t, b, c)
                )
        return device

    def _do_at_once(self, armed: Armed, exchange: Exchange, device: Device) -> None:
        name = exchange.request.name
        deeds = AtOnce(
            armed.rule.action, exchange, device, lambda one: self._sources(exchange, one, name)
        )

        def one(action: Action, armed: Armed, draws: RandomTree) -> str:
            del armed
            return deeds.carry_out(action, draws)

        told = self._carry_out(armed, one, name)
        if told:
            self._struck_once(armed, exchange, fired(armed, told, name, deeds.before, deeds.after))

    def request(self, exchange: Exchange) -> Defer | ProtocolError | list[Effect] | None:
        """What the faults make of a request before it is handled."""
        refusal = poll(self._own, exchange)
        if refusal is not None:
            return refusal
        name = response_name(exchange)
        verdicts: list[Verdict] = []

        def one(action: Action, armed: Armed, draws: RandomTree) -> str:
            verdict, text = fate(action, exchange, self._outcomes, self._own, armed, draws)
            verdicts.append(verdict)
            return text

        for armed in self._striking("request", Occasion(exchange, name)):
            if isinstance(armed.rule.action[0], edits.Edit):
                self._misread(armed, exchange)
                continue
            told = self._carry_out(armed, one, exchange.request.name)
            if told:
                self._struck_once(armed, exchange, fired(armed, told, exchange.request.name))
                return self._combined(verdicts, exchange)
            verdicts.clear()
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
        subject = Subject(response, b"", exchange.wire.replace(signature_size=0))

        def one(action: Action, armed: Armed, draws: RandomTree) -> str:
            del armed
            if isinstance(action, edits.Edit):
                return edit(subject, action, draws, self._sources(exchange, subject, name))
            subject.settle(_other_answer(action, subject.bytes(), exchange, draws))
            return "another answer"

        for armed in self._striking("draft", _answering(exchange, name, response)):
            kept, before = subject.copy(), subject.bytes()
            told = self._carry_out(armed, one, name)
            event = self._event(armed, told, name, (before, subject.bytes()))
            if event is None:
                subject = kept
            else:
                self._struck_once(armed, exchange, event)
        return subject.message(name)

    def pre_sign(self, exchange: Exchange, signing: Signing) -> Signing:
        """Key, context and transcript of a signature."""
        name, fresh = response_name(exchange), list(signing.parts)
        sources = self._sources(exchange, None, name)

        def one(action: Action, armed: Armed, draws: RandomTree) -> str:
            del armed
            return self._signer.before(signing, action, exchange, draws, sources)

        for armed in self._striking("pre_sign", Occasion(exchange, name)):
            kept, before = copy(signing), _joined(signing)
            told = self._carry_out(armed, one, name)
            event = self._event(armed, told, name, (before, _joined(signing)), any_change=True)
            if event is None:
                signing = kept
            else:
                self._struck_once(armed, exchange, event)
        self._own.last_signed = fresh
        return signing

    def post_sign(self, exchange: Exchange, signing: Signing, signature: bytes) -> bytes:
        """The signature."""
        name = response_name(exchange)
        sources = self._sources(exchange, None, name)
        changed = [signature]

        def one(action: Action, armed: Armed, draws: RandomTree) -> str:
            del armed
            changed[0], text = self._signer.after(
                changed[0], signing, action, exchange, draws, sources
            )
            return text

        for armed in self._striking("post_sign", Occasion(exchange, name)):
            before = changed[0]
            told = self._carry_out(armed, one, name)
            event = self._event(armed, told, name, (before, changed[0]))
            if event is None:
                changed[0] = before
            else:
                self._struck_once(armed, exchange, event)
        return changed[0]

    def message(self, exchange: Exchange, message: bytes) -> list[Effect]:
        """The encoded response."""
        name = _sent_name(message)
        out = Outgoing(message, name)
        self._own.in_chunks = False

        def one(action: Action, armed: Armed, draws: RandomTree) -> str:
            if not isinstance(action, edits.Edit):
                return self._outcomes.carry_out(out, action, armed, exchange, draws)
            subject = Subject.of_bytes(out.message or b"", exchange.wire)
            text = edit(subject, action, draws, self._sources(exchange, subject, name))
            out.message = subject.bytes()
            return text

        for armed in self._striking("message", _answering(exchange, name, None, message)):
            kept = out.copy()
            told = self._carry_out(armed, one, name)
            if told and _speaks_later(armed):
                continue  # it strikes when it speaks
            event = self._event(armed, told, name, (kept.message or b"", out.message or b""))
            if event is None:
                out = kept
            else:
                self._struck_once(armed, exchange, event)
        return self._sent(exchange, name, message, out)

    def _sent(self, exchange: Exchange, name: str, message: bytes, out: Outgoing) -> list[Effect]:
        self._remember(exchange.request.name, exchange.raw_request, exchange)
        self._remember(name, message, exchange)
        self._happened(f"sent:{name}")
        if name == ResponseCode.VENDOR_DEFINED_RESPONSE.name:  # of the others none carries anything
            subject = Subject.of_bytes(message, exchange.wire)
            self._happened(f"sent:{inside(lambda field: field_of(subject, field))}")
        if out.message is not None and self._own.held:
            self._outcomes.release(out)
        return out.effects()

    def chunked(self, exchange: Exchange, *, large: bool) -> bool:
        """Whether the response goes out in chunks."""
        del exchange
        return large or self._own.in_chunks

    def expired(self, name: str, connection: Connection, now: float) -> list[Effect]:
        """Say unasked what a fault says."""
        del connection
        key = name.removeprefix(TIMER)
        for armed in self._at.get("message", ()):
            if armed.key != key or key not in self._own.repeated:
                continue  # another one, or it was taken off in the meantime
            for action in armed.rule.action:
                if isinstance(action, act.Speak):
                    return self._speak(armed, action, key, now)
        return []

    def _speak(self, armed: Armed, action: act.Speak, key: str, now: float) -> list[Effect]:
        message = self._own.repeated[key]
        self._own.spoken[key] += 1
        self._struck(armed)
        event = fired(armed, "said unasked", _sent_name(message), b"", message)
        effects: list[Effect] = [Send(message), Emit(event)]
        if not action.times or self._own.spoken[key] < action.times:
            effects.append(ArmTimer(TIMER + key, now + action.seconds))
        return effects

    # The other hooks.

    def transition(self, connection: Connection, before: str, after: str) -> bool:
        """A phase change about to happen."""
        allowed = True
        for armed in self._striking("transition", Occasion(phase=after)):
            self._struck(armed)
            connection.notes.append(fired(armed, f"{before} does not become {after}"))
            allowed = False
        self._happened(f"phase:{after}")
        return allowed

    def encap(self, exchange: Exchange, following: Message | None) -> Message | None:
        """Which encapsulated request comes next."""
        name = following.name if following is not None else ""
        for armed in self._striking("encap", Occasion(exchange, name)):
            asked = Asked(following, exchange.wire)
            kept = asked.bytes()

            def one(action: Action, armed: Armed, draws: RandomTree, asked: Asked = asked) -> str:
                del armed
                return asked.carry_out(action, draws, self._sources(exchange, None, name))

            told = self._carry_out(armed, one, name)
            event = self._event(armed, told, name, (kept, asked.bytes()))
            if event is not None:
                following = asked.request()
                self._struck_once(armed, exchange, event)
        return following


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


def _joined(signing: Signing) -> bytes:
    return b"".join(data for _, data in signing.parts)


def _speaks_later(armed: Armed) -> bool:
    return all(isinstance(one, act.Speak) and one.seconds for one in armed.rule.action)


def _sent_name(message: bytes) -> str:
    return name_of_code(message[1]) if len(message) > 1 else ""
