"""A pytest plugin: fixtures that serve a profile in this process while a test runs.

Every pytest run on a machine with this package loads this module, so it imports nothing heavy.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from responder.core.events import FaultFired
    from responder.faults.rule import FaultSpec
    from responder.observe.entry import Entry
    from responder.observe.journal import Journal
    from responder.profiles.load import Profile
    from responder.pytest_faults import Healths, SpdmCase
    from responder.server.thread import ServerThread
    from responder.transport.uri import Endpoint

_ANY_FREE_PORT = "spdm-emu://127.0.0.1:0"
_SEED = b"pytest"
_MARKER = "spdm_profile"
_FAULTS_MARKER = "spdm_faults"


class SpdmResponder:
    """A responder that is listening.

    Attributes:
        events: all that happened, in order; complete up to what a requester has seen.
    """

    def __init__(self, thread: "ServerThread", events: "Journal", profile: "Profile") -> None:
        self.events = events
        self._thread = thread
        self._profile = profile

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

    @property
    def faults(self) -> "tuple[FaultSpec, ...]":
        """What goes wrong: the faults of the profile and of the test, each case by itself."""
        return self._profile.faults

    def fired(self, fault_id: str) -> "list[FaultFired]":
        """Each time that a fault struck so far, with the bytes before and after; none is false.

        Args:
            fault_id: a case, or a fault, which is all of its cases.

        Raises:
            ConfigError: this responder has no such fault.
        """
        from responder.core.events import FaultFired  # noqa: PLC0415 - see the top

        cases = self._cases(fault_id)
        events = (entry.event for entry in self.events)
        return [one for one in events if isinstance(one, FaultFired) and one.fault in cases]

    def nearest(self, fault_id: str) -> str:
        """What came nearest to a strike of a fault, such as ``CHALLENGE: slot_id 1, wanted 0``.

        Empty if the fault has struck. For the message of an assertion::

            assert spdm_responder.fired(lie), spdm_responder.nearest(lie)

        Args:
            fault_id: a case, or a fault, which is all of its cases.

        Raises:
            ConfigError: this responder has no such fault.
        """
        from responder.core.events import FaultMissed  # noqa: PLC0415 - see the top

        cases = self._cases(fault_id)
        missed = {
            event.fault: event.nearest
            for event in self._profile.missed()
            if isinstance(event, FaultMissed) and event.fault in cases
        }
        if len(missed) < len(cases):
            return ""
        if len(missed) == 1:
            return missed[cases[0]]
        return "; ".join(f"{case}: {text}" for case, text in missed.items())

    def _cases(self, fault_id: str) -> list[str]:
        cases = [one.id for one in self.faults if fault_id in {one.id, one.family}]
        if not cases:
            from responder.errors import ConfigError, suggest  # noqa: PLC0415 - see the top

            known = {name for one in self.faults for name in (one.id, one.family)}
            reason = f"this responder does not have the fault {fault_id!r}"
            raise ConfigError(reason, suggestion=suggest(fault_id, sorted(known)))
        return cases


class SpdmResponderFactory(Protocol):
    """Starts responders; what the fixture ``spdm_responder_factory`` gives."""

    def __call__(
        self,
        profile: str = "default",
        *,
        overrides: Mapping[str, Any] | None = None,
        faults: "Sequence[str | FaultSpec]" = (),
        uri: str = _ANY_FREE_PORT,
        attach: str | None = None,
        seed: bytes = _SEED,
    ) -> SpdmResponder:
        """Serve ``profile`` until the test ends.

        Args:
            profile: its name, or a path.
            overrides: nested tables that change it, such as ``{"spdm": {"versions": ["1.2"]}}``.
            faults: what goes wrong besides: ids of the catalogue, as ``spdm-responder fault list``
                names them.
            uri: where to listen.
            attach: which endpoint a connection finds: ``fresh``, ``sticky`` or ``shared``; the
                profile's choice if not given.
            seed: the root of all randomness.

        Raises:
            ConfigError: something in the profile, or a fault, is wrong.
        """


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(name, overrides=None, faults=()): the profile that the fixture spdm_responder "
        "serves, and what goes wrong besides",
    )
    config.addinivalue_line(
        "markers",
        f"{_FAULTS_MARKER}(*ids, without=(), groups=(), tags=(), duties=(), importance=3, "
        "settings=(), sample=None, seed='pytest', target={}, expect='', repeat=1): run the test "
        "with each of these cases of a campaign, as the fixture spdm_case",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test with the marker ``spdm_faults`` its cases."""
    mark = metafunc.definition.get_closest_marker(_FAULTS_MARKER)
    if mark is not None:
        from responder.pytest_faults import parametrize  # noqa: PLC0415 - see the top

        parametrize(metafunc, mark)


