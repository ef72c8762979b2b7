"""Messages as text: every byte is accounted for, and numbers have their names."""

from itertools import pairwise

import pytest
from captures.loader import runs
from captures.replay import replay
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.corpus.reader import examples, good_examples

from responder.spec.versions import V14
from responder.wire.context import WireContext
from responder.wire.describe import describe, text_of

QUICK = settings(max_examples=150, derandomize=True, database=None, deadline=None)


def example(name):
    return next(e for e in examples() if e.name == name)


def text(name, **options):
    return "\n".join(text_of(describe(example(name).data, example(name).context, **options)))


def check_cover(description, data):
    """The lines of depth 0 follow each other over the whole message; deeper ones lie inside."""
    top = [line for line in description.lines if line.depth == 0]
    assert (top[0].start, top[-1].end) == (0, len(data))
    assert all(one.end == other.start for one, other in pairwise(top))
    outer = []
    for line in description.lines:
        outer = [*outer[: line.depth], line]
        assert all(one.start <= line.start <= line.end <= one.end for one in outer)
        if line.value and not line.value.startswith("0x"):
            assert data[line.start : line.end].hex() == line.value


@pytest.mark.parametrize("one", good_examples(), ids=lambda e: e.name)
def test_a_good_message_is_described_without_a_problem(one):
    description = describe(one.data, one.context)
    assert description.problem is None
    assert description.title.startswith(one.message)
    check_cover(description, one.data)


@pytest.mark.parametrize("one", [e for e in examples() if e.bad], ids=lambda e: e.name)
def test_a_bad_message_is_described_as_far_as_it_goes(one):
    description = describe(one.data, one.context)
    assert description.problem is not None
    check_cover(description, one.data)
    assert text_of(description)[-1].startswith("  ! ")


def test_captured_conversations_are_described_without_a_problem():
    count = 0
    for run in runs()[::12]:
        for seen in replay(run):
            description = describe(seen.data, seen.context, padding=run.padding)
            assert description.problem is None, (run.name, description)
            check_cover(description, seen.data)
            count += 1
    assert count > 500


def test_padding_is_a_problem_only_beyond_what_the_transport_adds():
    one = example("GET_DIGESTS/1.2")
    padded = describe(one.data + bytes(3), one.context, padding=3)
    assert (padded.problem, padded.lines[-1].name) == (None, "(padding)")
    over = describe(one.data + bytes(4), one.context, padding=3)
    assert over.lines[-1].name == "(left over)"
    assert "4 bytes after the end" in str(over.problem)


@pytest.mark.parametrize("data", [b"", b"\x12", bytes.fromhex("1283")], ids=bytes.hex)
def test_less_than_a_header_is_described_as_bytes(data):
    description = describe(data, WireContext())
    assert description.problem is not None
    assert description.lines[0].value == data.hex()


def test_flags_and_algorithms_have_their_names():
    shown = text("CAPABILITIES/1.3-algorithms")
    assert "flags: 0x0082f7f7 (CACHE, CERT, CHAL, MEAS_SIG, MEAS_FRESH, ENCRYPT" in shown
    assert "base_asym_algo: 0x00000080 (ECDSA-P384)" in shown
    assert "other_params_support: 0x02 (OPAQUE_DATA_FORMAT_1)" in shown
    shown = text("NEGOTIATE_ALGORITHMS/1.2-extended")
    assert "base_asym_algo: 0x00000090 (ECDSA-P256, ECDSA-P384)" in shown
    assert "alg_type: 0x02 (DHE)" in shown
    assert "alg_supported: 0x0010 (SECP384R1)" in shown
    assert "ext_hash[0]: 00002200" in shown


def test_unknown_bits_are_shown_as_what_they_are():
    data = bytearray(example("NEGOTIATE_ALGORITHMS/1.2-extended").data)
    data[6] = 0x81
    data[11] |= 0x80
    shown = "\n".join(text_of(describe(bytes(data), WireContext(version=0x12))))
    assert "measurement_specification: 0x81 (DMTF, 0x80)" in shown
    assert "base_asym_algo: 0x80000090 (ECDSA-P256, ECDSA-P384, 0x80000000)" in shown


def test_a_code_and_an_error_that_nobody_knows_are_shown_as_numbers():
    shown = "\n".join(text_of(describe(bytes.fromhex("12990102ff"), WireContext())))
    assert shown.startswith("0x99 1.2, 5 bytes")
    assert "body: ff" in shown
    shown = "\n".join(text_of(describe(bytes.fromhex("127f9900"), WireContext())))
    assert "error_code: 0x99 (unknown)" in shown


def test_slots_versions_and_error_data_are_said_in_words():
    assert "version_number_entry: 0x1000 (1.0)" in text("VERSION/1.0")
    assert "provisioned_slot_mask: 0x13 (slots 0, 1, 4)" in text("DIGESTS/1.4-multi-key")
    assert "measurement_summary_hash_type: 0xff (ALL)" in text("CHALLENGE/1.3")
    assert "request_code: 0x83 (CHALLENGE)" in text("ERROR/1.2-response-not-ready")
    assert "attributes: 0x01 (SLOT_SIZE_REQUESTED)" in text("GET_CERTIFICATE/1.3-slot-size")


