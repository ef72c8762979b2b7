"""A pytest plugin: fixtures that serve a profile in this process while a test runs.

Every pytest run on a machine with this package loads this module, so it imports nothing heavy.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from responder.observe.entry import Entry
    from responder.observe.journal import Journal
    from responder.server.thread import ServerThread
    from responder.transport.uri import Endpoint

_ANY_FREE_PORT = "spdm-emu://127.0.0.1:0"
_SEED = b"pytest"
_MARKER = "spdm_profile"


class SpdmResponder:
    """A responder that is listening.

    Attributes:
        events: all that happened, in order; complete up to what a requester has seen.
    """

    def __init__(self, thread: "ServerThread", events: "Journal") -> None:
        self.events = events
        self._thread = thread

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.uri}>"

    @property
    def endpoint(self) -> "Endpoint":
        """Where it listens."""
        return self._thread.endpoints[0]

    @property
    def uri(self) -> str:
        """Where it listens, such as ``spdm-emu://127.0.0.1:40123``."""
        return str(self.endpoint)

    @property
    def port(self) -> int:
        """The port that it listens on; 0 for a Unix socket."""
        return self.endpoint.port

    @property
    def journal(self) -> "list[Entry]":
        """The requests and responses so far; each has ``name``, ``message`` and ``connection``."""
        return self.events.messages()


class SpdmResponderFactory(Protocol):
    """Starts responders; what the fixture ``spdm_responder_factory`` gives."""

    def __call__(
        self,
        profile: str = "default",
        *,
        overrides: Mapping[str, Any] | None = None,
        uri: str = _ANY_FREE_PORT,
        attach: str | None = None,
        seed: bytes = _SEED,
    ) -> SpdmResponder:
        """Serve ``profile``, changed by ``overrides``, until the test ends."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(name, overrides=None): the profile that the fixture spdm_responder serves",
    )


@pytest.fixture
def spdm_responder_factory() -> Iterator[SpdmResponderFactory]:
    """A function that starts responders; all of them end with the test."""
    with ExitStack() as stack:

        def start(
            profile: str = "default",
            *,
            overrides: Mapping[str, Any] | None = None,
            uri: str = _ANY_FREE_PORT,
            attach: str | None = None,
            seed: bytes = _SEED,
        ) -> SpdmResponder:
            return _start(stack, profile, overrides, uri, (attach, seed))

        yield start


@pytest.fixture
def spdm_responder(
    request: pytest.FixtureRequest, spdm_responder_factory: SpdmResponderFactory
) -> SpdmResponder:
    """A responder on a free port of 127.0.0.1, with a fresh SPDM endpoint for each connection.

    The profile is the parameter (``indirect=True``), or that of the marker
    ``@pytest.mark.spdm_profile("bad-signature", overrides=…)``, or ``default``.
    """
    parameter = getattr(request, "param", None)
    if parameter is not None:
        return spdm_responder_factory(parameter)
    marker = request.node.get_closest_marker(_MARKER)
    if marker is None:
        return spdm_responder_factory()
    return spdm_responder_factory(*marker.args, **marker.kwargs)


def _start(
    stack: ExitStack,
    name: str,
    overrides: Mapping[str, Any] | None,
    uri: str,
    how: tuple[str | None, bytes],
) -> SpdmResponder:
    from responder.observe.bus import Bus  # noqa: PLC0415 - see the top
    from responder.observe.journal import Journal  # noqa: PLC0415 - see the top
    from responder.profiles.load import load_profile  # noqa: PLC0415 - see the top
    from responder.server.attach import Attach  # noqa: PLC0415 - see the top
    from responder.server.limits import Limits  # noqa: PLC0415 - see the top
    from responder.server.server import ServerOptions  # noqa: PLC0415 - see the top
    from responder.server.thread import ServerThread  # noqa: PLC0415 - see the top
    from responder.transport.uri import parse_uri  # noqa: PLC0415 - see the top

    attach, seed = how
    profile = load_profile(name, overrides)
    limits = Limits(**profile.server.limits())
    options = ServerOptions(seed, Attach(attach or profile.server.attach), limits)
    journal = Journal()
    thread = ServerThread(profile, options, [parse_uri(uri)], Bus(journal))
    return SpdmResponder(stack.enter_context(thread), journal)
