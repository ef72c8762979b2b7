"""What an attestation found out about the port and the interface of a device."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class StreamReport:
    """A stream of a port: link or selective, whether it is enabled, and its state."""

    kind: str
    stream_id: int
    enabled: bool
    state: str


@dataclass(slots=True)
class IdeReport:
    """A port, as QUERY_RESP tells of it.

    Attributes:
        port_index: the port that was asked.
        max_port_index: the highest one.
        function: where it is: segment, bus, device and function.
        capabilities: names of the bits of its IDE capability.
        streams: as its registers say, when they were last read.
        keys: the keys that were taken, and whether they are in use.
    """

    port_index: int
    max_port_index: int = 0
    function: str = ""
    capabilities: list[str] = field(default_factory=list)
    streams: list[StreamReport] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


@dataclass(slots=True)
class TdispCapabilityReport:
    """TDISP_CAPABILITIES; the width is in bits of an address."""

    requests: list[str]
    lock_flags: list[str]
    dev_addr_width: int
    num_req_this: int
    num_req_all: int
    dsm_caps: int


@dataclass(slots=True)
class RangeReport:
    """An MMIO range.

    Attributes:
        bar: its range id.
        first_page: as told: a page number, with the reporting offset in it.
        pages: of 4096 bytes.
        address: where it begins, without the reporting offset.
        size: in bytes.
        attributes: names of its bits.
    """

    bar: int
    first_page: int
    pages: int
    address: int
    size: int
    attributes: list[str]


@dataclass(slots=True)
class InterfaceFacts:
    """The interface report; device specific information in hexadecimal."""

    info: list[str]
    msi_x_message_control: int
    lnr_control: int
    tph_control: int
    ranges: list[RangeReport]
    device_specific_info: str


@dataclass(slots=True)
class StatusReport:
    """How a measurement says that the function stands.

    Attributes:
        index: of the measurement.
        state, lock_flags, flags: by name.
        configuration: the word that it is configured with.
        resets: how often the function was reset.
        refused, shown: changes since the lock.
        signed: a signature that verified covers it.
    """

    index: int
    state: str
    lock_flags: list[str]
    flags: list[str]
    configuration: int
    resets: int
    refused: int
    shown: int
    signed: bool


@dataclass(slots=True)
class TdiReport:
    """An interface.

    Attributes:
        function: which one: segment if it counts, bus, device and function.
        versions: of TDISP.
        capabilities: what the device can do.
        lock_flags: what it was locked with, by name.
        states: where it stood whenever it was asked.
        interface: its report, as it was read last.
        status: how it was measured last.
        vdm_response: the vendor's data of VDM_RESPONSE, in hexadecimal.
    """

    function: str
    versions: list[str] = field(default_factory=list)
    capabilities: TdispCapabilityReport | None = None
    lock_flags: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    interface: InterfaceFacts | None = None
    status: StatusReport | None = None
    vdm_response: str = ""


TDI_OBSERVATIONS = {
    "ide.max-port": "The port that was asked is above MaxPortIndex.",
    "ide.other-function": "The port is not function 0 of the interface's device.",
    "ide.no-selective": "The port has no selective streams, or no IDE_KM, by its registers.",
    "ide.registers-odd": "The registers are more or less than the capability register tells.",
    "ide.stream-unknown": "No stream of the port has the id that was asked for.",
    "ide.go-without-keys": "K_SET_GO was acknowledged before all six keys were programmed.",
    "ide.go-unchecked": "K_SET_GO was acknowledged for a key that was never programmed.",
    "ide.key-repeated": "KEY_PROG was taken twice with the same key.",
    "ide.insecure": "All keys are in use, yet the stream's state is not secure.",
    "ide.still-secure": "No keys of this session are in use, yet the stream is secure.",
    "tdi.reserved": "Reserved bits are set.",
    "tdi.address-width": "DEV_ADDR_WIDTH is not 52 to 64.",
    "tdi.requests": "NUM_REQ_THIS or NUM_REQ_ALL is 0.",
    "tdi.firmware-updates": "The interface is locked without NO_FW_UPDATE.",
    "tdi.unsupported": "A request was left out: the device does not support it.",
    "tdi.nonce-unchecked": "START_INTERFACE was taken with a wrong nonce.",
    "tdi.session-outlived": "The session of the lock is over, and the state is not ERROR.",
    "tdi.report-unlocked": "An interface report was served of an unlocked interface.",
    "tdi.non-tee": "A range stays outside of the trusted environment, and nobody knew.",
    "tdi.non-tee-hidden": "A range that stays outside of the trusted environment is not told so.",
    "tdi.msix-unmarked": "LOCK_MSIX was asked for, and no range is marked as the table.",
    "tdi.range-id-repeated": "Two ranges that do not touch have the same range id.",
    "tdi.not-updatable": "No range has an attribute that can be set.",
    "tdi.attribute-ignored": "The report does not show the attribute that was set.",
    "tdi.unmeasured": "No measurement says how the function stands.",
    "tdi.changes-refused": "Somebody tried to change the function since the lock.",
}
"""Of them ``responder.requester.report`` says more."""
