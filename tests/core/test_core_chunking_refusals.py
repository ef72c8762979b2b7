"""Every wrong piece of a large request, and requests that are never large."""

import pytest
from core.chunks import (
    CHUNK_GET,
    CHUNK_SEND,
    CHUNKING,
    ack_head,
    chunk_send,
    in_pieces,
    meet,
)
from core.dialogue import Dialogue

INVALID = 0x01
each_version = pytest.mark.parametrize("version", [0x12, 0x13, 0x14], ids="1.{0.real}".format)


def error(version, code):
    return bytes([version, 0x7F, code, 0])


WRONG_FIRST = {
    "number 1": {"number": 1},
    "the last": {"last": True},
    "25 bytes": {"data": bytes(25)},
    "a whole of 42 bytes": {"whole": 42},
    "a whole of MaxSPDMmsgSize and 1": {"whole": 0x20001},
    "a whole of 4 GiB": {"whole": 0xFFFFFFFF},
    "ChunkSize one too large": {"size": 27},
    "ChunkSize huge": {"size": 0xFFFFFFFF},
    "a byte too much": {"size": 25},
    "over DataTransferSize": {"data": bytes(0x1200)},
}
WRONG_NEXT = {
    "another handle": {"handle": 8},
    "the number again": {"number": 0},
    "a number too far": {"number": 2},
    "29 bytes": {"data": bytes(29)},
    "the last too early": {"last": True},
    "ChunkSize one too large": {"size": 31},
    "more than the whole": {"data": bytes(75)},
    "all, and not the last": {"data": bytes(74)},
    "over DataTransferSize": {"data": bytes(0x1200)},
}


def refused_early(dialogue, piece, handle, number):
    """The piece is refused within its acknowledgement, and the transfer has ended."""
    version = dialogue.version
    answer = dialogue.say(piece)
    head = ack_head(version, handle, number, early=True)
    assert answer == head + error(version, INVALID), answer.hex()
    assert dialogue.say(chunk_send(version, 7, 1, bytes(30)))[2] == 1, "nothing goes on"
    dialogue.authenticate()


@each_version
@pytest.mark.parametrize("wrong", WRONG_FIRST)
def test_a_wrong_first_piece_is_refused_early(version, wrong):
    dialogue = Dialogue(meet(version, limit=0x1000).responder, version)
    dialogue.offer = {"flags": CHUNKING}
    dialogue.reach("certificate")
    piece = {"handle": 7, "number": 0, "data": bytes(26), "whole": 100} | WRONG_FIRST[wrong]
    if piece["number"]:
        piece["whole"] = None
    refused_early(dialogue, chunk_send(version, **piece), 7, piece["number"])


@each_version
@pytest.mark.parametrize("wrong", WRONG_NEXT)
def test_a_wrong_next_piece_is_refused_early(version, wrong):
    dialogue = Dialogue(meet(version).responder, version)
    dialogue.offer = {"flags": CHUNKING}
    dialogue.reach("certificate")
    first = chunk_send(version, 7, 0, bytes(26), whole=100)
    assert dialogue.say(first) == ack_head(version, 7, 0)
    piece = {"handle": 7, "number": 1, "data": bytes(30)} | WRONG_NEXT[wrong]
    if piece["number"] == 0:
        piece["whole"] = 100
    refused_early(dialogue, chunk_send(version, **piece), piece["handle"], piece["number"])


@each_version
def test_a_piece_too_short_to_have_a_number_is_refused_as_any_message(version):
    dialogue = meet(version)
    for size in range(4, 12):
        piece = chunk_send(version, 7, 0, bytes(26), whole=100)[:size]
        assert dialogue.say_one(piece) == error(version, INVALID)


@each_version
@pytest.mark.parametrize("code", [0x84, 0xE1, CHUNK_SEND, CHUNK_GET], ids=hex)
def test_some_requests_are_never_large(version, code):
    dialogue = meet(version)
    header = 0x10 if code == 0x84 else version
    *pieces, last = in_pieces(version, bytes([header, code]) + bytes(60))
    for piece in pieces:
        dialogue.say_one(piece)
    expected = ack_head(version, 7, len(pieces)) + error(0x10 if code == 0x84 else version, INVALID)
    assert dialogue.say_one(last) == expected
    dialogue.reach("authenticated")


@each_version
def test_a_refusal_after_the_last_piece_is_no_early_error(version):
    dialogue = meet(version)
    *pieces, last = in_pieces(version, bytes([version, 0x95]) + bytes(60))
    for piece in pieces:
        dialogue.say_one(piece)
    refused = bytes([version, 0x7F, 0x07, 0x95])
    assert dialogue.say_one(last) == ack_head(version, 7, len(pieces)) + refused
