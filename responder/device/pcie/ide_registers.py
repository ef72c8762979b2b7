"""The registers of the IDE extended capability: which there are, and what may be written."""

from collections.abc import Iterator

import msgspec

from responder.device.pcie.policies import IdeFeatures
from responder.spec import ide
from responder.spec.ide import IdeCapability, IdeControl, StreamControl

AGGREGATION_MODES = 0x3F << 2
"""Bits 7:2 of a stream's control register: two each for NPR, PR and CPL."""
PARTIAL_HEADER_ENCRYPTION_MODE = 0xF << 10
RID_LIMIT = 0xFFFF << 8
RID_VALID, RID_BASE, RID_SEGMENT = 1 << 0, 0xFFFF << 8, 0xFF << 24
ADDRESS_VALID, ADDRESS_LOWER_BASE, ADDRESS_LOWER_LIMIT = 1 << 0, 0xFFF << 8, 0xFFF << 20
_ALL = 0xFFFFFFFF


class IdeLayout(IdeFeatures, frozen=True):
    """The features, and the register that tells them."""

    @property
    def capability(self) -> int:
        """The capability register; counts in it are one less than what they count."""
        features = {
            IdeCapability.LINK_IDE: self.link_streams > 0,
            IdeCapability.SELECTIVE_IDE: self.selective_streams > 0,
            IdeCapability.FLOW_THROUGH: self.flow_through,
            IdeCapability.PARTIAL_HEADER_ENCRYPTION: self.partial_header_encryption,
            IdeCapability.AGGREGATION: self.aggregation,
            IdeCapability.PCRC: self.pcrc,
            IdeCapability.IDE_KM: True,
            IdeCapability.SELECTIVE_CONFIGURATION_REQUESTS: self.configuration_requests,
            IdeCapability.TEE_LIMITED_STREAM: self.tee_limited,
        }
        bits = sum(feature for feature, there in features.items() if there)
        link, selective = max(self.link_streams, 1) - 1, max(self.selective_streams, 1) - 1
        return bits | link << ide.LINK_COUNT_SHIFT | selective << ide.SELECTIVE_COUNT_SHIFT


class Register(msgspec.Struct, frozen=True):
    """A register of one DW.

    Attributes:
        name: such as ``ide.stream0.control``.
        writable: the bits that take what is written.
        default: its value after a reset.
    """

    name: str
    writable: int = 0
    default: int = 0


def registers_of(layout: IdeLayout) -> list[Register]:
    """The registers of a capability in order; the first is the header, which is not its own."""
    flow_through = IdeControl.FLOW_THROUGH if layout.flow_through else 0
    return [
        Register("ide.header"),
        Register("ide.capability", default=layout.capability),
        Register("ide.control", writable=flow_through),
        *_link(layout),
        *_selective(layout),
    ]


def _link(layout: IdeLayout) -> Iterator[Register]:
    for number in range(layout.link_streams):
        name = f"ide.link{number}"
        yield Register(f"{name}.control", writable=_control(layout))
        yield Register(f"{name}.status")


def _selective(layout: IdeLayout) -> Iterator[Register]:
    control = _control(layout) | StreamControl.DEFAULT_STREAM
    if layout.configuration_requests:
        control |= StreamControl.CONFIGURATION_REQUESTS
    if layout.tee_limited:
        control |= StreamControl.TEE_LIMITED
    for number in range(layout.selective_streams):
        name = f"ide.stream{number}"
        yield Register(f"{name}.capability", default=layout.address_associations)
        yield Register(f"{name}.control", writable=control)
        yield Register(f"{name}.status")
        yield Register(f"{name}.rid1", writable=RID_LIMIT)
        yield Register(f"{name}.rid2", writable=RID_VALID | RID_BASE | RID_SEGMENT)
        for block in range(layout.address_associations):
            lower = ADDRESS_VALID | ADDRESS_LOWER_BASE | ADDRESS_LOWER_LIMIT
            yield Register(f"{name}.address{block}.1", writable=lower)
            yield Register(f"{name}.address{block}.2", writable=_ALL)
            yield Register(f"{name}.address{block}.3", writable=_ALL)


def _control(layout: IdeLayout) -> int:
    """The bits of a stream's control register that both kinds of streams have."""
    bits = StreamControl.ENABLE | (ide.STREAM_ID_MASK << ide.STREAM_ID_SHIFT)
    bits |= ide.TRAFFIC_CLASS_MASK << ide.TRAFFIC_CLASS_SHIFT
    bits |= ide.STREAM_ALGORITHM_MASK << ide.STREAM_ALGORITHM_SHIFT
    if layout.aggregation:
        bits |= AGGREGATION_MODES
    if layout.pcrc:
        bits |= StreamControl.PCRC
    if layout.partial_header_encryption:
        bits |= PARTIAL_HEADER_ENCRYPTION_MODE
    return int(bits)
