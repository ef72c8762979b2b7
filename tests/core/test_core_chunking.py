"""Large messages in chunks: whole conversations in pieces of 42 bytes, and every wrong piece."""
# ruff: noqa: ARG002 - hooks take what the core hands them

import struct

import pytest
from core import raw_requests as raw
from core.chunks import (
    CHUNK_GET,
    CHUNK_SEND,
    CHUNKING,
    InPieces,
    SessionInPieces,
    ack_head,
    chunk_get,
    cut,
    in_pieces,
    meet,
)
from core.dialogue import Dialogue, cut_measurements
from core.fakes import (
    CERT,
    CHAL,
    CHUNK,
    CSR,
    LARGE_RESP,
    MEAS_SIG,
    MEASUREMENTS,
    SET_CERT,
    SHA_256,
    FakeChange,
    FakeDevice,
    FakeSlot,
    block_of,
    chain_of,
    policy,
    responder,
)

from responder.core.effects import Close, Send
from responder.core.hooks import Hooks
from responder.core.interfaces import TimingPolicy

V12, V13, V14 = 0x12, 0x13, 0x14
INVALID, UNEXPECTED, TOO_LARGE, LARGE_RESPONSE = 0x01, 0x04, 0x0D, 0x0F
each_version = pytest.mark.parametrize("version", [V12, V13, V14], ids="1.{0.real}".format)


def error(version, code, extended=b""):
    return bytes([version, 0x7F, code, 0]) + extended


# Whole conversations.


@each_version
@pytest.mark.parametrize("limit", [42, 43, 64, 200])
def test_a_device_is_attested_in_pieces(version, limit):
    dialogue = meet(version, state="authenticated", limit=limit)
    request = raw.get_measurements(version, attributes=1)
    answer = dialogue.ask(request, 0x60)
    dialogue.check_measurements([(request, answer)])
    record = b"".join(block_of(measurement, SHA_256) for measurement in MEASUREMENTS)
    assert cut_measurements(dialogue, answer, signed=True).record == record
    assert dialogue.carried.count(CHUNK_GET) > 1
    assert limit > 43 or dialogue.carried.count(CHUNK_SEND) > 1


@each_version
def test_a_chain_comes_in_one_response_of_many_chunks(version):
    dialogue = meet(version, state="digests", limit=64)
    answer = dialogue.ask(raw.get_certificate(version, 2), 0x02)
    chain = chain_of(FakeSlot(2).certificates, SHA_256)
    assert answer[4:8] == struct.pack("<HH", len(chain), 0)
    assert answer[8:] == chain


@pytest.mark.parametrize("version", [V13, V14], ids=["1.3", "1.4"])
def test_the_algorithms_block_comes_in_chunks(version):
    dialogue = InPieces(responder(its_policy=policy(flags=CHUNKING)), version)
    dialogue.reach("version")
    request = raw.get_capabilities(version, flags=CHUNKING, transfer=42, size=4096, param1=1)
    answer = dialogue.took(request, dialogue.ask(request, 0x61), "capabilities")
    assert struct.unpack("<H", answer[22:24])[0] == len(answer) - 20
    assert dialogue.carried
    dialogue.reach("authenticated")


@each_version
def test_measurements_that_come_in_chunks_are_in_the_transcript_as_one_message(version):
    dialogue = meet(version)
    exchanges = []
    for operation, attributes in ((0x00, 0), (0xFF, 0), (0xFD, 0), (0xFF, 1)):
        request = raw.get_measurements(version, operation, attributes=attributes)
        exchanges.append((request, dialogue.ask(request, 0x60)))
    dialogue.check_measurements(exchanges)


def test_a_chain_of_more_than_64_kib_is_read_in_1_4():
    device = FakeDevice({0: FakeSlot(0, certificates=bytes(range(256)) * 300)})
    flags = CHUNKING | LARGE_RESP
    its_policy = policy(flags=flags, max_spdm_msg_size=0x20000)
    dialogue = InPieces(responder(device, its_policy), V14, limit=0x1000, offer={"flags": flags})
    dialogue.reach("digests")
    request = raw.get_certificate(V14, 0x80, length=0, large=(0, 0xFFFFFFFF))
    answer = dialogue.took(request, dialogue.ask(request, 0x02), "certificate")
    chain = chain_of(device.slots[0].certificates, SHA_256)
    assert len(chain) > 0xFFFF
    assert answer[:16] == bytes([V14, 0x02, 0x80, 0]) + struct.pack("<HHII", 0, 0, len(chain), 0)
    assert answer[16:] == chain
    dialogue.authenticate()


