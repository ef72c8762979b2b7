"""What every declaration promises, over the example messages in ``corpus``."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.corpus.reader import examples, good_examples, open_ended

from responder.spec.codes import RequestCode, ResponseCode, name_of_code
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.fields import LengthOf, When
from responder.wire.message import spans, wire_fields
from responder.wire.raw import RawMessage
from responder.wire.registry import BY_CODE, MESSAGES, class_of, parse_message
from responder.wire.vendor_defined import VendorDefinedRequest

HEADER_SIZE = 4
QUICK = settings(max_examples=60, derandomize=True, database=None, deadline=None)

each_good = pytest.mark.parametrize("example", good_examples(), ids=lambda e: e.name)
each_closed = pytest.mark.parametrize(
    "example",
    [example for example in good_examples() if not open_ended(class_of(example.data))],
    ids=lambda e: e.name,
)
each_message = pytest.mark.parametrize("message", MESSAGES, ids=lambda m: m.__name__)


def test_every_message_has_examples():
    assert {name_of_code(m.CODE) for m in MESSAGES} == {e.message for e in good_examples()}


@each_good
def test_an_example_parses_as_its_message_and_rebuilds(example):
    message = parse_message(example.data, example.context)
    assert message.name == example.message
    assert message.build(example.context) == example.data


@pytest.mark.parametrize("example", [e for e in examples() if e.bad], ids=lambda e: e.name)
def test_a_bad_example_is_refused(example):
    assert name_of_code(example.data[1]) == example.message
    with pytest.raises(WireError):
        parse_message(example.data, example.context)


@each_closed
def test_every_shorter_message_is_refused(example):
    for size in range(len(example.data)):
        with pytest.raises(WireError):
            parse_message(example.data[:size], example.context)


@each_closed
def test_a_byte_after_the_end_is_refused(example):
    with pytest.raises(WireError):
        parse_message(example.data + b"\0", example.context)


@each_closed
def test_padding_is_allowed_up_to_what_the_transport_may_add(example):
    whole = parse_message(example.data, example.context)
    for size in range(4):
        padded = example.data + bytes(size)
        assert parse_message(padded, example.context, padding=3) == whole
        if size:
            with pytest.raises(WireError):
                parse_message(padded, example.context, padding=size - 1)
    with pytest.raises(WireError):
        parse_message(example.data + bytes(4), example.context, padding=3)


@each_good
def test_top_level_spans_cover_every_byte_once_and_agree_with_the_parsed_fields(example):
    message = parse_message(example.data, example.context)
    top = [s for s in spans(type(message), example.data, example.context) if "." not in s.path]
    position = 0
    for span in top:
        assert (span.start, span.value) == (position, getattr(message, span.path))
        position = span.end
    assert position == len(example.data)


@each_good
def test_spans_of_views_lie_inside_their_field(example):
    message = parse_message(example.data, example.context)
    outer = {}
    for span in spans(type(message), example.data, example.context):
        outer[span.path] = span
        parent = span.path.rpartition(".")[0].rpartition("[")[0]
        if parent:
            assert outer[parent].start <= span.start < span.end <= outer[parent].end


@each_closed
def test_padding_has_a_span_of_its_own(example):
    padded = example.data + bytes(3)
    last = list(spans(class_of(example.data), padded, example.context))[-1]
    assert (last.path, last.start, last.end) == ("(padding)", len(example.data), len(padded))


def test_spans_address_the_parts_of_measurement_blocks_and_opaque_data():
    example = next(e for e in examples() if e.name == "MEASUREMENTS/1.1-opaque")
    found = {s.path: s for s in spans(class_of(example.data), example.data, example.context)}
    value = found["measurement_record[1].measurement[0].value"]
    # header 4, count and length 4, first block 11, header of block and measurement 4 + 3
    assert (value.start, value.end) == (26, 42)
    assert found["measurement_record[1].index"].value == 0xFE
    assert found["measurement_record[0].measurement[0].value_type"].value == 0x81
    element = found["opaque_data[0].elements[0].data"]
    assert example.data[element.start : element.end] == bytes.fromhex("01000011")


def test_opaque_data_that_is_not_made_of_elements_has_no_parts():
    example = next(e for e in examples() if e.name == "MEASUREMENTS/1.3-opaque-not-of-elements")
    paths = [s.path for s in spans(class_of(example.data), example.data, example.context)]
    assert "opaque_data" in paths
    assert not [path for path in paths if path.startswith("opaque_data[")]


@each_closed
def test_spans_of_a_shortened_message_name_the_field_that_is_cut(example):
    record, cut = class_of(example.data), example.data[:-1]
    whole = [s.path for s in spans(record, example.data, example.context) if "." not in s.path]
    with pytest.raises(WireError) as failure:
        list(spans(record, cut, example.context))
    assert failure.value.path.partition("[")[0] == whole[-1]


def lengths_of(message):
    """The length and count fields of a message that are there, with their targets."""
    for name, info in wire_fields(type(message)).items():
        construct = info.construct.subcon if isinstance(info.construct, When) else info.construct
        if isinstance(construct, LengthOf) and getattr(message, name) is not None:
            yield name, construct.target


@each_good
def test_a_length_can_lie_while_the_bytes_stay(example):
    message = parse_message(example.data, example.context)
    places = {s.path: s for s in spans(type(message), example.data, example.context)}
    for name, target in lengths_of(message):
        lying = message.replace(**{name: getattr(message, name) ^ 1}).build(example.context)
        place = places[name]
        changed = bytearray(example.data)
        changed[place.start] ^= 1
        assert lying == bytes(changed), f"only {name} differs, {target} is whole"


@each_good
def test_a_length_that_nobody_sets_is_computed(example):
    message = parse_message(example.data, example.context)
    unset = {name: None for name, _ in lengths_of(message)}
    assert message.replace(**unset).build(example.context) == example.data


def test_bytes_are_written_as_given_whatever_their_size_should_be():
    example = next(e for e in examples() if e.name == "CHALLENGE_AUTH/1.2-opaque")
    message = parse_message(example.data, example.context)
    longer = message.replace(nonce=message.nonce + b"!", signature=message.signature[:-1])
    assert len(longer.build(example.context)) == len(example.data)
    assert longer.build(example.context)[68:69] == b"!"


def test_a_value_that_does_not_fit_its_field_is_a_wire_error():
    example = next(e for e in examples() if e.name == "DIGESTS/1.0")
    message = parse_message(example.data, example.context)
    with pytest.raises(WireError):
        message.replace(provisioned_slot_mask=256).build(example.context)


@pytest.mark.parametrize("code", [c for c in range(256) if c not in BY_CODE], ids=hex)
def test_an_unknown_code_is_a_raw_message(code):
    data = bytes((0x12, code, 3, 4)) + b"body"
    message = parse_message(data, WireContext())
    assert isinstance(message, RawMessage)
    assert (message.code, message.param1, message.param2, message.body) == (code, 3, 4, b"body")
    assert message.build() == data


@pytest.mark.parametrize("size", range(HEADER_SIZE))
def test_fewer_bytes_than_a_header_are_refused(size):
    with pytest.raises(WireError, match="no SPDM message"):
        parse_message(bytes((0x12, 0x99, 0, 0))[:size], WireContext())


def test_every_code_of_a_declaration_is_the_specifications():
    codes = {*RequestCode, *ResponseCode}
    assert set(BY_CODE) <= codes
    assert len(BY_CODE) == len(MESSAGES)


def test_the_name_of_a_message_is_the_specifications():
    request = VendorDefinedRequest(standard_id=0, payload=b"")
    assert request.name == "VENDOR_DEFINED_REQUEST"


contexts = st.builds(
    WireContext,
    version=st.sampled_from([0, 0x10, 0x11, 0x12, 0x13, 0x14, 0xFF]),
    hash_size=st.sampled_from([0, 32, 48, 64]),
    signature_size=st.sampled_from([0, 64, 96, 512]),
    requester_signature_size=st.sampled_from([0, 64, 132]),
    exchange_request_size=st.sampled_from([0, 64, 96]),
    exchange_response_size=st.sampled_from([0, 64, 96]),
    summary=st.booleans(),
    signed=st.booleans(),
    multi_key=st.booleans(),
    handshake_in_the_clear=st.booleans(),
)


def parse_or_refuse(data, context, padding=0):
    """A message that rebuilds, or WireError; anything else is a defect."""
    try:
        message = parse_message(data, context, padding=padding)
    except WireError:
        return
    built = message.build(context)
    assert data.startswith(built)
    assert len(data) - len(built) <= padding


@each_message
def test_random_bodies_parse_or_are_refused(message):
    @QUICK
    @given(context=contexts, version=st.integers(0, 255), body=st.binary(max_size=200))
    def check(context, version, body):
        parse_or_refuse(bytes((version, message.CODE)) + body, context, padding=3)

    check()


@each_message
def test_damaged_examples_parse_or_are_refused(message):
    mine = [e for e in examples() if e.message == name_of_code(message.CODE)]

    @QUICK
    @given(data=st.data())
    def check(data):
        example = data.draw(st.sampled_from(mine))
        damaged = bytearray(example.data)
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, min(len(damaged), 80) - 1))
            damaged[at] = data.draw(st.integers(0, 255))
        end = data.draw(st.integers(HEADER_SIZE, len(damaged)))
        parse_or_refuse(bytes(damaged[:end]), example.context)
        parse_or_refuse(bytes(damaged), example.context, padding=3)
        walk(bytes(damaged), example.context)

    check()


def walk(data, context):
    """Spans stop at the first field that cannot be read, with WireError and nothing else."""
    try:
        places = [s for s in spans(class_of(data), data, context) if "." not in s.path]
    except WireError:
        return
    assert sum(s.end - s.start for s in places) == len(data)
