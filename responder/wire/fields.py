"""The constructs that SPDM messages are declared with.

They differ from construct's own in what building allows: bytes are written as given whatever a
length says, and a length is computed only when nobody set it, so that a length can lie.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from construct import Construct, Int8ul, Int16ul, Int24ul, Int32ul, Int64ul, StreamError
from construct import Subconstruct as _Subconstruct

from responder.wire.context import WireContext

__all__ = [
    "Blob",
    "Int8ul",
    "Int16ul",
    "Int24ul",
    "Int32ul",
    "Int64ul",
    "LengthOf",
    "Rest",
    "When",
    "negotiated",
    "since",
]

Size = int | Callable[[Any], int]
Condition = Callable[[Any], bool]


def negotiated(name: str) -> Callable[[Any], Any]:
    """A size or condition taken from the ``WireContext`` field ``name``."""
    return lambda context: getattr(wire_of(context), name)


def since(version: int) -> Condition:
    """A condition: the connection's version is ``version`` or later."""
    return lambda context: bool(wire_of(context).version >= version)


def wire_of(context: Any) -> WireContext:
    """The ``WireContext`` that parse and build were called with."""
    wire: WireContext = context._params.wire  # noqa: SLF001 - construct's way to pass parameters
    return wire


class Blob(Construct):  # type: ignore[misc]
    """Bytes: exactly ``size`` of them when parsed, as many as given when built.

    The size is a number or a function of construct's context. Building ``None`` writes zeros of
    that size.
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size

    def resolved(self, context: Any) -> int:
        """The size, in bytes, that ``context`` asks for."""
        return self.size(context) if callable(self.size) else self.size

    def _parse(self, stream: BytesIO, context: Any, path: str) -> bytes:
        size = self.resolved(context)
        data = stream.read(size)
        if len(data) != size:
            raise StreamError(f"needs {size} bytes, {len(data)} are left", path)
        return data

    def _build(self, obj: bytes | None, stream: BytesIO, context: Any, path: str) -> bytes:
        del path
        data = bytes(self.resolved(context)) if obj is None else obj
        stream.write(data)
        return data


class Rest(Construct):  # type: ignore[misc]
    """All bytes that are left."""

    def _parse(self, stream: BytesIO, context: Any, path: str) -> bytes:
        del context, path
        return stream.read()

    def _build(self, obj: bytes, stream: BytesIO, context: Any, path: str) -> bytes:
        del context, path
        stream.write(obj)
        return obj


class LengthOf(_Subconstruct):  # type: ignore[misc]
    """A length or count: computed from the field ``target`` unless it is set.

    ``unit`` is the number of bytes that count as one. Where ``applies`` does not hold, another
    field tells the length and this one is computed as 0.
    """

    def __init__(
        self,
        target: str,
        subcon: Construct,
        unit: Size = 1,
        extra: int = 0,
        applies: Condition = lambda _: True,
    ) -> None:
        super().__init__(subcon)
        self.target = target
        self.unit = unit
        self.extra = extra
        self.applies = applies

    def _build(self, obj: int | None, stream: BytesIO, context: Any, path: str) -> int:
        if obj is None:
            obj = self.computed(context)
        self.subcon._build(obj, stream, context, path)  # noqa: SLF001 - a wrapper's call
        return obj

    def computed(self, context: Any) -> int:
        """The right value, which another field of ``context`` decides."""
        if not self.applies(context):
            return 0
        unit = self.unit(context) if callable(self.unit) else self.unit
        return len(context[self.target]) // (unit or 1) + self.extra


class When(_Subconstruct):  # type: ignore[misc]
    """A field that is there only if ``condition`` holds; elsewhere it parses as ``absent``.

    Building writes a value that differs from ``absent`` even where the condition does not hold.
    """

    def __init__(self, condition: Condition, subcon: Construct, absent: Any = None) -> None:
        super().__init__(subcon)
        self.condition = condition
        self.absent = absent

    def _parse(self, stream: BytesIO, context: Any, path: str) -> Any:
        if self.condition(context):
            return self.subcon._parsereport(stream, context, path)  # noqa: SLF001
        return self.absent

    def _build(self, obj: Any, stream: BytesIO, context: Any, path: str) -> Any:
        if obj == self.absent and not self.condition(context):
            return obj
        return self.subcon._build(obj, stream, context, path)  # noqa: SLF001