def test_a_chain_is_cut_to_what_the_requester_takes_as_a_whole():
    device = FakeDevice({0: FakeSlot(0, certificates=bytes(5000))})
    dialogue = meet(V12, device=device, state="version")
    dialogue.offer["size"] = 1000
    dialogue.reach("digests")
    answer = dialogue.ask(raw.get_certificate(V12), 0x02)
    assert len(answer) == 1000
    portion, remainder = struct.unpack("<HH", answer[4:8])
    assert (portion, portion + remainder) == (992, len(chain_of(bytes(5000), SHA_256)))


@each_version
def test_a_request_of_many_chunks_may_be_put_off(version):
    dialogue = meet(version, timing=TimingPolicy(ready_after={0xFE: 1000}))
    request = raw.vendor_defined(version, b"long " * 100)
    answer = dialogue.say(request)
    assert answer[:3] == bytes([version, 0x7F, 0x42])
    dialogue.now += 1
    answer = dialogue.say(raw.respond_if_ready(version, 0xFE, answer[6]))
    assert answer[-500:] == (b"long " * 100)[::-1]


@each_version
def test_certificates_are_written_in_pieces_and_csrs_read(version):
    """What has to be worked for comes in the acknowledgement of the last piece."""
    device = FakeDevice()
    dialogue = meet(version, device=device, flags=CHUNKING | SET_CERT | CSR)
    assert dialogue.say(raw.set_certificate(version)) == bytes([version, 0x6E, 0, 0])
    (written,) = [asked for asked in device.provisioning.asked if asked[0] == "write"]
    assert raw.chain() in written
    device.provisioning.change = FakeChange(b"a CSR " * 50)
    answer = dialogue.say(raw.get_csr(version, info=b"\x30\x00" * 40))
    assert answer == bytes([version, 0x6D, 0, 0]) + struct.pack("<HH", 300, 0) + b"a CSR " * 50
    assert {CHUNK_SEND, CHUNK_GET} == set(dialogue.carried)


# What may come when.


@each_version
def test_only_chunks_and_get_version_are_taken_during_a_transfer(version):
    dialogue = meet(version)
    *pieces, last = in_pieces(version, raw.vendor_defined(version, bytes(100)))
    for number, piece in enumerate(pieces):
        assert dialogue.say_one(piece) == ack_head(version, 7, number)
        for request in (raw.get_digests(version), chunk_get(version, 7, 0)):
            assert dialogue.say_one(request) == error(version, UNEXPECTED)
    answer = dialogue.say_one(last)
    handle = answer[-1]
    refusal = error(version, LARGE_RESPONSE, bytes([handle]))
    assert answer == ack_head(version, 7, len(pieces)) + refusal
    for request in (raw.get_digests(version), pieces[0]):
        assert dialogue.say_one(request) == error(version, UNEXPECTED)
    assert cut(dialogue.say_one(chunk_get(version, handle, 0))).number == 0
    assert dialogue.say_one(raw.get_digests(version)) == error(version, UNEXPECTED)
    assert cut(dialogue.say_one(chunk_get(version, handle, 1))).number == 1


@each_version
@pytest.mark.parametrize("direction", ["send", "get"])
def test_get_version_ends_a_transfer(version, direction):
    dialogue = meet(version)
    if direction == "send":
        dialogue.say_one(next(in_pieces(version, bytes(100))))
    else:
        assert dialogue.say_one(raw.get_certificate(version))[2] == LARGE_RESPONSE
    dialogue.state = "nothing"
    dialogue.reach("authenticated")


@each_version
def test_the_next_transfer_has_another_handle(version):
    dialogue = meet(version)
    handles = []
    for _ in range(257):
        answer = dialogue.say_one(raw.get_measurements(version))
        handles.append(answer[4])
        dialogue.fetched(answer)
    assert handles == [handles[0] + number & 0xFF for number in range(257)]


@each_version
@pytest.mark.parametrize(
    ("other", "number"), [(1, 0), (0, 1), (0, 0xFFFF), (-1, 0)], ids=["handle", "1", "max", "last"]
)
def test_another_chunk_than_the_next_is_refused_and_the_transfer_goes_on(version, other, number):
    dialogue = meet(version)
    answer = dialogue.say_one(raw.get_measurements(version))
    wrong = chunk_get(version, answer[4] + other, number)
    assert dialogue.say_one(wrong) == error(version, INVALID)
    assert len(dialogue.fetched(answer)) > 42
    assert dialogue.say_one(wrong) == error(version, UNEXPECTED)


@each_version
def test_without_a_transfer_no_chunk_is_to_be_had(version):
    dialogue = meet(version)
    assert dialogue.say_one(chunk_get(version, 0, 0)) == error(version, UNEXPECTED)


