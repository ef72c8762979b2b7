"""What was meant, and each way of changing something else."""

import msgspec
import pytest
from campaign.runs import fired

from responder.campaign.conversation import converse
from responder.campaign.intent import unintended
from responder.campaign.run import Exchanged
from responder.campaign.settings import SETTINGS
from responder.faults.rule import FaultSpec
from responder.spec.codes import RequestCode

HEALTHY = converse(SETTINGS["attestation"], (), b"intent").exchanges


def up_to(name):
    """The healthy exchanges up to the first one of a request, and its response."""
    place = next(n for n, e in enumerate(HEALTHY) if e.request[1] == RequestCode[name])
    return HEALTHY[: place + 1], HEALTHY[place].response


VERSION_TO, VERSION = up_to("GET_VERSION")
CAPABILITIES_TO, CAPABILITIES = up_to("GET_CAPABILITIES")
CERTIFICATE_TO, CERTIFICATE = up_to("GET_CERTIFICATE")
CHALLENGE_TO, CHALLENGE_AUTH = up_to("CHALLENGE")


def put(data, at, new, size=None):
    """``data`` with other bytes in it."""
    return data[:at] + new + data[at + (len(new) if size is None else size) :]


def problems(exchanges, before, after, *actions, hook="message"):
    written = {
        "id": "a.fault",
        "description": "A fault.",
        "duty": "reject",
        "basis": "spec",
        "source": "DSP0274",
        "hook": hook,
        "action": list(actions),
    }
    fault = msgspec.convert(written, FaultSpec)
    return list(unintended(fired(hook, before, after), fault.rules, exchanges))


def field(do, name, **rest):
    return {"do": do, "field": name, **rest}


CT = field("set", "ct_exponent", value=255)
CHAIN = field("truncate", "cert_chain", by=1)
NONCE = field("flip", "nonce", bit=0)
SHORT_CHAIN = put(CERTIFICATE[:-1], 4, (len(CERTIFICATE) - 9).to_bytes(2, "little"))
MEANT = {
    "a number": (CAPABILITIES_TO, CAPABILITIES, put(CAPABILITIES, 5, b"\xff"), CT),
    "a field of many bytes": (
        CHALLENGE_TO,
        CHALLENGE_AUTH,
        put(CHALLENGE_AUTH, 68, bytes([CHALLENGE_AUTH[68] ^ 1])),
        NONCE,
    ),
    "a size with its length": (CERTIFICATE_TO, CERTIFICATE, SHORT_CHAIN, CHAIN),
    "a size, and the length stays": (CERTIFICATE_TO, CERTIFICATE, CERTIFICATE[:-1], CHAIN),
    "an entry of a list": (
        VERSION_TO,
        VERSION,
        put(VERSION, 6, b"\0\x11"),
        field("set", "version_number_entry[0]", value=0x1100),
    ),
    "one bit": (VERSION_TO, VERSION, put(VERSION, 0, b"\x11"), {"do": "flip", "bit": 0}),
    "a shorter message": (VERSION_TO, VERSION, VERSION[:-1], {"do": "truncate", "by": 1}),
    "a longer message": (VERSION_TO, VERSION, VERSION + b"\0", {"do": "extend", "by": 1}),
}
NOT_MEANT = {
    "another byte before": (
        CAPABILITIES_TO, CAPABILITIES, put(CAPABILITIES, 4, b"\1\xff"), "other bytes", CT,
    ),
    "another byte after": (
        CAPABILITIES_TO, CAPABILITIES, put(CAPABILITIES, 5, b"\xff\1"), "other bytes", CT,
    ),
    "another value": (
        CAPABILITIES_TO, CAPABILITIES, put(CAPABILITIES, 5, b"\xfe"), "not its value", CT,
    ),
    "another field": (
        CHALLENGE_TO,
        CHALLENGE_AUTH,
        put(CHALLENGE_AUTH, 67, bytes([CHALLENGE_AUTH[67] ^ 1])),
        "other bytes",
        NONCE,
    ),
    "a byte before what was cut": (
        CERTIFICATE_TO, CERTIFICATE, put(SHORT_CHAIN, 2, b"\1"), "other bytes", CHAIN,
    ),
    "two bits": (
        VERSION_TO, VERSION, put(VERSION, 0, b"\x13"), "not what happened", {"do": "flip"},
    ),
    "a cut in the middle": (
        VERSION_TO, VERSION, VERSION[:3] + VERSION[4:], "not what happened",
        {"do": "truncate", "by": 1},
    ),
    "bytes in front": (
        VERSION_TO, VERSION, b"\1" + VERSION, "not what happened", {"do": "extend", "by": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANT)
def test_what_was_meant_is_no_problem(name):
    exchanges, before, after, action = MEANT[name]
    assert problems(exchanges, before, after, action) == []


@pytest.mark.parametrize("name", NOT_MEANT)
def test_what_was_not_meant_is_told(name):
    exchanges, before, after, expected, action = NOT_MEANT[name]
    (found,) = problems(exchanges, before, after, action)
    assert expected in found


def test_a_draft_has_no_signature_yet():
    draft = CHALLENGE_AUTH[:-64]
    signed = put(draft, 68, bytes([draft[68] ^ 1]))
    assert problems(CHALLENGE_TO, draft, signed, NONCE, hook="draft") == []
    assert problems(CHALLENGE_TO, draft, put(signed, 2, b"\7"), NONCE, hook="draft")


def test_two_fields_may_change_places_or_both_change():
    swapped = put(CAPABILITIES, 12, CAPABILITIES[16:20] + CAPABILITIES[12:16])
    swap = field("swap", "data_transfer_size", other="max_spdm_msg_size")
    assert problems(CAPABILITIES_TO, CAPABILITIES, swapped, swap) == []
    both = put(put(CAPABILITIES, 5, b"\xff"), 12, b"\0\0\0\0")
    size = field("set", "data_transfer_size", value=0)
    assert problems(CAPABILITIES_TO, CAPABILITIES, both, CT, size) == []
    assert problems(CAPABILITIES_TO, CAPABILITIES, both, CT)


@pytest.mark.parametrize(
    "action",
    [
        {"do": "silence"},
        field("set", "supported_algorithms", value="00"),
        field("set", "x", value=1),
    ],
)
def test_what_cannot_be_told_is_left_alone(action):
    assert problems(CAPABILITIES_TO, CAPABILITIES, b"anything", action) == []


def test_what_has_no_name_is_left_alone():
    unknown = Exchanged(0, b"\x12\x84\0\0", b"\x12\x55\0\0", 0)
    assert problems([unknown], b"\x12\x55\0\0", b"\x12\x55\1\0", CT) == []
