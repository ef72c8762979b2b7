"""Other responders whose ways a profile can take on, and each of those ways.

``docs/personas.md`` is written from here. What a fault can do is a fault; the core has a switch for
what is left (``core.interfaces.Deviations``).
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from responder.core.interfaces import Deviations
from responder.spec.codes import ErrorCode, RequestCode

if TYPE_CHECKING:
    from responder.profiles.lookup import Lookup
    from responder.profiles.schema import ProfileSpec

FAULT_PREFIX = "persona."
"""The ids of the faults that are deviations begin with it."""

_EMULATOR = "on the wire: spdm-emu 85436d5 with libspdm 1e16c60f, MCTP and NONE"
_SPDM_RS = "spdm-rs 24d02b8, spdmlib responder context, dispatch_message"

_UNHANDLED = sorted(
    {*range(0x100)} - {*RequestCode}
    | {RequestCode.SLOT_MANAGEMENT, RequestCode.VENDOR_DEFINED_REQUEST}
)
"""Codes of requests that libspdm leaves to its integrator, who knows none of them."""


class Deviation(msgspec.Struct, frozen=True):
    """One way in which another responder differs.

    Attributes:
        name: as profiles write it.
        text: what it does.
        source: where that was seen.
        switch: the field of ``Deviations`` that turns it on; empty if faults do it all.
        faults: the steps of a fault, in the language of profiles.
    """

    name: str
    text: str
    source: str
    switch: str = ""
    faults: Sequence[Mapping[str, Any]] = ()


def _becomes(code: int, data: int) -> list[Mapping[str, Any]]:
    """An ERROR gets another code and data."""
    return [
        {"do": "set", "field": "error_code", "value": int(code)},
        {"do": "set", "field": "error_data", "value": data},
    ]


_INVALID_REQUEST, _UNEXPECTED_REQUEST = ErrorCode.INVALID_REQUEST, ErrorCode.UNEXPECTED_REQUEST
_UNSPECIFIED, _SESSION_REQUIRED = ErrorCode.UNSPECIFIED, ErrorCode.SESSION_REQUIRED
_UNSUPPORTED_REQUEST = ErrorCode.UNSUPPORTED_REQUEST

_ALL = (
    Deviation(
        name="trailing-bytes",
        text="Bytes after the end of a request are ignored, on every transport.",
        source=_EMULATOR,
        switch="ignores_trailing_bytes",
    ),
    Deviation(
        name="unhandled-invalid",
        text="Unknown requests, SLOT_MANAGEMENT and VENDOR_DEFINED that nobody answers get"
        " InvalidRequest instead of UnsupportedRequest.",
        source="on the wire: spdm-emu 85436d5 with libspdm 1e16c60f, MCTP",
        faults=(
            {
                "hook": "draft",
                "message": ["ERROR"],
                "response": {"error_code": int(_UNSUPPORTED_REQUEST), "error_data": _UNHANDLED},
                "action": _becomes(_INVALID_REQUEST, 0),
            },
        ),
    ),
    Deviation(
        name="nothing-deferred-invalid",
        text="RESPOND_IF_READY is InvalidRequest instead of UnexpectedRequest when no request was"
        " put off.",
        source=_EMULATOR,
        faults=(
            {
                "hook": "draft",
                "message": ["RESPOND_IF_READY"],
                "response": {"error_code": int(_UNEXPECTED_REQUEST)},
                "action": _becomes(_INVALID_REQUEST, 0),
            },
        ),
    ),
    Deviation(
        name="empty-slot-no-size",
        text="SlotSizeRequested of an empty slot is InvalidRequest.",
        source=f"{_EMULATOR}; libspdm 3c01e237 and later tell the size",
        switch="hides_empty_slots",
    ),
    Deviation(
        name="whole-portions",
        text="Portions of certificate chains and of the log are not cut to the requester's"
        " DataTransferSize: without chunking a long one is ResponseTooLarge.",
        source=_EMULATOR,
        switch="cuts_to_own_size",
    ),
    Deviation(
        name="extended-always",
        text="Hash-extended measurements exist in every version, not only from 1.3 on.",
        source=f"{_EMULATOR}; its captures of 1.0 to 1.2",
        switch="extends_in_every_version",
    ),
    Deviation(
        name="key-pair-info-tail",
        text="Six bytes of zero follow KEY_PAIR_INFO in 1.4.",
        source="captures of spdm-emu 85436d5 with libspdm 1e16c60f",
        faults=(
            {
                "hook": "message",
                "message": ["KEY_PAIR_INFO"],
                "version": ["1.4"],
                "action": [{"do": "extend", "by": 6}],
            },
        ),
    ),
    Deviation(
        name="mutual-auth-of-anyone",
        text="Sessions ask for mutual authentication, if the profile wants it, even a requester"
        " without MUT_AUTH_CAP.",
        source="captures of spdm-emu 85436d5 with libspdm 1e16c60f",
        switch="asks_anyone",
    ),
    Deviation(
        name="cleared-goes-on",
        text="With CACHE_CAP, END_SESSION that clears the negotiated state clears what a reset"
        " would find, and the connection goes on as it is.",
        source="libspdm 1e16c60f, its responder's END_SESSION; spdm-emu's requester, which goes on"
        " with its next session",
        switch="goes_on_when_cleared",
    ),
    Deviation(
        name="no-respond-if-ready",
        text="RESPOND_IF_READY is UnsupportedRequest.",
        source=_SPDM_RS,
        faults=(
            {
                "hook": "request",
                "message": ["RESPOND_IF_READY"],
                "action": [{"do": "error", "code": "UnsupportedRequest", "data": 0xFF}],
            },
        ),
    ),
    Deviation(
        name="session-required-unexpected",
        text="What belongs into a session is UnexpectedRequest outside, instead of"
        " SessionRequired or Unspecified.",
        source=_SPDM_RS,
        faults=(
            {
                "hook": "draft",
                "message": ["FINISH", "PSK_FINISH", "HEARTBEAT", "KEY_UPDATE", "END_SESSION"],
                "session": False,
                "response": {"error_code": int(_SESSION_REQUIRED)},
                "action": _becomes(_UNEXPECTED_REQUEST, 0),
            },
            {
                "hook": "draft",
                "message": ["FINISH", "PSK_FINISH", "HEARTBEAT", "KEY_UPDATE", "END_SESSION"],
                "session": False,
                "version": ["1.1"],
                "response": {"error_code": int(_UNSPECIFIED)},
                "action": _becomes(_UNEXPECTED_REQUEST, 0),
            },
        ),
    ),
)

DEVIATIONS: Mapping[str, Deviation] = MappingProxyType({one.name: one for one in _ALL})


class Persona(msgspec.Struct, frozen=True):
    """A responder, and all its deviations.

    Attributes:
        text: which one.
        deviations: their names.
    """

    text: str
    deviations: Sequence[str]


PERSONAS: Mapping[str, Persona] = MappingProxyType(
    {
        "libspdm": Persona(
            "DMTF's spdm_responder_emu over libspdm, the build of June 2026",
            [
                "trailing-bytes",
                "unhandled-invalid",
                "nothing-deferred-invalid",
                "empty-slot-no-size",
                "whole-portions",
                "extended-always",
                "key-pair-info-tail",
                "mutual-auth-of-anyone",
                "cleared-goes-on",
            ],
        ),
        "spdm-rs": Persona(
            "spdm-rs, the Rust responder",
            ["no-respond-if-ready", "session-required-unexpected"],
        ),
    }
)


def chosen_deviations(spec: "ProfileSpec", lookup: "Lookup") -> list[Deviation]:
    """The deviations of a profile: those of its persona, and those that it names.

    Raises:
        ConfigError: there is no such persona or deviation.
    """
    found: list[Deviation] = []
    if spec.persona is not None:
        persona = lookup.one(("persona",), spec.persona, PERSONAS, "persona")
        found += [DEVIATIONS[name] for name in persona.deviations]
    named = lookup.all(("deviations",), spec.deviations, DEVIATIONS, "deviation")
    return found + [one for one in named if one not in found]


def switches(deviations: Sequence[Deviation]) -> Deviations:
    """What the core has to know of them."""
    return Deviations(**{one.switch: True for one in deviations if one.switch})


def fault_tables(deviations: Sequence[Deviation]) -> list[dict[str, Any]]:
    """The [[fault]] tables that do the rest."""
    return [
        {
            "id": f"{FAULT_PREFIX}{one.name}",
            "description": one.text,
            "duty": "accept",
            "basis": "reference",
            "source": one.source,
            "step": [dict(step) for step in one.faults],
        }
        for one in deviations
        if one.faults
    ]