@each_version
@pytest.mark.parametrize(
    ("own", "peer"), [(CHUNK, 0), (0, CHUNK), (0, 0)], ids=["own", "peer", "none"]
)
def test_both_sides_have_to_know_chunks(version, own, peer):
    rest = CERT | CHAL
    dialogue = Dialogue(responder(its_policy=policy(flags=rest | MEAS_SIG | own)), version)
    dialogue.offer["flags"] = rest | peer
    dialogue.reach("negotiated")
    sent = next(in_pieces(version, bytes(100)))
    assert dialogue.say(sent) == bytes([version, 0x7F, 0x07, CHUNK_SEND])
    assert dialogue.say(chunk_get(version, 0, 0)) == error(version, UNEXPECTED)


@pytest.mark.parametrize("version", [0x10, 0x11])
def test_chunks_are_not_known_before_1_2(version):
    dialogue = Dialogue(responder(its_policy=policy(flags=CHUNKING)), version).reach("negotiated")
    for code in (CHUNK_SEND, CHUNK_GET):
        request = bytes([version, code]) + bytes(40)
        assert dialogue.say(request) == bytes([version, 0x7F, 0x07, code])


@each_version
def test_chunks_may_come_once_capabilities_are_known(version):
    dialogue = meet(version, state="version")
    piece = next(in_pieces(version, raw.negotiate(version)))
    assert dialogue.hear(piece) == [bytes([0x10, 0x7F, 0x41, 0])], "no version is agreed yet"
    dialogue.reach("capabilities")
    assert dialogue.say_one(piece) == ack_head(version, 7, 0)


# Sessions.


@each_version
def test_a_session_measures_in_pieces(version):
    dialogue = meet(version)
    inside = SessionInPieces(dialogue)
    exchanges = []
    for attributes in (0, 1):
        request = raw.get_measurements(version, attributes=attributes)
        exchanges.append((request, inside.ask(request, 0x60)))
    dialogue.check_measurements(exchanges)
    assert CHUNK_GET in inside.carried
    assert (CHUNK_SEND in inside.carried) == (len(request) > 42)


@each_version
@pytest.mark.parametrize("direction", ["send", "get"])
def test_a_transfer_belongs_to_its_session(version, direction):
    dialogue = meet(version)
    inside, other = SessionInPieces(dialogue), SessionInPieces(dialogue, 0xFFFE_0001)
    if direction == "send":
        first, second, *_ = in_pieces(version, bytes(100))
        assert inside.say_one(first) == ack_head(version, 7, 0)
    else:
        handle = inside.say_one(raw.get_measurements(version))[4]
        second = chunk_get(version, handle, 0)
    for elsewhere in (dialogue, other):
        assert elsewhere.say_one(second) == error(version, UNEXPECTED)
    assert inside.say_one(second)[1] == second[1] & 0x7F


@each_version
@pytest.mark.parametrize("direction", ["send", "get"])
def test_the_end_of_a_session_ends_its_transfer(version, direction):
    dialogue = meet(version)
    inside = SessionInPieces(dialogue)
    if direction == "send":
        first = inside.say_one(next(in_pieces(version, bytes(100))))
        assert first == ack_head(version, 7, 0)
    else:
        first = inside.say_one(raw.get_measurements(version))
        assert first[1:3] == bytes([0x7F, LARGE_RESPONSE])
    dialogue.responder.connection.end_session(inside.session, "a test")
    dialogue.reach("authenticated")


@each_version
def test_the_end_of_another_session_ends_no_transfer(version):
    dialogue = meet(version)
    inside, other = SessionInPieces(dialogue), SessionInPieces(dialogue, 0xFFFE_0001)
    answer = inside.say_one(raw.get_measurements(version))
    dialogue.responder.connection.end_session(other.session, "a test")
    assert inside.fetched(answer)[1] == 0x60


# Sizes.


@each_version
def test_a_response_that_the_requester_cannot_put_together_is_too_large(version):
    dialogue = meet(version, state="version")
    dialogue.offer["size"] = 200
    dialogue.reach("negotiated")
    request = raw.get_measurements(version, attributes=1)
    size = len(meet(version).say(request))
    assert size > 200
    assert dialogue.say(request) == error(version, TOO_LARGE, size.to_bytes(4, "little"))
    assert dialogue.say(raw.get_measurements(version, 0))[1] == 0x60


@each_version
def test_a_responder_with_a_small_transmit_buffer_sends_chunks_of_that_size(version):
    dialogue = meet(version, limit=0x1000, transmit_size=100)
    answer = dialogue.say_one(raw.get_measurements(version))
    assert answer[2] == LARGE_RESPONSE
    assert len(dialogue.say_one(chunk_get(version, answer[4], 0))) == 100