@pytest.fixture(scope="session")
def _spdm_healths() -> "Healths":
    """What the requesters under test do without a fault, as far as that is known."""
    return {}


@pytest.fixture
def spdm_case(request: pytest.FixtureRequest, _spdm_healths: "Healths") -> "SpdmCase":
    """One case of a campaign, whose ``judge`` runs a requester against its device.

    Which cases, the marker says::

        @pytest.mark.spdm_faults("dig.*", duties="reject", importance=1)
        def test_my_requester(spdm_case):
            spdm_case.judge(my_requester.attest, refused=my_requester.Refused)
    """
    from responder.pytest_faults import case_of  # noqa: PLC0415 - see the top

    return case_of(request, _spdm_healths)


@pytest.fixture
def spdm_responder_factory() -> Iterator[SpdmResponderFactory]:
    """A function that starts responders; all of them end with the test."""
    with ExitStack() as stack:

        def start(
            profile: str = "default",
            *,
            overrides: Mapping[str, Any] | None = None,
            faults: "Sequence[str | FaultSpec]" = (),
            uri: str = _ANY_FREE_PORT,
            attach: str | None = None,
            seed: bytes = _SEED,
        ) -> SpdmResponder:
            from responder.profiles.load import load_profile  # noqa: PLC0415 - see the top

            loaded = load_profile(profile, overrides, faults)
            return stack.enter_context(_serving(loaded, uri, attach, seed))

        yield start


@pytest.fixture
def spdm_responder(
    request: pytest.FixtureRequest, spdm_responder_factory: SpdmResponderFactory
) -> SpdmResponder:
    """A responder on a free port of 127.0.0.1, with a fresh SPDM endpoint for each connection.

    The profile is the parameter (``indirect=True``), or that of the marker, or ``default``::

        @pytest.mark.spdm_profile("default", faults=["sig.bitflip"])
        def test_a_wrong_signature_is_refused(spdm_responder):
            with pytest.raises(my_requester.Refused):
                my_requester.attest(port=spdm_responder.port)
            assert spdm_responder.fired("sig.bitflip"), spdm_responder.nearest("sig.bitflip")
    """
    parameter = getattr(request, "param", None)
    if parameter is not None:
        return spdm_responder_factory(parameter)
    marker = request.node.get_closest_marker(_MARKER)
    if marker is None:
        return spdm_responder_factory()
    return spdm_responder_factory(*marker.args, **marker.kwargs)


@contextmanager
def _serving(
    profile: "Profile", uri: str, attach: str | None, seed: bytes
) -> Iterator[SpdmResponder]:
    from responder.observe.bus import Bus  # noqa: PLC0415 - see the top
    from responder.observe.journal import Journal  # noqa: PLC0415 - see the top
    from responder.server.attach import Attach  # noqa: PLC0415 - see the top
    from responder.server.limits import Limits  # noqa: PLC0415 - see the top
    from responder.server.server import ServerOptions  # noqa: PLC0415 - see the top
    from responder.server.thread import ServerThread  # noqa: PLC0415 - see the top
    from responder.transport.uri import parse_uri  # noqa: PLC0415 - see the top

    limits = Limits(**profile.server.limits())
    options = ServerOptions(seed, Attach(attach or profile.server.attach), limits)
    journal = Journal()
    with ServerThread(profile, options, [parse_uri(uri)], Bus(journal)) as thread:
        yield SpdmResponder(thread, journal, profile)
