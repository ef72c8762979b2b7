"""Serves the device of one conversation while a requester under test is run against it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import Any

from responder.campaign.result import Wire
from responder.campaign.setting import DEVICE, Setting
from responder.campaign.target import ConversationSpec, Target, Transport
from responder.campaign.wire import wire_of_journal
from responder.faults.rule import FaultSpec
from responder.observe.bus import Bus
from responder.observe.journal import Journal
from responder.profiles.load import Profile, load_profile
from responder.profiles.source import merged
from responder.server.attach import Attach
from responder.server.limits import Limits
from responder.server.listener import Listener
from responder.server.server import ServerOptions
from responder.server.thread import ServerThread
from responder.spec.versions import ALL_VERSIONS
from responder.transport.uri import Endpoint, parse_uri

_DRAIN_TIME = 0.2
"""Seconds for answers that are still being made when the requester has ended."""
_SCHEMES: Mapping[Transport, str] = {
    "dsp0287": "dsp0287://127.0.0.1:0",
    **{
        name: f"spdm-emu+{name}://127.0.0.1:0" for name in ("mctp", "doe", "tcp", "none", "storage")
    },
}


@dataclass(slots=True)
class Served:
    """A device that is listening.

    Attributes:
        endpoint: where.
        profile: what is served.
        version: the SPDM version that the conversation is to have, such as ``1.2``.
        transport: what is spoken.
        entries: what has happened so far.
    """

    endpoint: Endpoint
    profile: Profile
    version: str
    transport: Transport
    entries: Journal

    def wire(self) -> Wire:
        """What was seen so far."""
        return wire_of_journal(self.entries, self.profile.missed())


def transport_of(
    setting: Setting, target: Target, spec: ConversationSpec | None = None
) -> Transport | None:
    """What a conversation is carried by; ``None`` if the target does not speak it.

    Faults of frames need the transport of their setting, padded messages need DOE; all others go
    over the target's first one.
    """
    wanted = [*target.transports]
    if spec is not None and spec.transport is not None:
        wanted = [spec.transport]
    if setting.mailbox:
        return None
    if setting.listen:
        endpoint = parse_uri(setting.listen)
        needed = "dsp0287" if endpoint.framing == "dsp0287" else endpoint.binding
        return next((one for one in target.transports if one == needed), None)
    if setting.padding:
        return "doe" if "doe" in target.transports else None
    return wanted[0]


def endpoint_of(transport: Transport) -> Endpoint:
    """Any free port where a transport is spoken."""
    return parse_uri(_SCHEMES[transport])


@contextmanager
def served(
    setting: Setting,
    faults: Sequence[FaultSpec],
    seed: bytes,
    transport: Transport,
    overrides: Mapping[str, Any] | None = None,
    where: Endpoint | Listener | None = None,
) -> Iterator[Served]:
    """Serve a setting's device.

    Args:
        setting: the conversation; of its requester's options only the version counts.
        faults: what goes wrong.
        seed: of all randomness.
        transport: what is spoken.
        overrides: more changes to the profile.
        where: to listen, or what listens already; any free port of the transport if not given.

    Raises:
        ConfigError: the profile, or a fault on it, is wrong.
    """
    profile = device_of(setting, faults, overrides)
    journal = Journal()
    options = ServerOptions(seed, Attach(setting.attach), Limits(drain_time=_DRAIN_TIME))
    listen = [where or endpoint_of(transport)]
    with ServerThread(profile, options, listen, Bus(journal)) as server:
        version = max(profile.spec.spdm.versions)
        yield Served(server.endpoints[0], profile, version, transport, journal)


def device_of(
    setting: Setting, faults: Sequence[FaultSpec], overrides: Mapping[str, Any] | None = None
) -> Profile:
    """The profile of a setting; of a setting for some versions it has no others."""
    changes = reduce(merged, (DEVICE, setting.overrides, overrides or {}))
    profile = load_profile(setting.profile, changes, faults)
    if setting.options.versions == ALL_VERSIONS:
        return profile
    wanted = {version.label for version in setting.options.versions}
    versions = [one for one in profile.spec.spdm.versions if one in wanted]
    changes = merged(changes, {"spdm": {"versions": versions or sorted(wanted)}})
    return load_profile(setting.profile, changes, faults)