@each_version
def test_a_large_request_is_answered_in_one_acknowledgement_if_that_fits(version):
    dialogue = meet(version, limit=400)
    request = raw.vendor_defined(version, bytes(350))
    fitting = 400 - len(ack_head(version, 0, 0))
    assert len(dialogue.say(request)) == len(request) == fitting - (fitting - 361)
    request = raw.vendor_defined(version, bytes(fitting - 11))
    *pieces, last = in_pieces(version, request, 400)
    for piece in pieces:
        dialogue.say_one(piece)
    assert len(dialogue.say_one(last)) == 400
    request = raw.vendor_defined(version, bytes(fitting - 10))
    *pieces, last = in_pieces(version, request, 400)
    for piece in pieces:
        dialogue.say_one(piece)
    assert dialogue.say_one(last)[-2:-1] == bytes([0])
    assert dialogue.say_one(raw.get_digests(version)) == error(version, UNEXPECTED)


# Hooks.


def sent(effects):
    return [effect.message for effect in effects if isinstance(effect, Send)]


class Watching(Hooks):
    """Notes what passes by."""

    def __init__(self):
        self.drafts, self.messages = [], []

    def draft(self, exchange, response):
        self.drafts.append((exchange.request.name, response.name))
        return response

    def message(self, exchange, message):
        self.messages.append((exchange.request.name, len(message)))
        return [Send(message)]


@each_version
def test_all_of_a_transfer_passes_the_hooks(version):
    hooks = Watching()
    dialogue = meet(version, hooks=hooks)
    hooks.drafts.clear()
    hooks.messages.clear()
    request = raw.vendor_defined(version, bytes(60))
    assert len(dialogue.say(request)) == len(request)
    name, ack, piece = "VENDOR_DEFINED_REQUEST", "CHUNK_SEND_ACK", "CHUNK_RESPONSE"
    assert hooks.drafts == [
        *[("CHUNK_SEND", ack)] * 2,
        (name, "VENDOR_DEFINED_RESPONSE"),
        (name, "ERROR"),
        ("CHUNK_SEND", ack),
        *[("CHUNK_GET", piece)] * 3,
    ]
    assert (name, len(request)) in hooks.messages
    assert [asked for asked, _ in hooks.messages] == [asked for asked, _ in hooks.drafts]


@each_version
def test_a_large_response_may_be_changed_before_it_is_cut(version):
    class Flipped(Hooks):
        def message(self, exchange, message):
            changed = message[:-1] + bytes([message[-1] ^ 1])
            return [Send(changed if message[1] == 0x60 else message)]

    right = meet(version).say(raw.get_measurements(version))
    assert meet(version, hooks=Flipped()).say(raw.get_measurements(version)) == right[:-1] + bytes(
        [right[-1] ^ 1]
    )


@each_version
@pytest.mark.parametrize("size", [100, 5])
def test_a_hook_may_cut_what_would_fit_and_leave_whole_what_would_not(version, size):
    class Otherwise(Hooks):
        def chunked(self, exchange, *, large):
            return large if exchange.request.code != 0xFE else not large

    dialogue = meet(version, hooks=Otherwise(), limit=64)
    request = raw.vendor_defined(version, bytes(size))
    *pieces, last = in_pieces(version, request)
    for piece in pieces:
        dialogue.say_one(piece)
    (answer,) = dialogue.hear(last if pieces else request)
    if size == 5:
        assert answer[1:3] == bytes([0x7F, LARGE_RESPONSE])
        assert dialogue.fetched(answer, any_size=True)[1] == 0x7E
    else:
        assert len(answer) > 100


@each_version
def test_what_a_hook_does_to_the_response_of_a_large_request_is_done(version):
    class Late(Hooks):
        def message(self, exchange, message):
            if exchange.request.code != 0xFE:
                return [Send(message)]
            return [Send(message, delay=2.0), Close("enough")]

    class Silent(Late):
        def message(self, exchange, message):
            return [Send(message)] if exchange.request.code != 0xFE else [Close("enough")]

    for hooks, delays in ((Late(), [2.0]), (Silent(), [])):
        dialogue = meet(version, hooks=hooks, limit=100)
        *pieces, last = in_pieces(version, raw.vendor_defined(version, bytes(40)))
        for piece in pieces:
            dialogue.say_one(piece)
        effects = dialogue.responder.receive(last, 0.0)
        assert [one.delay for one in effects if isinstance(one, Send)] == delays
        assert Close("enough") in effects
