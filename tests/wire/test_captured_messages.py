"""Ground truth: messages of an independent implementation parse and rebuild byte for byte."""

from collections import Counter

import pytest
from captures.loader import MCTP, NONE, PCI_DOE, TCP, runs
from captures.replay import replay, surplus

from responder.spec.codes import name_of_code
from responder.spec.measurements import ValueType
from responder.wire.certificate_chain import parse_chain
from responder.wire.chain import build_chain
from responder.wire.follow import Conversation
from responder.wire.measurements import parse_blocks
from responder.wire.message import spans
from responder.wire.opaque import OpaqueData, build_opaque
from responder.wire.registry import class_of, parse_message
from responder.wire.secured_opaque import (
    SupportedVersions,
    VersionSelection,
    build_secured_opaque,
    parse_secured_opaque,
)

OUTSIDE_SESSIONS = {
    "GET_VERSION": 154,
    "VERSION": 154,
    "GET_CAPABILITIES": 154,
    "CAPABILITIES": 154,
    "NEGOTIATE_ALGORITHMS": 154,
    "ALGORITHMS": 154,
    "GET_DIGESTS": 447,
    "DIGESTS": 447,
    "GET_CERTIFICATE": 447,
    "CERTIFICATE": 447,
    "CHALLENGE": 135,
    "CHALLENGE_AUTH": 135,
    "GET_MEASUREMENTS": 2755,
    "MEASUREMENTS": 295,
    "GET_MEASUREMENT_EXTENSION_LOG": 8,
    "MEASUREMENT_EXTENSION_LOG": 8,
    "GET_ENDPOINT_INFO": 8,
    "ENDPOINT_INFO": 8,
    "KEY_EXCHANGE": 257,
    "KEY_EXCHANGE_RSP": 257,
    "FINISH": 242,
    "FINISH_RSP": 242,
    "PSK_EXCHANGE": 22,
    "PSK_EXCHANGE_RSP": 22,
    "GET_ENCAPSULATED_REQUEST": 66,
    "ENCAPSULATED_REQUEST": 66,
    "DELIVER_ENCAPSULATED_RESPONSE": 162,
    "ENCAPSULATED_RESPONSE_ACK": 162,
    "ERROR": 2460,
    "GET_CSR": 28,
    "CSR": 28,
    "SET_CERTIFICATE": 28,
    "SET_CERTIFICATE_RSP": 28,
    "GET_KEY_PAIR_INFO": 8,
    "KEY_PAIR_INFO": 8,
    "SET_KEY_PAIR_INFO": 16,
    "SET_KEY_PAIR_INFO_ACK": 16,
}
INSIDE_SESSIONS = {
    "GET_DIGESTS": 28,
    "DIGESTS": 28,
    "GET_CERTIFICATE": 28,
    "CERTIFICATE": 28,
    "GET_MEASUREMENTS": 6518,
    "MEASUREMENTS": 614,
    "GET_MEASUREMENT_EXTENSION_LOG": 22,
    "MEASUREMENT_EXTENSION_LOG": 22,
    "GET_ENDPOINT_INFO": 22,
    "ENDPOINT_INFO": 22,
    "GET_SUPPORTED_EVENT_TYPES": 2,
    "SUPPORTED_EVENT_TYPES": 2,
    "SUBSCRIBE_EVENT_TYPES": 4,
    "SUBSCRIBE_EVENT_TYPES_ACK": 4,
    "VENDOR_DEFINED_REQUEST": 416,
    "VENDOR_DEFINED_RESPONSE": 416,
    "FINISH": 14,
    "FINISH_RSP": 14,
    "PSK_FINISH": 19,
    "PSK_FINISH_RSP": 19,
    "HEARTBEAT": 244,
    "HEARTBEAT_ACK": 244,
    "KEY_UPDATE": 464,
    "KEY_UPDATE_ACK": 464,
    "END_SESSION": 278,
    "END_SESSION_ACK": 278,
    "GET_ENCAPSULATED_REQUEST": 34,
    "ENCAPSULATED_REQUEST": 34,
    "DELIVER_ENCAPSULATED_RESPONSE": 46,
    "ENCAPSULATED_RESPONSE_ACK": 46,
    "ERROR": 5904,
    "SET_CERTIFICATE": 25,
    "SET_CERTIFICATE_RSP": 25,
    "GET_KEY_PAIR_INFO": 22,
    "KEY_PAIR_INFO": 22,
    "SET_KEY_PAIR_INFO": 44,
    "SET_KEY_PAIR_INFO_ACK": 44,
}
ENCAPSULATED = {
    "GET_DIGESTS": 66,
    "DIGESTS": 74,
    "GET_CERTIFICATE": 74,
    "CERTIFICATE": 74,
    "CHALLENGE": 22,
    "CHALLENGE_AUTH": 22,
    "KEY_UPDATE": 8,
    "KEY_UPDATE_ACK": 8,
    "GET_ENDPOINT_INFO": 30,
    "ENDPOINT_INFO": 30,
}
"""Embedded in GET_ENCAPSULATED_REQUEST's and DELIVER_ENCAPSULATED_RESPONSE's traffic. DIGESTS are
more than their requests: a KEY_EXCHANGE_RSP may ask for them implicitly."""

CHUNKS = {"CHUNK_SEND": 104, "CHUNK_SEND_ACK": 104, "CHUNK_GET": 232, "CHUNK_RESPONSE": 232}
"""What carried large messages, which are counted above whole."""

WITH_OPAQUE_DATA = ("KEY_EXCHANGE", "KEY_EXCHANGE_RSP", "PSK_EXCHANGE", "PSK_EXCHANGE_RSP")

