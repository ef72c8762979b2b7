"""Messages inside of VENDOR_DEFINED messages: their names, and rules that ask for them."""

import pytest
from core.fakes import responder
from faults.engines import engine, fault

from responder.core.hooks import Exchange
from responder.faults.inside import NAMES, inside
from responder.wire.context import WireContext
from responder.wire.vendor_defined import VendorDefinedRequest, VendorDefinedResponse

PCI_SIG, CXL = b"\x01\x00", b"\x98\x1e"
LOCK = bytes.fromhex("01 10 83") + bytes(35)
LOCKED = bytes.fromhex("01 10 03") + bytes(46)
STATE = bytes.fromhex("01 10 85") + bytes(14)


def carrying(payload, *, standard=3, vendor=PCI_SIG, cls=VendorDefinedRequest):
    return cls(spdm_version=0x12, standard_id=standard, vendor_id=vendor, payload=payload)


def name_in(message):
    return inside(lambda field: getattr(message, field, None))


@pytest.mark.parametrize(
    ("payload", "vendor", "name"),
    [
        ("00 00 00 00", PCI_SIG, "QUERY"),
        ("00 06", PCI_SIG, "K_GOSTOP_ACK"),
        ("01 10 83", PCI_SIG, "LOCK_INTERFACE_REQUEST"),
        ("01 10 7f", PCI_SIG, "TDISP_ERROR"),
        ("01 10 99", PCI_SIG, ""),
        ("01 10", PCI_SIG, ""),
        ("02 00 00", PCI_SIG, ""),
        ("", PCI_SIG, ""),
        ("00 07", CXL, "GET_KEY"),
        ("01 10 83", b"\x86\x80", ""),
    ],
)
def test_the_code_is_what_counts(payload, vendor, name):
    assert name_in(carrying(bytes.fromhex(payload), vendor=vendor)) == name
    assert not name or name in NAMES


def test_other_standards_and_other_messages_carry_none():
    assert name_in(carrying(LOCK, standard=0)) == ""
    assert name_in(object()) == ""


def answered(*spec, requests):
    """Whether a fault strikes at the answers to some requests."""
    hooks, peer, wire = engine(*spec), responder(), WireContext(version=0x12)
    found = []
    for request, payload in requests:
        there = Exchange(peer.connection, request, request.build(), wire, 0.0)
        hooks.device(there, None)
        answer = carrying(payload, cls=VendorDefinedResponse)
        draft = hooks.draft(there, answer)
        hooks.message(there, draft.build(wire))
        found.append(bool(there.evidence))
    return found


FLIP = [{"do": "flip", "field": "payload", "bit": -1}]
BOTH = [(carrying(STATE), LOCKED), (carrying(LOCK), LOCKED), (carrying(STATE), STATE)]


@pytest.mark.parametrize(
    ("keys", "struck"),
    [
        ({"inside": ["LOCK_INTERFACE_REQUEST"]}, [False, True, False]),
        ({"inside": ["LOCK_INTERFACE_RESPONSE"]}, [True, True, False]),
        ({"inside": ["QUERY"]}, [False, False, False]),
        ({"after": ["received:LOCK_INTERFACE_REQUEST"]}, [False, True, True]),
        ({"after": ["sent:LOCK_INTERFACE_RESPONSE"]}, [False, True, True]),
        ({"until": ["received:LOCK_INTERFACE_REQUEST"]}, [True, False, False]),
    ],
    ids=str,
)
def test_rules_that_ask_for_a_message_inside(keys, struck):
    spec = fault(hook="draft", message=["VENDOR_DEFINED_RESPONSE"], action=FLIP, **keys)
    assert answered(spec, requests=BOTH) == struck
