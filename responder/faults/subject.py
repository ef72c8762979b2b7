"""Something that edits change: a message, a transcript part, a frame, as fields and as bytes."""

from responder.faults.address import steps
from responder.faults.place import Change, Leaf, NoSuchPlace, change, get, read_loose
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.message import Message, Record, spans
from responder.wire.registry import class_of

Data = bytes
"""The type, where a method of that name hides it."""
_HEADER = ("spdm_version", "code")


class Ready(Message):
    """A message whose bytes are settled, whatever they are."""

    def __init__(self, data: bytes, name: str) -> None:
        self.__dict__.update(spdm_version=0, code=0)
        self.__dict__["data"] = data
        self.__dict__["told"] = name

    def build(self, context: WireContext = WireContext()) -> bytes:  # noqa: B008 - immutable
        """The settled bytes."""
        del context
        data: bytes = self.__dict__["data"]
        return data

    @property
    def name(self) -> str:
        """The name of the message that this was."""
        told: str = self.__dict__["told"]
        return told


class Subject:
    """A message that may be edited; fields first, then, once lengths lie, bytes only.

    The first two bytes of a message decide how it is laid out, so a lie about them is kept apart
    from its fields.
    """

    def __init__(self, record: Record | None, data: Data, context: WireContext) -> None:
        self._record = record
        self._data = data
        self._context = context
        self._header: dict[int, int] = {}

    @classmethod
    def of_bytes(
        cls, data: bytes, context: WireContext, kind: type[Record] | None = None
    ) -> "Subject":
        """The subject of bytes, which are read only when a field is asked for."""
        subject = cls(None, data, context)
        subject._kind = kind
        return subject

    _kind: type[Record] | None = None

    def bytes(self) -> bytes:
        """The bytes as they are now.

        Raises:
            NoSuchPlace: a value does not fit its field.
        """
        data = self._data
        if self._record is not None:
            try:
                data = self._record.build(self._context)
            except WireError as error:
                raise NoSuchPlace(f"the new value does not fit: {error}") from None
        changed = bytearray(data)
        for at, value in self._header.items():
            if at < len(changed):
                changed[at] = value & 0xFF
        return bytes(changed)

    def message(self, name: str) -> Message:
        """What the core goes on with."""
        if isinstance(self._record, Message) and not self._header:
            return self._record
        return Ready(self.bytes(), name)

    def record(self) -> Record:
        """The fields.

        Raises:
            NoSuchPlace: the bytes can no longer be read.
        """
        if self._record is None:
            self._record = read_loose(self._class(), self._data, self._context)
        return self._record

    def get(self, address: str) -> Leaf:
        """What stands at an address; all bytes if there is none.

        Raises:
            NoSuchPlace: nothing does.
        """
        if not address:
            return Leaf(self.bytes())
        if address in _HEADER and self._is_message():
            return Leaf(self.bytes()[_HEADER.index(address)], 1)
        return get(self.record(), address, self._context)

    def change(self, address: str, how: Change, *, keep: bool = False) -> None:
        """Put another value at an address.

        Raises:
            NoSuchPlace: nothing is there, or the value does not fit.
        """
        if not address:
            new = how(Leaf(self.bytes()))
            self.settle(new if isinstance(new, bytes) else b"")
        elif address in _HEADER and self._is_message():
            new = how(self.get(address))
            if not isinstance(new, int):
                raise NoSuchPlace(f"{address} is a number")
            self._header[_HEADER.index(address)] = new
        else:
            changed = change(self.record(), address, how, self._context, keep=keep)
            old, self._record = self._record, changed
            try:
                self.bytes()
            except NoSuchPlace:
                self._record = old
                raise

    def cut_before(self, address: str) -> None:
        """End before a field.

        Raises:
            NoSuchPlace: the field is not there.
        """
        data = self.bytes()
        path = steps(address)
        name = path[0].name
        try:
            for span in spans(self._class(), data, self._context):
                if span.path == address or (span.path == name and len(path) == 1):
                    self.settle(data[: span.start])
                    return
        except WireError as error:
            raise NoSuchPlace(str(error)) from None
        raise NoSuchPlace(f"there is no {address} here")

    def copy(self) -> "Subject":
        """The subject as it is now; what is changed later does not show in it."""
        same = Subject(self._record, self._data, self._context)
        same._kind, same._header = self._kind, dict(self._header)
        return same

    def settle(self, data: Data) -> None:
        """Be these bytes from now on."""
        self._record, self._data, self._header = None, data, {}

    def _is_message(self) -> bool:
        return issubclass(self._class(), Message)

    def _class(self) -> type[Record]:
        if self._kind is not None:
            return self._kind
        if self._record is not None:
            return type(self._record)
        try:
            return class_of(self._data)
        except WireError as error:
            raise NoSuchPlace(str(error)) from None


def field_of(subject: Subject, address: str) -> object:
    """The value at an address, ``None`` if there is nothing."""
    try:
        return subject.get(address).value
    except NoSuchPlace:
        return None
