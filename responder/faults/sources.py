"""Where ``copy`` takes values from: this exchange, an earlier one, the device."""

from responder.core.hooks import Exchange
from responder.crypto.hashing import digest
from responder.faults.edits import Copy
from responder.faults.memory import ConnectionMemory, FaultMemory, Remembered
from responder.faults.place import FieldValue, Leaf, NoSuchPlace
from responder.faults.subject import Subject


class NoSources:
    """Where there is no exchange to copy from."""

    def value(self, action: Copy, leaf: Leaf) -> FieldValue | None:
        """Nothing."""
        del leaf
        raise NoSuchPlace(f"there is no {action.of} to copy from here")

    def limit(self, name: str) -> int:
        """Nothing."""
        raise NoSuchPlace(f"there is no {name} here")


class ExchangeSources:
    """The sources that one exchange has."""

    def __init__(
        self,
        exchange: Exchange,
        subject: Subject | None,
        name: str,
        memory: FaultMemory,
        own: ConnectionMemory,
    ) -> None:
        self._exchange = exchange
        self._subject = subject
        self._name = name
        self._memory = memory
        self._own = own

    def value(self, action: Copy, leaf: Leaf) -> FieldValue | None:
        """The value that an action copies; ``None`` if there is none yet.

        Raises:
            NoSuchPlace: the source has no such field.
        """
        del leaf
        address = action.source or action.field
        match action.of:
            case "request":
                raw = self._exchange.raw_request
                return Subject.of_bytes(raw, self._exchange.wire).get(address).value
            case "response":
                if self._subject is None:
                    raise NoSuchPlace("there is no response to copy from here")
                return self._subject.get(address).value
            case "slot":
                return self._of_slot(action)
        return self._of_earlier(action, address)

    def limit(self, name: str) -> int:
        """What the requester takes, in bytes; 1.0 and 1.1 say nothing of it.

        Raises:
            NoSuchPlace: it has not said.
        """
        peer = self._exchange.connection.peer
        size = peer.data_transfer_size if name == "transfer-size" else peer.max_spdm_msg_size
        if not size:
            raise NoSuchPlace("the requester has not said how much it takes")
        return size

    def _of_earlier(self, action: Copy, address: str) -> FieldValue | None:
        """The field of an earlier message that has it; a request that was put off is no earlier."""

        def counts(one: Remembered) -> bool:
            present = one.data == self._exchange.raw_request and one.ordinal == self._own.ordinal
            return not present and bool(_value(one, address))

        names = action.message or self._name
        wanted = [names] if isinstance(names, str) else names
        found = self._memory.earlier(self._own, action.connection, wanted, action.nth, counts)
        return None if found is None else _value(found, address)

    def _of_slot(self, action: Copy) -> FieldValue | None:
        selected = self._exchange.connection.selected
        device = self._exchange.device
        slot = device.slot(action.slot) if device is not None else None
        if slot is None or selected.base_asym is None or selected.base_hash is None:
            return None
        chain = slot.chain(selected.base_asym, selected.base_hash)
        if chain is None:
            return None
        match action.source:
            case "" | "digest":
                return digest(selected.base_hash, chain)
            case "chain":
                return chain
            case "certificates":
                return chain[4 + selected.base_hash.size :]
            case "public-key":
                key = slot.key(selected.base_asym)
                return key.public_key_der() if key else None
        raise NoSuchPlace(f"a slot has no {action.source}")


def _value(message: Remembered, address: str) -> FieldValue | None:
    try:
        return Subject.of_bytes(message.data, message.wire).get(address).value
    except NoSuchPlace:
        return None
