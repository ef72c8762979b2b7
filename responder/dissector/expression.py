"""Sizes and conditions of declarations, as Lua expressions.

A declaration says how long a field is, or whether it is there, with a function of construct's
context. Such a function is called with symbols in the place of values; what it does with them is
written down. Where it decides by a symbol, it is called again for the other way.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any

_MAX_DECISIONS = 64


class _Decisions:
    """The ways taken in one call, and those that are left."""

    def __init__(self, taken: list[bool]) -> None:
        self.conditions: list[str] = []
        self._taken = taken

    def way(self, condition: str) -> bool:
        """Which way to go where ``condition`` decides; true the first time."""
        if condition not in self.conditions:
            self.conditions.append(condition)
        if len(self.conditions) > _MAX_DECISIONS:
            raise ValueError("a declaration decides too often")
        place = self.conditions.index(condition)
        return self._taken[place] if place < len(self._taken) else True


class Symbol:
    """A number that is known only when a message is read; of a field of bytes, its size.

    Attributes:
        text: it in Lua.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, text: str, decisions: _Decisions) -> None:
        self.text = text
        self._decisions = decisions

    def __bool__(self) -> bool:
        return self._decisions.way(f"truthy({self.text})")

    def __neg__(self) -> "Symbol":
        return self._as(f"(-{self.text})")

    def __add__(self, other: Any) -> "Symbol":
        return self._infix("+", other)

    def __radd__(self, other: int) -> "Symbol":
        return self._as(f"({other} + {self.text})")

    def __sub__(self, other: Any) -> "Symbol":
        return self._infix("-", other)

    def __mul__(self, other: Any) -> "Symbol":
        return self._infix("*", other)

    def __rmul__(self, other: int) -> "Symbol":
        return self._as(f"({other} * {self.text})")

    def __mod__(self, other: int) -> "Symbol":
        return self._infix("%", other)

    def __eq__(self, other: object) -> "Symbol":  # type: ignore[override]
        return self._infix("==", other)

    def __ne__(self, other: object) -> "Symbol":  # type: ignore[override]
        return self._infix("~=", other)

    def __lt__(self, other: Any) -> "Symbol":
        return self._infix("<", other)

    def __gt__(self, other: Any) -> "Symbol":
        return self._infix(">", other)

    def __ge__(self, other: Any) -> "Symbol":
        return self._infix(">=", other)

    def __and__(self, other: Any) -> "Symbol":
        return self._as(f"band({self.text}, {lua_number(other)})")

    def __rshift__(self, other: int) -> "Symbol":
        return self._as(f"shifted({self.text}, {other})")

    def bit_count(self) -> "Symbol":
        """As of ``int``."""
        return self._as(f"bit_count({self.text})")

    def _infix(self, sign: str, other: Any) -> "Symbol":
        return self._as(f"({self.text} {sign} {lua_number(other)})")

    def _as(self, text: str) -> "Symbol":
        return Symbol(text, self._decisions)


def lua_number(value: Any) -> str:
    """A symbol's text, or a number."""
    return value.text if isinstance(value, Symbol) else str(int(value))


class _Context:
    """What stands for construct's context while a message is parsed."""

    _building = False
    _parsing = True

    def __init__(self, decisions: _Decisions) -> None:
        self._decisions = decisions
        self._params = _Parameters(decisions)

    def __getattr__(self, name: str) -> Symbol:
        if name.startswith("_"):
            raise AttributeError(f"nothing stands for {name} of construct's context")
        return Symbol(f"n(f.{name})", self._decisions)


class _Parameters:
    def __init__(self, decisions: _Decisions) -> None:
        self.wire = _Wire(decisions)


class _Wire:
    """What stands for the ``WireContext``."""

    def __init__(self, decisions: _Decisions) -> None:
        self._decisions = decisions

    def __getattr__(self, name: str) -> Symbol:
        return Symbol(f"n(w.{name})", self._decisions)


def _same(value: Any) -> Any:
    """What stands for ``int`` and ``len``, which have to give numbers."""
    return value


def lua_function(function: Any) -> str:
    """A function of the fields ``f`` and the wire context ``w``, in Lua.

    Args:
        function: of construct's context; or a constant.

    Raises:
        TypeError, ValueError: it does more with its values than can be written in Lua.
    """
    if not callable(function):
        return lua_number(function)
    if isinstance(function, FunctionType):
        names = {**function.__globals__, "int": _same, "len": _same}
        closure = function.__closure__
        function = FunctionType(function.__code__, names, closure=closure)
    return f"function(f, w) {_branch(function, [])} end"


def _branch(function: Callable[[Any], Any], taken: list[bool]) -> str:
    """The statements that follow once the first decisions are ``taken``."""
    decisions = _Decisions(taken)
    result = function(_Context(decisions))
    if len(decisions.conditions) == len(taken):
        return f"return {_result(result)}"
    condition = decisions.conditions[len(taken)]
    yes, no = (_branch(function, [*taken, way]) for way in (True, False))
    return yes if yes == no else f"if {condition} then {yes} else {no} end"


def _result(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return lua_number(value)
