"""``Conversation`` keeps what the layout of the next message depends on."""

import pytest
from captures.loader import runs

from responder.wire.context import WireContext
from responder.wire.encapsulated import embedded_in
from responder.wire.follow import NOTHING_KNOWN, Conversation
from responder.wire.registry import parse_message

GET_VERSION = bytes.fromhex("10840000")
CHALLENGE_AUTH = bytes.fromhex("12030001")
MEASUREMENTS = bytes.fromhex("12600000")


def capabilities(version, flags):
    sizes = bytes.fromhex("0012000000120000") if version >= 0x12 else b""
    return bytes((version, 0x61, 0, 0, 0, 0, 0, 0)) + flags.to_bytes(4, "little") + sizes


def negotiate(version, other_params=0):
    return bytes((version, 0xE3, 0, 0, 32, 0, 1, other_params)) + bytes(24)


def algorithms(version, *, asym=0, pqc=0, base_hash=0, measurement_hash=0):
    selected = (measurement_hash, asym, base_hash, pqc)
    words = b"".join(word.to_bytes(4, "little") for word in selected)
    return bytes((version, 0x63, 0, 0, 36, 0, 1, 0)) + words + bytes(12)


def talk(*messages):
    conversation = Conversation()
    for message in messages:
        conversation.feed(message)
    return conversation


def test_nothing_is_known_at_first_and_each_header_speaks_for_itself():
    conversation = Conversation()
    assert conversation.feed(bytes.fromhex("13830000")).version == 0x13
    assert conversation.feed(bytes.fromhex("11830000")).version == 0x11
    assert conversation.context.version == 0


@pytest.mark.parametrize("version", [0x10, 0x11, 0x12, 0x13, 0x14], ids=hex)
def test_capabilities_fix_the_version_whatever_later_headers_say(version):
    conversation = talk(GET_VERSION, capabilities(version, 0))
    assert conversation.feed(bytes.fromhex("12830000")).version == version


def test_an_error_instead_of_capabilities_fixes_nothing():
    conversation = talk(GET_VERSION, bytes.fromhex("107f4100"))
    assert conversation.context == NOTHING_KNOWN


def test_capabilities_of_an_unknown_version_fix_nothing():
    assert talk(capabilities(0x15, 0)).context == NOTHING_KNOWN


@pytest.mark.parametrize(
    ("asym", "signature_size"),
    [(0x1, 256), (0x8, 384), (0x10, 64), (0x40, 512), (0x80, 96), (0x100, 132), (0x400, 64)],
)
def test_algorithms_tell_the_size_of_signatures(asym, signature_size):
    conversation = talk(capabilities(0x12, 0), algorithms(0x12, asym=asym))
    assert conversation.context.signature_size == signature_size


@pytest.mark.parametrize(
    ("base_hash", "size"), [(1, 32), (2, 48), (4, 64), (8, 32), (16, 48), (32, 64), (0, 0)]
)
def test_algorithms_tell_the_size_of_hashes(base_hash, size):
    message = algorithms(0x11, base_hash=base_hash, measurement_hash=base_hash << 1)
    context = talk(capabilities(0x11, 0), message).context
    assert (context.hash_size, context.measurement_hash_size) == (size, size)


def test_a_raw_only_measurement_hash_has_no_size():
    message = algorithms(0x11, base_hash=1, measurement_hash=1)
    assert talk(capabilities(0x11, 0), message).context.measurement_hash_size == 0


@pytest.mark.parametrize(("version", "size"), [(0x13, 0), (0x14, 3309)])
def test_post_quantum_signatures_count_from_1_4_on(version, size):
    message = algorithms(version, pqc=2)
    assert talk(capabilities(version, 0), message).context.signature_size == size


def test_a_response_is_read_with_what_was_known_before_it():
    conversation = talk(capabilities(0x12, 0))
    message = algorithms(0x12, asym=0x80, base_hash=2)
    assert conversation.feed(message) == WireContext(version=0x12)
    assert conversation.feed(CHALLENGE_AUTH).hash_size == 48


@pytest.mark.parametrize(("summary", "expected"), [(0x00, False), (0x01, True), (0xFF, True)])
def test_challenge_says_whether_a_summary_hash_is_there(summary, expected):
    conversation = talk(bytes((0x12, 0x83, 0, summary)) + bytes(32))
    assert conversation.feed(CHALLENGE_AUTH).summary is expected


@pytest.mark.parametrize(("attributes", "expected"), [(0, False), (1, True), (2, False), (7, True)])
def test_get_measurements_says_whether_a_signature_is_there(attributes, expected):
    conversation = talk(bytes((0x12, 0xE0, attributes, 0xFF)) + bytes(33))
    assert conversation.feed(MEASUREMENTS).signed is expected


