"""What runs a requester under test, whatever its kind."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from responder.campaign.result import Observed
from responder.campaign.setting import Setting
from responder.campaign.target import Target
from responder.errors import ConfigError
from responder.faults.rule import FaultSpec


class Runner(Protocol):
    """Runs a requester in a conversation."""

    def run(
        self, setting: Setting, faults: Sequence[FaultSpec], seed: bytes, case: str = ""
    ) -> Observed:
        """Let the requester hold a conversation, and say what it did.

        Args:
            setting: the device, the version, the way; who holds it is the requester under test.
            faults: what goes wrong; nothing if there are none.
            seed: of all randomness of the device.
            case: the id of the case, for the requester to know.

        Raises:
            ConfigError: a fault or the setting does not fit a device; never for what the
                requester does.
        """

    def close(self) -> None:
        """End what was started."""


def runner_of(target: Target, work: Path) -> Runner:
    """The runner of a target.

    Args:
        target: the requester under test.
        work: a folder of the campaign's own, which exists.

    Raises:
        ConfigError: there is none for its kind.
    """
    match target.kind:
        case "reference":
            from responder.campaign.targets.reference import ReferenceRunner  # noqa: PLC0415

            return ReferenceRunner()
        case "process":
            from responder.campaign.targets.sockets import SocketRunner  # noqa: PLC0415

            return SocketRunner(target, work)
        case "callable":
            from responder.campaign.targets.performers import CallPerformer  # noqa: PLC0415
            from responder.campaign.targets.sockets import SocketRunner  # noqa: PLC0415

            return SocketRunner(target, work, CallPerformer(target))
        case "service":
            from responder.campaign.targets.service import ServiceRunner  # noqa: PLC0415

            return ServiceRunner(target, work)
        case "guest":
            from responder.campaign.targets.guest import GuestRunner  # noqa: PLC0415

            return GuestRunner(target, work)
        case _:
            raise ConfigError(f"targets of kind {target.kind!r} cannot be run")
