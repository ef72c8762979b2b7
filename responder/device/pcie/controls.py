"""What can be done to a device beside what it is asked for: other policies, events, DMA unasked.

Whoever does one carries out what ``PcieDevice.drain`` gives then.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from responder.core.controls import DeviceEvent, PolicyValue
from responder.core.ownership import Reset
from responder.device.pcie.policies import IdePolicy, LockPolicy, TdispPolicy

if TYPE_CHECKING:
    from responder.device.pcie.device import PcieDevice
    from responder.device.pcie.function import Function
    from responder.device.pcie.ide_km import IdeKm
    from responder.device.pcie.tdi import Tdi
    from responder.device.pcie.tdisp import TdispHost

TABLES: Mapping[str, type[msgspec.Struct]] = MappingProxyType(
    {"pcie": LockPolicy, "ide_km": IdePolicy, "tdisp": TdispPolicy}
)
"""The tables of a profile whose switches can be thrown while the device lives."""

_BAR0 = 0x10
"""The offset of BAR 0 in configuration space (PCIe 6.2, 7.5.1.2.1)."""


class _Switched(Protocol):
    """A part that goes by a policy."""

    def use(self, policy: Any) -> None:
        """Go by another one from now on."""


class _Locks:
    """What all functions allow while they are locked."""

    def __init__(self, functions: "Sequence[Function]") -> None:
        self._functions = functions

    def use(self, policy: LockPolicy) -> None:
        """Go by another policy from now on."""
        for function in self._functions:
            function.lock = policy


class Controls:
    """Implements ``core.interfaces.Controls`` for one device."""

    def __init__(
        self,
        device: "PcieDevice",
        interfaces: "Sequence[Tdi]",
        ide_km: "IdeKm | None",
        hosts: "Sequence[TdispHost]",
        policies: tuple[IdePolicy, TdispPolicy | None],
    ) -> None:
        """Reach the parts of a device.

        Args:
            device: the device.
            interfaces: its TDIs.
            ide_km: its keys; ``None`` without IDE.
            hosts: the hosts of its TDIs; none without TDISP.
            policies: those of its keys and of TDISP.
        """
        self._device = device
        self._interfaces = tuple(interfaces)
        parts: dict[str, tuple[Sequence[_Switched], msgspec.Struct | None]] = {
            "pcie": ([_Locks(device.functions)], device.functions[0].lock),
            "ide_km": ([ide_km] if ide_km else [], policies[0]),
            "tdisp": (hosts, policies[1]),
        }
        self._parts = {name: found for name, (found, _) in parts.items()}
        self._policies = {name: policy for name, (found, policy) in parts.items() if found}

    def switch(self, table: str, values: Mapping[str, PolicyValue]) -> Mapping[str, PolicyValue]:
        """Go by other values of a policy from now on; those of before.

        Raises:
            ValueError: the device has no such policy, or it has no such values.
        """
        if table not in self._policies:
            raise ValueError(f"the device has no {table}")
        before = msgspec.to_builtins(self._policies[table])
        policy = msgspec.convert({**before, **values}, TABLES[table])
        if isinstance(policy, TdispPolicy) and policy.crossed != "nothing":
            self._check_neighbours()
        self._policies[table] = policy
        for part in self._parts[table]:
            part.use(policy)
        return {name: before[name] for name in values}

    def _check_neighbours(self) -> None:
        """Raise ValueError if each interface has a host of its own: none has a next one."""
        if len(self._interfaces) == len(self._parts["tdisp"]):
            raise ValueError("each interface has a host of its own")

    def happen(self, event: DeviceEvent, *, function: int, value: int, now: float) -> None:
        """Something happens to the device of its own accord; see ``core.interfaces.Controls``.

        Raises:
            ValueError: there is no such function.
        """
        device = self._device
        found = self._function(function)
        match event:
            case "interface-error":
                device.fail_interface(function, "an event of the device")
            case "stream-insecure":
                device.fail_stream(value)
            case "configure":
                device.configure(function, value, now)
            case "bar-moved":
                device.write_config(function, _BAR0, value.to_bytes(4, "little"), now)
            case "function-reset":
                device.reset(found.number, Reset.FUNCTION_LEVEL, now)

    def rewrite_reports(self, how: Callable[[bytes], bytes]) -> tuple[bytes, bytes]:
        """Change the interface report of each interface that has one, until its next lock.

        Raises:
            ValueError: none has.
        """
        found = [tdi for tdi in self._interfaces if tdi.report is not None]
        if not found:
            raise ValueError("no interface has a report")
        before = [tdi.served() for tdi in found]
        after = [how(report) for report in before]
        for tdi, report in zip(found, after, strict=True):
            tdi.rewritten = report
        return b"".join(before), b"".join(after)

    def write_memory(self, function: int, address: int, data: bytes) -> None:
        """A function writes to host memory, whatever is against it; at most 4096 bytes.

        Raises:
            ValueError: there is no such function.
        """
        self._device.leave(function, self._function(function).dma_unasked(address, data))

    def _function(self, number: int) -> "Function":
        functions = self._device.functions
        if number >= len(functions):
            raise ValueError(f"there are functions 0 to {len(functions) - 1}")
        return functions[number]
