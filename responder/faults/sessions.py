"""The hooks of sessions: derivations, records before and after they are sealed."""

from collections.abc import Callable
from copy import copy
from typing import Any, TypeVar

from responder.core.hooks import Agreement, Derivation, Exchange, Sealing
from responder.faults import actions as act
from responder.faults import edits, structs
from responder.faults.editing import Draws, edit
from responder.faults.edits import Action
from responder.faults.key_ring import KeyRing
from responder.faults.match import Occasion
from responder.faults.memory import Remembered
from responder.faults.outgoing import response_name
from responder.faults.place import NoSuchPlace
from responder.faults.signing import Signer
from responder.faults.sources import NoSources
from responder.faults.striking import Striker, fired
from responder.faults.subject import Subject
from responder.spec.algorithms import KEMS
from responder.spec.codes import name_of_code
from responder.wire.secured import SecuredRecord

AnyStruct = TypeVar("AnyStruct")
OnStruct = Callable[[Any, Action, Draws], str]


class SessionStriker(Striker):
    """What the faults of one connection do to its sessions."""

    _ring: KeyRing
    _signer: Signer

    def derive(self, exchange: Exchange, derivation: Derivation) -> Derivation:
        """Secret, salt, label and transcript of a key derivation."""
        sources = self._sources(exchange, None, response_name(exchange))

        def one(subject: Any, action: Action, draws: Draws) -> str:
            if self._signer.is_about_parts(action):
                return self._signer.change_parts(subject, action, exchange.wire, draws, sources)
            return structs.change(subject, action, draws, sources)

        occasion = Occasion(exchange, response_name(exchange), purpose=derivation.purpose)
        derivation = self._on_struct("derive", occasion, derivation, one, derivation.purpose)
        self._ring.derived(derivation)
        return derivation

    def agree(self, exchange: Exchange, agreement: Agreement) -> Agreement:
        """What an ephemeral key is drawn from."""
        group = agreement.exchange.name

        def one(subject: Any, action: Action, draws: Draws) -> str:
            if agreement.exchange in KEMS:
                raise NoSuchPlace(f"{group} draws from no seed")
            if isinstance(action, act.Reuse):
                return self._reuse(subject, action)
            return structs.change(subject, action, draws, NoSources())

        occasion = Occasion(exchange, response_name(exchange))
        agreement = self._on_struct("agree", occasion, agreement, one, group)
        seed = Remembered(group, agreement.seed, exchange.wire, self._own.ordinal)
        self._own.seeds.append(seed)
        return agreement

    def _reuse(self, agreement: Agreement, action: act.Reuse) -> str:
        group, which = agreement.exchange.name, action.connection
        found = self._memory.earlier(self._own, which, [group], action.nth, kind="seeds")
        if found is None:
            raise NoSuchPlace(f"no earlier key of {group} ({which} connection)")
        agreement.seed = found.data
        return f"the key of an earlier session ({which} connection)"

    def seal(self, exchange: Exchange, sealing: Sealing) -> Sealing:
        """Key, numbers, header and plaintext of a secured record."""
        name = name_of_code(sealing.message[1]) if len(sealing.message) > 1 else ""
        self._own.sealed = name
        self._ring.look(exchange.connection)
        sources = self._sources(exchange, None, name)

        def one(subject: Any, action: Action, draws: Draws) -> str:
            if isinstance(action, act.Keys):
                return self._ring.take(subject, action, exchange.connection)
            return structs.change(subject, action, draws, sources)

        return self._on_struct("seal", Occasion(exchange, name), sealing, one, name)

    def _on_struct(
        self, hook: str, occasion: Occasion, subject: AnyStruct, one: OnStruct, name: str
    ) -> AnyStruct:
        exchange = occasion.exchange
        for armed in self._striking(hook, occasion):
            changed = copy(subject)

            def carry_out(action: Action, _: Any, draws: Draws, new: Any = changed) -> str:
                return one(new, action, draws)

            told = self._carry_out(armed, carry_out, name)
            if told and exchange is not None:
                before, after = structs.difference(subject, changed)
                self._struck_once(armed, exchange, fired(armed, told, name, before, after))
                subject = changed
        return subject

    def record(self, exchange: Exchange, record: bytes) -> list[bytes]:
        """The sealed record."""
        name = self._own.sealed
        records = [record]

        def one(action: Action, _: Any, draws: Draws) -> str:
            return self._on_records(records, action, draws, exchange)

        for armed in self._striking("record", Occasion(exchange, name)):
            kept = [*records]
            told = self._carry_out(armed, one, name)
            event = self._event(armed, told, name, (b"".join(kept), b"".join(records)))
            if event is None:
                records[:] = kept
            else:
                self._struck_once(armed, exchange, event)
        self._own.records.append(Remembered(name, record, exchange.wire, self._own.ordinal))
        return records

    def _on_records(
        self, records: list[bytes], action: Action, draws: Draws, exchange: Exchange
    ) -> str:
        match action:
            case act.Again():
                records.extend([records[0]] * action.times)
                return "sent again"
            case act.Silence():
                records.clear()
                return "not sent"
            case act.Replay():
                records[:] = [self._earlier_record(action)]
                return "an earlier record is sent"
            case act.Answer():
                request = action.value == "request"
                records[:] = [exchange.record if request else bytes.fromhex(action.value)]
                return "the record of the request" if request else "other bytes are sent"
            case edits.Edit() if records:
                wire = exchange.wire.replace(sequence_number_size=self._sequence_size(exchange))
                subject = Subject.of_bytes(records[0], wire, SecuredRecord)
                text = edit(subject, action, draws, NoSources())
                records[0] = subject.bytes()
                return text
        raise NoSuchPlace(f"{action.__struct_config__.tag} does nothing at record")

    def _earlier_record(self, action: act.Replay) -> bytes:
        names = [action.message or self._own.sealed]
        found = self._memory.earlier(
            self._own, action.connection, names, action.nth, kind="records"
        )
        if found is None:
            raise NoSuchPlace(f"no earlier record of {names[0]} ({action.connection} connection)")
        return found.data

    def _sequence_size(self, exchange: Exchange) -> int:
        form = exchange.connection.record_form
        return 0 if form is None else form.sequence_size
