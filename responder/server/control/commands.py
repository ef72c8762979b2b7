"""Commands: a request comes in as a line of JSON, and its answer goes out as one."""

import json
import traceback
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from responder.core.events import InternalError
from responder.errors import ConfigError, suggest
from responder.server.control import changing, queries, stepping
from responder.server.control.arguments import ARGUMENTS, Arguments, Subscribe, summary_of
from responder.server.control.errors import CommandError, bad_argument
from responder.server.control.results import (
    CommandList,
    CommandSeen,
    Connections,
    Counters,
    DeviceSeen,
    Faults,
    Happened,
    JournalPage,
    Nothing,
    Released,
    Result,
    Settings,
    Status,
    Stepped,
)
from responder.server.control.steered import Controller, Scene
from responder.server.events import CommandDone

Handler = Callable[[Scene, Any], Result | Awaitable[Result]]


class Row(NamedTuple):
    """What carries out a command, and what it answers."""

    handler: Handler
    gives: type[Result]


def _query_commands(scene: Scene, asked: Arguments) -> CommandList:
    del scene, asked
    return CommandList(
        [
            CommandSeen(name, summary_of(cls), msgspec.json.schema(cls))
            for name, cls in ARGUMENTS.items()
        ]
    )


HANDLERS: Mapping[str, Row] = MappingProxyType(
    {
        "fault-add": Row(changing.fault_add, Faults),
        "fault-list": Row(changing.fault_list, Faults),
        "fault-remove": Row(changing.fault_remove, Faults),
        "set": Row(changing.set_keys, Settings),
        "unset": Row(changing.unset_keys, Settings),
        "query-settings": Row(changing.query_settings, Settings),
        "measurement-set": Row(changing.measurement_set, Nothing),
        "slot-set": Row(changing.slot_set, Nothing),
        "tdi-error": Row(changing.tdi_error, Happened),
        "reset": Row(changing.reset, Happened),
        "link-down": Row(changing.link_down, Happened),
        "stream-insecure": Row(changing.stream_insecure, Happened),
        "query-status": Row(queries.status, Status),
        "query-connections": Row(queries.connections, Connections),
        "query-device": Row(queries.device, DeviceSeen),
        "query-journal": Row(queries.journal, JournalPage),
        "query-counters": Row(queries.counters, Counters),
        "query-commands": Row(_query_commands, CommandList),
        "pause": Row(stepping.pause, Nothing),
        "step": Row(stepping.step, Stepped),
        "resume": Row(stepping.resume, Released),
        "shutdown": Row(changing.shutdown, Nothing),
    }
)
"""Who carries out each command; ``subscribe`` and ``unsubscribe`` are the channel's."""


class Commands:
    """Carries out what controllers ask for, each command as a whole.

    Args:
        scene: all that commands reach.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def answer(self, request: bytes, controller: Controller | None = None) -> bytes:
        """The answer, a line of JSON with its newline, to a request.

        Args:
            request: a JSON object with ``execute``, ``arguments`` and ``id``.
            controller: where events can be sent to; ``None`` where that is not possible.
        """
        answer: dict[str, Any] = {}
        name = ""
        try:
            document = _document(request)
            if "id" in document:
                answer["id"] = document["id"]
            name, arguments = _asked(document)
            result = await self.execute(name, arguments, controller)
            answer = {"return": result, **answer}
        except CommandError as error:
            answer = {"error": error.document(), **answer}
        self._tell(name, answer)
        return encoded(answer)

    async def execute(
        self, name: str, arguments: Mapping[str, Any], controller: Controller | None = None
    ) -> dict[str, Any]:
        """Carry out a command; its result as a JSON object.

        Raises:
            CommandError: it is refused.
        """
        asked = _parsed(name, arguments)
        try:
            if name in HANDLERS:
                result = HANDLERS[name].handler(self._scene, asked)
                done = await result if isinstance(result, Awaitable) else result
            else:
                done = _of_channel(name, asked, controller)
        except ConfigError as error:
            raise bad_argument(error) from error
        except CommandError:
            raise
        except Exception as error:
            self._scene.server.emit(0, InternalError(0, traceback.format_exc()))
            reason = f"{type(error).__name__}: {error}"
            raise CommandError("InternalError", reason) from error
        found: dict[str, Any] = msgspec.to_builtins(done)
        return found

    def _tell(self, name: str, answer: Mapping[str, Any]) -> None:
        error = answer["error"]["class"] if "error" in answer else ""
        self._scene.server.emit(0, CommandDone(name, error))


def encoded(document: Mapping[str, Any]) -> bytes:
    """A JSON object as a line."""
    return json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"


def _document(request: bytes) -> dict[str, Any]:
    try:
        document = json.loads(request)
    except ValueError as error:
        raise CommandError("BadRequest", f"no JSON: {error}") from None
    except RecursionError:
        raise CommandError("BadRequest", "no JSON: too many levels") from None
    if not isinstance(document, dict):
        raise CommandError("BadRequest", "a request is a JSON object")
    return document


def _asked(document: dict[str, Any]) -> tuple[str, Mapping[str, Any]]:
    known = ("execute", "arguments", "id")
    for key in document:
        if key not in known:
            raise CommandError("BadRequest", f"a request has no {key!r}", suggest(key, known))
    name, arguments = document.get("execute"), document.get("arguments", {})
    if not isinstance(name, str):
        raise CommandError("BadRequest", 'a request says what to "execute"')
    if not isinstance(arguments, dict):
        raise CommandError("BadArgument", f"the arguments of {name} are a JSON object")
    return name, arguments


def _parsed(name: str, arguments: Mapping[str, Any]) -> Arguments:
    cls = ARGUMENTS.get(name)
    if cls is None:
        raise CommandError(
            "CommandNotFound", f"there is no command {name!r}", suggest(name, ARGUMENTS)
        )
    fields = cls.__struct_fields__
    for key in arguments:
        if key not in fields:
            raise CommandError("BadArgument", f"{name} has no {key!r}", suggest(key, fields))
    try:
        return msgspec.convert(arguments, cls)
    except msgspec.ValidationError as error:
        raise CommandError("BadArgument", f"{name}: {error}") from None


def _of_channel(name: str, asked: Arguments, controller: Controller | None) -> Result:
    if controller is None:
        raise CommandError("NotPossible", f"{name} is for controllers on a control socket")
    if isinstance(asked, Subscribe):
        controller.subscribe(asked.kinds)
    else:
        controller.unsubscribe()
    return Nothing()
