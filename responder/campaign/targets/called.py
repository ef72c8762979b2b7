"""Calls a Python function as if it were a program; runs in ``reaper`` and its children."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

UNIMPLEMENTED = 89
REFUSED = 1


def load(name: str, path: Sequence[str]) -> Callable[..., Any]:
    """The function that ``package.module:function`` names.

    Args:
        name: of the function, which may be an attribute of an attribute.
        path: where modules are looked for.

    Raises:
        ImportError: it cannot be had.
    """
    from importlib import import_module  # noqa: PLC0415 - most targets are programs

    sys.path[:] = path
    module, _, attributes = name.partition(":")
    try:
        found: Any = import_module(module)
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
    except Exception as error:
        raise ImportError(f"{name}: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise ImportError(f"{name} is no function")  # noqa: TRY004 - one error for all mistakes
    function: Callable[..., Any] = found
    return function


def call(function: Callable[..., Any], arguments: Mapping[str, str]) -> int:
    """Call a function, or a coroutine function, and say how it ended; never raises.

    Args:
        function: gets those of the arguments that it has parameters for, by name; if it has none
            of them, the URI alone.
        arguments: by name; ``uri`` is one of them.

    Returns:
        An exit code: 0 if it returned, and not ``False``; 89 for ``NotImplementedError``; that of
        ``SystemExit``; 1 if it raised something else, whose traceback is written to stderr.
    """
    try:
        result = passed(function, arguments)
    except SystemExit as end:
        return _exit_code(end.code)
    except BaseException as error:  # noqa: BLE001 - whatever it raises is its verdict
        import traceback  # noqa: PLC0415 - as above

        traceback.print_exc()
        return UNIMPLEMENTED if isinstance(error, NotImplementedError) else REFUSED
    return REFUSED if result is False else 0


def passed(function: Callable[..., Any], arguments: Mapping[str, str]) -> Any:
    """What a function, or a coroutine function, returns; arguments as of ``call``."""
    import inspect  # noqa: PLC0415 - as above

    names = inspect.signature(function).parameters
    known = {name: value for name, value in arguments.items() if name in names}
    result = function(**known) if known else function(arguments["uri"])
    if not inspect.iscoroutine(result):
        return result
    import asyncio  # noqa: PLC0415 - as above

    return asyncio.run(result)


def _exit_code(code: object) -> int:
    """What the interpreter makes of the argument of ``sys.exit``."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)  # noqa: T201 - as the interpreter does
    return 1
