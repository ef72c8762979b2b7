"""Protocols inside of SPDM, whose messages are told apart by a code in one of their first bytes."""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from responder.wire.errors import WireError
from responder.wire.fields import Int8ul
from responder.wire.message import Record, wire, wire_fields


class Coded(Record):
    """A message of such a protocol.

    The base class of a protocol names the field of the code, CODE_FIELD, whose ``show`` is an
    enumeration; a message gives its code.
    """

    CODE: ClassVar[int]
    CODE_FIELD: ClassVar[str]

    def __init_subclass__(cls, *, code: int | None = None, **kwargs: Any) -> None:
        if code is not None:
            cls.CODE = int(code)
            show = wire_fields(cls)[cls.CODE_FIELD].show
            setattr(cls, cls.CODE_FIELD, wire(Int8ul, default=cls.CODE, show=show))
        super().__init_subclass__(**kwargs)

    @property
    def name(self) -> str:
        """The specification's name of the message, or its code in hexadecimal."""
        code = self.__dict__[self.CODE_FIELD]
        names = wire_fields(type(self))[self.CODE_FIELD].show
        return str(names(code).name) if code in names.__members__.values() else f"0x{code:02x}"


MessageT = TypeVar("MessageT", bound=Coded)


class Family(Generic[MessageT]):
    """The messages of one protocol.

    Attributes:
        name: of the protocol, for people.
        messages: their classes.
        raw: the class of messages whose code nobody knows: never an exception, always the bytes.
    """

    def __init__(
        self,
        name: str,
        messages: Sequence[type[MessageT]],
        raw: type[MessageT],
    ) -> None:
        self.name = name
        self.messages = tuple(messages)
        self.raw = raw
        self._code_at = list(wire_fields(raw)).index(raw.CODE_FIELD)
        self._by_code = {message.CODE: message for message in messages}

    def class_of(self, data: bytes) -> type[MessageT]:
        """The class that parses ``data``, which begins behind the ProtocolID.

        Raises:
            WireError: it ends before the code.
        """
        if len(data) <= self._code_at:
            raise WireError(f"{len(data)} bytes are no {self.name} message")
        return self._by_code.get(data[self._code_at], self.raw)

    def parse(self, data: bytes) -> MessageT:
        """The typed message in ``data``, all of it.

        Raises:
            WireError: the bytes do not fit the layout of their code.
        """
        return self.class_of(data).parse(data)