def test_the_deferred_request_still_counts_after_respond_if_ready():
    request = bytes.fromhex("12e001ff") + bytes(33)
    not_ready = bytes.fromhex("127f420001e00501")
    conversation = talk(request, not_ready, bytes.fromhex("12ffe005"))
    assert conversation.feed(MEASUREMENTS).signed is True


def with_tables(version, *tables, other_params=0):
    """ALGORITHMS with algorithm structures of (type, selected bit)."""
    rows = b"".join(bytes((kind, 0x20)) + bit.to_bytes(2, "little") for kind, bit in tables)
    head = bytearray(algorithms(version, base_hash=1))
    head[2], head[4], head[7] = len(tables), 36 + len(rows), other_params
    return bytes(head) + rows


@pytest.mark.parametrize(
    ("table", "sizes"),
    [
        ((2, 0x01), (256, 256)),
        ((2, 0x10), (96, 96)),
        ((7, 0x02), (1184, 1088)),
        ((7, 0x04), (1568, 1568)),
        ((2, 0), (0, 0)),
        ((2, 0x8000), (0, 0)),
    ],
)
def test_algorithms_tell_the_sizes_of_a_key_exchange(table, sizes):
    context = talk(capabilities(0x14, 0), with_tables(0x14, table)).context
    assert (context.exchange_request_size, context.exchange_response_size) == sizes


@pytest.mark.parametrize(("table", "size"), [((4, 0x80), 96), ((6, 0x02), 3309), ((4, 0), 0)])
def test_algorithms_tell_the_size_of_the_requesters_signature(table, size):
    context = talk(capabilities(0x14, 0), with_tables(0x14, (3, 2), table)).context
    assert context.requester_signature_size == size
    assert context.of_requester().signature_size == size


@pytest.mark.parametrize(
    ("version", "params", "expected"), [(0x13, 0x10, True), (0x13, 2, False), (0x12, 0x10, False)]
)
def test_algorithms_tell_whether_the_requester_has_several_keys(version, params, expected):
    message = with_tables(version, other_params=params)
    context = talk(capabilities(version, 0), message).context
    assert context.multi_key_requester is expected
    assert context.of_requester().multi_key is expected


CLEAR = 1 << 15


@pytest.mark.parametrize(
    ("asked", "answered", "expected"),
    [(CLEAR, CLEAR, True), (0, CLEAR, False), (CLEAR, 0, False), (0, 0, False)],
)
def test_the_handshake_is_in_the_clear_if_both_can(asked, answered, expected):
    request = bytes((0x11, 0xE1, 0, 0, 0, 0, 0, 0)) + asked.to_bytes(4, "little")
    assert talk(request, capabilities(0x11, answered)).context.handshake_in_the_clear is expected


@pytest.mark.parametrize("code", [0xE4, 0xE6])
@pytest.mark.parametrize(("summary", "expected"), [(0, False), (1, True), (0xFF, True)])
def test_key_exchanges_say_whether_a_summary_hash_is_there(code, summary, expected):
    conversation = talk(bytes((0x12, code, summary, 0)) + bytes(40))
    answer = bytes((0x12, code & 0x7F, 0, 0))
    assert conversation.feed(answer).summary is expected


ASKS_SIGNED_INFO = bytes.fromhex("138701000100000000") + bytes(31)


def test_what_an_encapsulated_request_asks_for_counts_inside_only():
    conversation = talk(capabilities(0x13, 0), ASKS_SIGNED_INFO)
    conversation.feed(bytes.fromhex("136a0100") + bytes.fromhex("13870100 00000000"))
    assert conversation.feed(bytes.fromhex("13eb0100 13070000")).signed is False
    assert conversation.feed(bytes.fromhex("13070000")).signed is True
    ack = bytes.fromhex("136b0201 01000000") + ASKS_SIGNED_INFO
    assert conversation.feed(ack).signed is True
    assert conversation.feed(bytes.fromhex("13eb0200 13070000")).signed is True
    assert conversation.feed(bytes.fromhex("136b0000 02000000")).version == 0x13


