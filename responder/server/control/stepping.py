"""Commands that hold requests back, and let them through one at a time."""

from typing import TYPE_CHECKING, Any

from responder.server.control import arguments as asked_for
from responder.server.control.errors import CommandError
from responder.server.control.results import MessageSeen, Nothing, Released, Stepped
from responder.server.control.steered import Scene

if TYPE_CHECKING:
    from responder.core.connection import Connection
    from responder.wire.follow import Conversation

_MESSAGES = ("RequestReceived", "ResponseSent")
_MANY = 1000
"""Entries that one request leads to, at most, that are told."""


def pause(scene: Scene, asked: asked_for.Pause) -> Nothing:
    """Let requests wait."""
    del asked
    scene.gate.pause()
    return Nothing()


def resume(scene: Scene, asked: asked_for.Resume) -> Released:
    """Let all go on."""
    del asked
    return Released(scene.gate.resume())


async def step(scene: Scene, asked: asked_for.Step) -> Stepped:
    """Let one request through.

    Raises:
        CommandError: the server is not paused, or no request came.
    """
    gate, story = scene.gate, scene.story
    if not gate.paused:
        raise CommandError("NotPossible", "nothing waits: the server is not paused")
    held = await gate.next(asked.connection, asked.wait)
    if held is None:
        of = f" of connection {asked.connection}" if asked.connection else ""
        raise CommandError("NotPossible", f"no request{of} waits")
    since, ordinal = story.position, held.peer.ordinal
    conversation = _conversation(held.endpoint.connection)
    await gate.let_through(held)
    events = story.page(since, _MANY, ordinal).entries
    return Stepped(
        connection=ordinal,
        messages=[_seen(one, conversation) for one in events if one["event"] in _MESSAGES],
        events=events,
        waiting=len(gate.waiting),
    )


def _conversation(connection: "Connection") -> "Conversation":
    """What the layout of the next messages depends on."""
    from responder.wire.follow import NOTHING_KNOWN, Conversation  # noqa: PLC0415 - if stepped

    return Conversation(NOTHING_KNOWN if connection.version is None else connection.wire)


def _seen(entry: dict[str, Any], conversation: "Conversation") -> MessageSeen:
    from responder.wire.describe import describe, text_of  # noqa: PLC0415 - as above

    if "message" not in entry:  # the story tells only what everybody may see
        return MessageSeen(entry["name"], "", [])
    message = bytes.fromhex(entry["message"])
    described = describe(message, conversation.feed(message))
    return MessageSeen(entry["name"], entry["message"], text_of(described))
