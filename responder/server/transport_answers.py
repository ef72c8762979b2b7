"""What a transport carries besides SPDM messages, and what a responder says to it."""

from typing import Literal

import msgspec

from responder.spec.flags import SESSION, Cap
from responder.spec.registries import PCI_SIG_VENDOR_ID, DoeType
from responder.transport import doe, dsp0287
from responder.transport.carried import Binding, Carried, Kind
from responder.transport.dsp0287 import MessageType
from responder.transport.socket_frame import TransportType

FrameKind = Literal["spdm", "secured", "discovery", "pending-info", "command"]
"""What a frame carries; the last is all that belongs to the transport alone."""


class Answer(msgspec.Struct, frozen=True):
    """What comes of something that is no SPDM message.

    Attributes:
        payload: to be sent; ``None`` for no frame at all.
        note: what an observer should know.
        kind: what the frame is to hooks.
    """

    payload: bytes | None
    note: str = ""
    kind: FrameKind = "command"


NO_OBJECT = b""
"""QEMU waits for a frame for each data object and takes an empty one for 'no response'."""


def answer(binding: Binding, carried: Carried, capabilities: Cap) -> Answer:
    """What to say to ``carried``, which is neither an SPDM message nor a record.

    Raises:
        FramingError: a discovery request is malformed.
    """
    if binding.transport is TransportType.PCI_DOE:
        return _to_data_object(binding, carried, capabilities)
    return _to_dsp0287(carried)


def discovery_table(capabilities: Cap) -> tuple[tuple[int, int], ...]:
    """The data objects of a device with these capabilities, index 0 first (PCIe 6.2 6.30).

    Secured SPDM is listed by devices that can have sessions.
    """
    secured = (PCI_SIG_VENDOR_ID, DoeType.SECURED_SPDM)
    return tuple(entry for entry in doe.SPDM_OBJECTS if capabilities & SESSION or entry != secured)


def _to_data_object(binding: Binding, carried: Carried, capabilities: Cap) -> Answer:
    kind = doe.object_type(carried.header)
    if kind == doe.DISCOVERY:
        reply = doe.answer_discovery(carried.message, discovery_table(capabilities))
        payload = binding.wrap(reply, Kind.OTHER, carried.header)
        return Answer(payload, kind="discovery")
    vendor_id, number = kind
    return Answer(NO_OBJECT, f"data object {vendor_id:04x}:{number:02x} is not known here")


def _to_dsp0287(carried: Carried) -> Answer:
    """Role inquiry asks this side to be the requester; errors are taken note of."""
    kind = dsp0287.message_type(carried.header)
    if kind is MessageType.ROLE_INQUIRY:
        return Answer(dsp0287.header_only(MessageType.CANNOT_OPERATE_AS_REQUESTER))
    return Answer(None, f"the peer says {kind.name} (DSP0287)")