def in_chunks(version, code, data, size=64):
    wide = version >= 0x14
    for at in range(0, len(data), size):
        piece = data[at : at + size]
        number = (at // size).to_bytes(4, "little")
        assert wide or number[2:] == bytes(2)
        whole = len(data).to_bytes(4, "little") if at == 0 else b""
        head = bytes((version, code, at + size >= len(data), 1))
        yield head + number + len(piece).to_bytes(4, "little") + whole + piece


@pytest.mark.parametrize("version", [0x12, 0x13, 0x14], ids=hex)
def test_a_request_in_chunks_counts_as_one(version):
    conversation = talk(capabilities(version, 0))
    whole = bytes((version, 0xE0, 1, 0xFF)) + bytes(100)
    *chunks, last = in_chunks(version, 0x85, whole)
    for chunk in chunks:
        conversation.feed(chunk)
        assert conversation.completed is None
    conversation.feed(last)
    assert conversation.completed == (whole, conversation.context)
    assert conversation.context.signed is True


def test_a_response_in_chunks_counts_as_one():
    """The algorithms block makes CAPABILITIES large."""
    whole = capabilities(0x13, ONLY) + bytes(100)
    conversation = talk(*in_chunks(0x13, 0x06, whole))
    assert conversation.context.multi_key is True
    assert conversation.completed[0] == whole


def test_the_response_to_a_request_in_chunks_comes_with_its_acknowledgement():
    ack = bytes.fromhex("1205000700000000")[:6]
    conversation = talk(capabilities(0x12, 0), ack + algorithms(0x12, asym=0x80, base_hash=2))
    assert conversation.context.hash_size == 48


ONLY, NEG = 1 << 26, 1 << 27


@pytest.mark.parametrize(
    ("version", "flags", "asked", "expected"),
    [
        (0x13, ONLY, 0x00, True),
        (0x13, ONLY, 0x10, True),
        (0x13, NEG, 0x10, True),
        (0x13, NEG, 0x00, False),
        (0x14, NEG, 0x12, True),
        (0x13, 0, 0x00, False),
        (0x12, ONLY, 0x10, False),
    ],
)
def test_multi_key_follows_the_capability_and_the_requesters_choice(
    version, flags, asked, expected
):
    conversation = talk(
        capabilities(version, flags), negotiate(version, asked), algorithms(version, base_hash=1)
    )
    assert conversation.context.multi_key is expected


def test_get_version_forgets_everything():
    conversation = talk(
        capabilities(0x13, ONLY), negotiate(0x13, 0x10), algorithms(0x13, asym=0x80, base_hash=2)
    )
    assert conversation.context != NOTHING_KNOWN
    conversation.feed(GET_VERSION)
    assert conversation.context == NOTHING_KNOWN
    conversation.feed(capabilities(0x13, NEG))
    conversation.feed(algorithms(0x13, base_hash=1))
    assert conversation.context.multi_key is False


def test_someone_who_joins_late_says_what_was_agreed():
    given = WireContext(version=0x12, hash_size=48, signature_size=96)
    conversation = Conversation(given)
    assert conversation.feed(CHALLENGE_AUTH) == given
    conversation.feed(bytes.fromhex("12e001ff") + bytes(33))
    conversation.feed(GET_VERSION)
    assert conversation.context == given


@pytest.mark.parametrize("message", [b"", b"\x12", bytes.fromhex("126300"), b"\x12\x61\x00\x00"])
def test_what_cannot_be_read_teaches_nothing(message):
    conversation = talk(capabilities(0x12, 0), algorithms(0x12, asym=0x80, base_hash=2))
    before = conversation.context
    conversation.feed(message)
    assert conversation.context == before


def test_padding_after_a_message_changes_nothing():
    padded = Conversation()
    for message in (capabilities(0x12, 0), algorithms(0x12, asym=0x80, base_hash=2)):
        padded.feed(message + bytes(3))
    plain = talk(capabilities(0x12, 0), algorithms(0x12, asym=0x80, base_hash=2))
    assert padded.context == plain.context


@pytest.mark.parametrize("run", runs(), ids=lambda run: run.name)
def test_captured_conversations_end_with_what_their_manifest_says(run):
    """The manifest was written by the recording tool, not by our code."""
    hashes = {0x1: 32, 0x2: 48, 0x4: 64, 0x10: 48}
    measurement_hashes = {0x2: 32, 0x4: 48, 0x8: 64, 0x20: 48}
    signatures = {0x4: 384, 0x8: 384, 0x10: 64, 0x40: 512, 0x80: 96, 0x100: 132, 0x400: 64}
    mldsa = {0x2: 3309, 0x4: 4627}
    conversation = Conversation()
    for pair in run.messages():
        conversation.feed(pair.request)
        conversation.feed(pair.response)
    found, facts = conversation.context, run.negotiated
    assert found.version == int(facts["rsp_version"], 16)
    assert found.hash_size == hashes[int(facts["base_hash_sel"], 16)]
    assert found.measurement_hash_size == measurement_hashes[int(facts["meas_hash_algo"], 16)]
    asym, pqc = int(facts["base_asym_sel"], 16), int(facts.get("pqc_asym_sel", "0"), 16)
    assert found.signature_size == (signatures[asym] if asym else mldsa[pqc])


@pytest.mark.parametrize("run", runs(), ids=lambda run: run.name)
def test_captured_encapsulated_messages_are_read_with_what_the_conversation_knows(run):
    """The requester signs there, and the context of the carrier says how."""
    conversation = Conversation()
    for pair in run.whole_messages():
        for data in (pair.request, pair.response):
            context = conversation.feed(data)
            inside = embedded_in(data, context.version)
            if inside:
                message = parse_message(inside, context.of_requester(), padding=run.padding)
                built = message.build(context.of_requester())
                assert built == inside[: len(built)]
