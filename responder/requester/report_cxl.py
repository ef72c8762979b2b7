"""What an attestation found out about a CXL port and a CXL memory target."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class CxlPortReport:
    """A port, as QUERY_RESP tells of it.

    Attributes:
        port_index: the port that was asked.
        max_port_index: the highest one.
        function: where it is: segment, bus, device and function.
        version: of CXL_IDE_KM.
        capabilities: names of its bits.
        registers: its CXL IDE capability, in hexadecimal.
        keys: the keys that were taken, and whether they are in use.
    """

    port_index: int
    max_port_index: int = 0
    function: str = ""
    version: int = 0
    capabilities: list[str] = field(default_factory=list)
    registers: str = ""
    keys: list[str] = field(default_factory=list)


@dataclass(slots=True)
class TargetReport:
    """A target of TSP.

    Attributes:
        versions: of TSP.
        supported: what it supports, by the name of the field.
        configuration: what it is configured with, by the name of the field.
        states: where it stood whenever it was asked.
        report: its configuration report, in hexadecimal.
    """

    versions: list[str] = field(default_factory=list)
    supported: dict[str, list[str]] = field(default_factory=dict)
    configuration: dict[str, list[str]] = field(default_factory=dict)
    states: list[str] = field(default_factory=list)
    report: str = ""


CXL_OBSERVATIONS = {
    "cxl.max-port": "The port that was asked is above MaxPortIndex.",
    "cxl.unsupported": "A request was left out: the port does not support it.",
    "cxl.key-odd": "A key that the device made is zero, or came before.",
    "tsp.unsupported": "A request was refused: the target does not support it.",
    "tsp.delayed": "A request was delayed.",
}
"""Of them ``responder.requester.report`` says more."""