def test_measurement_blocks_are_dug_into():
    shown = text("MEASUREMENTS/1.1-opaque")
    assert "value_type: 0x85 (DEVICE_MODE, raw bit stream)" in shown
    assert "operational_mode_state: 0x00000004 (NORMAL)" in shown
    assert "specification_id: 0x444d5446" in shown
    assert "sm_data_id: 0x00 (VERSION_SELECTION)" in shown
    assert "selected_version: 0x1100 (1.1)" in shown


def test_structures_of_slot_management_are_dug_into():
    banks = bytes.fromhex("1408010008000000 0c000002 04000301 04010300") + bytes(2)
    shown = "\n".join(text_of(describe(banks, WireContext(version=V14), padding=3)))
    assert "sub_code: 0x01 (GET_BANK_INFO)" in shown
    assert "num_bank_elements: 0x02" in shown
    assert "modifiable_slot_mask: 0x01 (slots 0)" in shown
    erase = bytes.fromhex("1488210008000000 08000103 00000000 00")
    shown = "\n".join(text_of(describe(erase, WireContext(version=V14))))
    assert "bank_id: 0x01" in shown
    assert "operation: 0x00 (ERASE)" in shown
    cut = "\n".join(text_of(describe(banks[:14], WireContext(version=V14))))
    assert "structure: 0c0000020400" in cut


def test_what_encapsulated_messages_carry_is_dug_into():
    shown = text("ENCAPSULATED_RESPONSE_ACK/1.2-request")
    assert "payload_type: 0x01 (ENCAPSULATED_REQUEST)" in shown
    assert "    code: 0xe9 (KEY_UPDATE)" in shown
    assert "req_slot_number: 03 (slot 3)" in text("ENCAPSULATED_RESPONSE_ACK/1.2-slot")


def test_an_embedded_message_is_read_as_the_requesters():
    context = WireContext(version=0x13, hash_size=4, signature_size=9, requester_signature_size=2)
    inside = bytes((0x13, 0x03, 0, 1)) + b"hash" + bytes(32) + b"\0\0" + b"context8" + b"ok"
    found = describe(bytes.fromhex("13eb0100") + inside + bytes(2), context)
    signature = next(line for line in found.lines if line.name == "signature")
    assert (signature.value, signature.end) == (b"ok".hex(), 4 + len(inside))
    assert found.lines[-1].name == "padding"


def test_a_message_that_is_whole_in_one_chunk_is_dug_into():
    head = bytes.fromhex("12050007 0300")
    found = describe(head + bytes.fromhex("127f0100"), WireContext(version=0x12))
    assert "error_code" in [line.name for line in found.lines]
    alone = bytes.fromhex("12850107 00000000 04000000 04000000 12810000")
    assert "code: 0x81 (GET_DIGESTS)" in "\n".join(
        text_of(describe(alone, WireContext(version=0x12)))
    )
    first = bytes.fromhex("12850007 00000000 04000000 04000000 12810000")
    assert "GET_DIGESTS" not in "\n".join(text_of(describe(first, WireContext(version=0x12))))


@pytest.mark.parametrize("head", ["136b010101000000", "1305000001000000", "136a0100"])
def test_carriers_in_carriers_without_end_are_described(head):
    message = bytes.fromhex(head) * 4000
    check_cover(describe(message, WireContext(version=0x13)), message)


def test_a_record_that_ends_inside_a_block_shows_what_is_left():
    one = example("MEASUREMENTS/1.1-opaque")
    data = bytearray(one.data)
    data[8 + 2] = 0x40  # MeasurementSize of the first block, now beyond the record
    lines = describe(bytes(data), one.context).lines
    record = next(line for line in lines if line.name == "measurement_record")
    assert record.value, "nothing of it could be read, so its bytes are shown"
    data = bytearray(one.data)
    data[19 + 2] = 0x40  # of the second block
    lines = describe(bytes(data), one.context).lines
    unread = next(line for line in lines if line.name == "(unread)")
    assert (unread.depth, unread.start, unread.end) == (1, 19, 42)


def test_a_whole_certificate_chain_is_dug_into_and_its_certificates_named():
    run = next(run for run in runs() if run.name == "v12-mctp-p521")
    seen = [seen for seen in replay(run) if seen.code == 0x02 and not seen.encapsulated]
    whole = next(s for s in seen if s.data[6:8] == b"\0\0")
    lengths = []
    description = describe(
        whole.data, whole.context, certificate=lambda der: lengths.append(len(der)) or "whose"
    )
    found = [line for line in description.lines if line.name.startswith("certificates[")]
    assert len(found) == 3
    assert [line.end - line.start for line in found] == lengths
    assert {line.meaning for line in found} == {"whose"}
    assert found[-1].end == len(whole.data)


def test_long_values_are_cut_unless_all_is_asked_for():
    description = describe(example("CERTIFICATE/1.2").data, example("CERTIFICATE/1.2").context)
    assert max(len(line) for line in text_of(description)) < 120
    assert any(len(line) > 2000 for line in text_of(description, width=0))


@QUICK
@given(data=st.binary(max_size=120), code=st.sampled_from(sorted({e.data[1] for e in examples()})))
def test_whatever_bytes_come_they_are_described(data, code):
    context = WireContext(version=0x13, hash_size=32, signature_size=64, signed=True)
    message = bytes((0x13, code)) + data
    check_cover(describe(message, context), message)
