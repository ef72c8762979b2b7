"""``serve --metrics``: counters for Prometheus, over HTTP."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click
from prometheus_client import disable_created_metrics

from responder import __version__
from responder.errors import ConfigError
from responder.observe.metrics import Metrics
from responder.observe.metrics_http import MetricsServer

if TYPE_CHECKING:
    from responder.cli.observing import Announce
    from responder.observe.bus import Bus
    from responder.profiles.load import Profile
    from responder.transport.uri import Endpoint

_FLUSH_TIME = 1.0
"""Seconds that a stop waits for what has happened to be counted."""


def serve_metrics(
    stack: ExitStack,
    bus: "Bus",
    profile: "Profile",
    announce: "Announce",
    address: tuple[str, int],
    *,
    allow_remote: bool,
) -> "Announce":
    """Count what happens, and serve that.

    Args:
        stack: its end stops it.
        bus: tells what happens.
        profile: what is served.
        announce: says that the server is ready.
        address: host and port.
        allow_remote: other machines may reach it.

    Returns:
        What is to be called in the place of ``announce``.

    Raises:
        UsageError: the address needs ``allow_remote``.
        UnavailableError: it cannot be had.
    """
    # When each was first counted would be as many lines again, for nobody.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    metrics = Metrics(profile.name, __version__, [fault.id for fault in profile.faults])
    host, port = address
    try:
        server = MetricsServer(metrics.registry, host, port, allow_remote=allow_remote)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    stack.callback(server.close)
    observed = bus.observe("metrics", metrics.take, kinds=metrics.kinds)
    stack.callback(observed.close, _FLUSH_TIME)

    def announced(endpoints: "Sequence[Endpoint]", lines: Sequence[str]) -> None:
        announce(endpoints, [*lines[:-1], f"LISTENING {server.url}", lines[-1]])

    return announced
