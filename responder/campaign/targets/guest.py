"""Tests a requester in a QEMU guest: the device is one of QEMU's, or is plugged in by vfio-user."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from responder.campaign.setting import Setting
from responder.campaign.target import ConversationSpec, Transport
from responder.campaign.targets.served import Served, device_of, served
from responder.campaign.targets.sockets import SocketRunner
from responder.faults.rule import FaultSpec
from responder.profiles.source import merged
from responder.transport.uri import parse_uri

PLACEHOLDER = "{vfio_user}"
_FUNCTION = {"pcie": {"status_index": 0}}
"""What the device of a conversation has besides if it is no PCI Express device."""


class GuestRunner(SocketRunner):
    """Serves what QEMU connects to; a ``Runner``.

    A command with ``{vfio_user}`` gets the path of a socket: that of a PCI Express device, whose
    function 0 has the mailbox. Else QEMU's own device connects to ``{port}``.
    """

    def _transport(self, setting: Setting, spec: ConversationSpec) -> Transport | None:
        if not self._plugged(spec):
            return super()._transport(setting, spec)
        return None if setting.listen else "doe"

    def _serve(
        self,
        setting: Setting,
        faults: Sequence[FaultSpec],
        seed: bytes,
        spec: ConversationSpec,
        transport: Transport,
        own: Path,
    ) -> AbstractContextManager[Served]:
        if not self._plugged(spec):
            return super()._serve(setting, faults, seed, spec, transport, own)
        overrides = spec.overrides
        if device_of(setting, (), overrides).spec.pcie is None:
            overrides = merged(_FUNCTION, overrides)
        where = parse_uri(f"vfio-user:{own / 'device'}")
        return served(setting, faults, seed, transport, overrides, where)

    def _plugged(self, spec: ConversationSpec) -> bool:
        """Whether the device is plugged in as a PCI Express device."""
        words = [*self._target.command, *spec.args]
        return any(PLACEHOLDER in word for word in words)
