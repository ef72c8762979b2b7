"""Bad bytes at the codecs: a message that rebuilds to the same bytes, or a WireError."""

from functools import cache

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue
from core.fakes import CERT, CHAL, CHUNK, MEAS_SIG, VERSIONS, policy, responder
from fuzzing import EXAMPLES, fuzzing
from hypothesis import given
from hypothesis import strategies as st
from wire.corpus.reader import good_examples, open_ended

from responder.spec.versions import SpdmVersion
from responder.wire.certificate_chain import parse_chain
from responder.wire.context import WireContext
from responder.wire.describe import describe, text_of
from responder.wire.errors import WireError
from responder.wire.follow import Conversation
from responder.wire.measurements import parse_blocks
from responder.wire.message import spans
from responder.wire.opaque import OpaqueData
from responder.wire.registry import BY_CODE, class_of, parse_message

every_version = pytest.mark.parametrize("version", VERSIONS, ids="1.{0.real}".format)


@cache
def conversation(version):
    """Messages of a version, with the contexts that they are read in.

    They are those of one connection outside sessions, and examples of the others.
    """
    its_policy = policy(flags=CERT | CHAL | MEAS_SIG | CHUNK)
    dialogue = Dialogue(responder(its_policy=its_policy), version)
    follower = Conversation()
    messages = []
    for request in (
        raw.get_version(),
        raw.get_capabilities(version, flags=CERT | CHAL | CHUNK, param1=int(version >= 0x13)),
        raw.negotiate(version),
        raw.get_digests(version),
        raw.get_certificate(version),
        raw.get_certificate(version, 2, length=20),
        raw.challenge(version),
        raw.challenge(version, summary=0xFF),
        raw.get_measurements(version, 0),
        raw.get_measurements(version),
        raw.get_measurements(version, attributes=1),
        raw.vendor_defined(version),
        raw.respond_if_ready(version, 0x83, 1),
    ):
        pair = (request, dialogue.say(request))
        messages += [(message, follower.feed(message)) for message in pair]
    seen = {message[1] for message, _ in messages}
    others = [e for e in good_examples() if e.data[0] == version and e.data[1] not in seen]
    return messages + [(example.data, example.context) for example in others]


def check(data, context):
    """The one property; returns whether the bytes were a message."""
    try:
        message = parse_message(data, context)
    except WireError:
        return False
    assert message.build(context) == data, data.hex()
    return True


def test_every_message_type_is_there():
    seen = {message[1] for version in VERSIONS for message, _ in conversation(version)}
    assert seen == set(BY_CODE)


@every_version
def test_every_message_is_read(version):
    for message, context in conversation(version):
        assert check(message, context), message.hex()


@every_version
def test_every_truncation(version):
    """No message is the beginning of another, but for what fills up to the end."""
    for message, context in conversation(version):
        for size in range(len(message)):
            read = check(message[:size], context)
            assert not read or open_ended(class_of(message)), message[:size].hex()


@every_version
def test_every_tail_is_noticed(version):
    for message, context in conversation(version):
        if not open_ended(class_of(message)):
            for extra in (1, 2, 3, 40):
                assert not check(message + bytes(extra), context), message.hex()


@every_version
def test_every_bit_of_the_first_bytes(version):
    for message, context in conversation(version):
        for bit in range(8 * min(48, len(message))):
            wrong = bytearray(message)
            wrong[bit // 8] ^= 1 << bit % 8
            check(bytes(wrong), context)


contexts = st.builds(
    WireContext,
    version=st.sampled_from(list(SpdmVersion)),
    hash_size=st.sampled_from([0, 32, 48, 64]),
    measurement_hash_size=st.sampled_from([0, 32, 64]),
    signature_size=st.sampled_from([0, 64, 96, 256]),
    requester_signature_size=st.sampled_from([0, 64, 132]),
    exchange_request_size=st.sampled_from([0, 64, 96]),
    exchange_response_size=st.sampled_from([0, 64, 96]),
    summary=st.booleans(),
    signed=st.booleans(),
    multi_key=st.booleans(),
    handshake_in_the_clear=st.booleans(),
)
messages = st.builds(
    lambda version, code, body: bytes([version, code]) + body,
    st.sampled_from(VERSIONS),
    st.sampled_from(sorted(BY_CODE)),
    st.binary(max_size=200),
)
anything = st.one_of(messages, st.binary(max_size=100))


@fuzzing(600)
@given(anything, contexts)
def test_random_messages(data, context):
    check(data, context)


@fuzzing(300)
@given(anything, contexts, st.integers(0, 4))
def test_descriptions_never_fail(data, context, padding):
    """People look at broken messages too: every byte is shown, whatever is wrong with it."""
    description = describe(data, context, padding=padding)
    assert text_of(description)
    shown = {place for line in description.lines for place in range(line.start, line.end)}
    assert shown == set(range(len(data)))


@fuzzing(300)
@given(anything, contexts)
def test_spans_follow_one_another(data, context):
    end = 0
    try:
        for span in spans(class_of(data), data, context):
            if "." not in span.path:
                assert span.start == end
                end = span.end
            assert span.start <= span.end <= len(data)
    except WireError:
        return
    assert end == len(data)


@fuzzing(100)
@given(st.lists(anything, max_size=12))
def test_whoever_follows_a_conversation_survives_it(heard):
    follower = Conversation()
    for message in heard:
        assert isinstance(follower.feed(message), WireContext)


@fuzzing(300)
@given(st.binary(max_size=120), st.sampled_from([0, 32, 48, 64]))
def test_certificate_chains(data, hash_size):
    for chain in (data, (len(data) + 4).to_bytes(4, "little") + data):
        try:
            root_hash, certificates = parse_chain(chain, hash_size)
        except WireError:
            continue
        assert chain[4:] == root_hash + b"".join(certificates)


@fuzzing(300)
@given(st.binary(max_size=60), st.integers(0, 4))
def test_measurement_records(record, count):
    try:
        blocks = parse_blocks(record, count)
    except WireError:
        return
    assert len(blocks) == count
    assert b"".join(block.build() for block in blocks) == record


@fuzzing(300)
@given(st.binary(max_size=60), st.sampled_from(list(SpdmVersion)))
def test_opaque_data(data, version):
    context = WireContext(version=version)
    for opaque in (data, b"\1\0\0\0" + data, bytes.fromhex("464d544401010000") + data):
        try:
            parsed = OpaqueData.parse(opaque, context)
        except WireError:
            continue
        assert parsed.build(context) == opaque
        assert len(parsed.parsed_elements()) == parsed.total_elements


def test_the_default_run_tries_the_same_examples_each_time():
    assert fuzzing(1).derandomize == (not EXAMPLES)