VERSIONS = {"10": 6, "11": 27, "12": 37, "13": 37, "14": 47}
TRANSPORTS = {NONE: 7, MCTP: 132, PCI_DOE: 9, TCP: 6}


def where(seen):
    if seen.encapsulated:
        return "encapsulated"
    return "outside" if seen.session is None else "inside"


def messages_of(run, *names):
    """The parsed messages of some types, with their context."""
    for seen in replay(run):
        if name_of_code(seen.code) in names:
            yield parse_message(seen.data, seen.context, padding=run.padding), seen


@pytest.mark.parametrize("run", runs(), ids=lambda run: run.name)
def test_every_captured_message_rebuilds_byte_for_byte(run):
    for seen in replay(run):
        message = parse_message(seen.data, seen.context, padding=surplus(run, seen))
        built = message.build(seen.context)
        assert built == seen.data[: len(built)], message
        assert not any(seen.data[len(built) :]), "only zeros of padding follow"


def test_the_captures_hold_as_many_messages_of_each_type_as_recorded():
    counts = {"outside": Counter(), "inside": Counter(), "encapsulated": Counter()}
    for run in runs():
        for seen in replay(run):
            counts[where(seen)][name_of_code(seen.code)] += 1
    assert counts["outside"] == OUTSIDE_SESSIONS
    assert counts["inside"] == INSIDE_SESSIONS
    assert counts["encapsulated"] == ENCAPSULATED


def test_captured_chunks_rebuild_byte_for_byte():
    counts = Counter()
    for run in runs():
        conversation = Conversation()
        for data in (part for pair in run.messages() for part in (pair.request, pair.response)):
            context = conversation.feed(data)
            if name_of_code(data[1]) in CHUNKS:
                message = parse_message(data, context, padding=run.padding)
                built = message.build(context)
                assert built == data[: len(built)]
                counts[message.name] += 1
    assert counts == CHUNKS


def test_each_version_and_transport_was_captured():
    versions = Counter(run.negotiated["rsp_version"] for run in runs())
    assert versions == VERSIONS
    assert Counter(run.transport for run in runs()) == TRANSPORTS


def test_captured_measurement_blocks_rebuild_byte_for_byte():
    kinds = Counter()
    for run in runs():
        for message, _ in messages_of(run, "MEASUREMENTS"):
            blocks = parse_blocks(message.measurement_record, message.number_of_blocks)
            assert b"".join(block.build() for block in blocks) == message.measurement_record
            assert [block.index for block in blocks] == sorted({block.index for block in blocks})
            for block in blocks:
                measurement = block.dmtf()
                assert measurement.build() == block.measurement
                kinds[ValueType(measurement.kind), measurement.is_raw] += 1
    digests, raw = 399, 399
    assert kinds == {
        (ValueType.IMMUTABLE_ROM, False): digests,
        (ValueType.MUTABLE_FIRMWARE, False): digests,
        (ValueType.HARDWARE_CONFIGURATION, False): digests,
        (ValueType.FIRMWARE_CONFIGURATION, False): digests,
        (ValueType.HASH_EXTEND, False): digests,
        (ValueType.MUTABLE_FIRMWARE_SVN, True): raw,
        (ValueType.MEASUREMENT_MANIFEST, True): raw,
        (ValueType.DEVICE_MODE, True): raw,
    }


def test_captured_certificate_chains_rebuild_byte_for_byte():
    certificates = Counter()
    for run in runs():
        portions = {}
        for message, seen in messages_of(run, "CERTIFICATE"):
            who = (seen.session, seen.encapsulated, message.slot_id)
            portions[who] = portions.get(who, b"") + message.cert_chain
            if message.remainder_length or message.large_remainder_length:
                continue
            chain = portions.pop(who)
            root_hash, found = parse_chain(chain, seen.context.hash_size)
            assert build_chain(root_hash, found) == chain
            certificates[len(found)] += 1
        assert not portions, "every chain was read to its end"
    assert certificates == {3: 545, 4: 4}


def test_spans_of_captured_messages_cover_every_byte():
    run = next(run for run in runs() if run.name == "v13-doe-p384")
    count = 0
    for seen in replay(run):
        record = class_of(seen.data)
        top = [span for span in spans(record, seen.data, seen.context) if "." not in span.path]
        assert b"".join(seen.data[span.start : span.end] for span in top) == seen.data
        count += 1
    assert count > 30


def test_captured_opaque_data_rebuilds_byte_for_byte():
    """CHALLENGE_AUTH and MEASUREMENTS carry none here."""
    versions = Counter()
    for run in runs():
        for message, seen in messages_of(run, *WITH_OPAQUE_DATA):
            opaque = OpaqueData.parse(message.opaque_data, seen.context)
            assert opaque.build(seen.context) == message.opaque_data
            elements = opaque.parsed_elements()
            assert build_opaque(elements, seen.context.version) == message.opaque_data
            versions[message.spdm_version] += len(elements)
    assert versions == {0x11: 100, 0x12: 136, 0x13: 138, 0x14: 184}


def test_captured_opaque_data_tells_the_versions_of_secured_messages():
    counts = Counter()
    for run in runs():
        for message, seen in messages_of(run, *WITH_OPAQUE_DATA):
            said = parse_secured_opaque(message.opaque_data, seen.context)
            if message.code & 0x80:
                elements = [SupportedVersions(versions=said.supported)]
            else:
                elements = [VersionSelection(selected_version=said.selected)]
            built = build_secured_opaque(elements, seen.context.version)
            assert built == message.opaque_data
            counts[message.name] += 1
    assert counts == {name: OUTSIDE_SESSIONS[name] for name in WITH_OPAQUE_DATA}
