"""``campaign run --mqtt``: publishes how far a campaign is, and each verdict."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from responder import __version__
from responder.cli.mqtt import client_id, instance_name, link_of, run_id
from responder.core.events import Event
from responder.observe.bus import Bus
from responder.observe.mqtt_control import ControlTopic
from responder.observe.mqtt_instance import Feed, Instance
from responder.observe.mqtt_topics import VERDICTS, Numbered, Topics

if TYPE_CHECKING:
    from responder.campaign.execution import Progress
    from responder.campaign.result import Result

    Tell = Callable[[Progress], None]

_FLUSH_TIME = 5.0
"""Seconds that the end waits for verdicts, and then for the farewell, to reach the broker."""
_REFUSAL = "a campaign takes no commands"


class CaseJudged(Event, frozen=True):
    """A case of a campaign has its verdict; the fields are those of the store.

    Attributes:
        expected: this verdict was expected, and why; empty if not.
    """

    case: str
    verdict: str
    text: str
    weight: str
    expected: str
    attempts: int


@contextmanager
def published(
    options: Mapping[str, Any], target: str, tell: "Tell"
) -> "Iterator[tuple[Tell, Callable[[str], None]]]":
    """What is told of a campaign's progress, and how it has ended, while it is published.

    Args:
        options: those of ``campaign run``, by name.
        target: the requester's name.
        tell: is told of the progress too.

    Raises:
        UsageError: an option is wrong.
    """
    name, run = instance_name(options, target), run_id()
    topics, bus = Topics(name), Bus()
    progress: dict[str, Any] = {"state": "running"}
    instance = Instance(
        topics,
        run,
        {"kind": "campaign", "version": __version__, "target": target},
        documents=lambda: {topics.progress: dict(progress)},
        lost=lambda: feed.lost,
    )
    commands = ControlTopic(topics, _REFUSAL)
    link = link_of(options, client_id(name, run), instance, commands, _Told())
    feed = Feed(Numbered(topics, lambda _: VERDICTS), link, bus)

    def told(state: "Progress") -> None:
        tell(state)
        progress.update(
            total=state.total,
            done=state.done,
            verdicts=dict(state.verdicts),
            seconds=round(state.seconds, 3),
            what=state.what,
        )
        if state.last is not None and not state.what:
            bus(state.seconds, 0, _judged(state.last))
        link.refresh()

    def ended(how: str) -> None:
        progress["state"] = how

    link.start()
    try:
        yield told, ended
    except BaseException:
        ended("interrupted")
        raise
    finally:
        if losses := feed.close(_FLUSH_TIME):
            click.echo(losses, err=True)


def _judged(result: "Result") -> CaseJudged:
    return CaseJudged(
        result.case,
        result.verdict,
        result.text,
        result.weight,
        result.expectation,
        result.attempts,
    )


class _Told:
    """Says on stderr how the broker is."""

    def reached(self, broker: str, birth: int) -> None:
        """The broker has the birth; of the first nobody needs to be told."""
        if birth > 1:
            click.echo(f"mqtt: {broker} is there again", err=True)

    def lost(self, broker: str, reason: str) -> None:
        """The broker is not there."""
        click.echo(f"mqtt: {broker}: {reason}; it is tried again", err=True)
