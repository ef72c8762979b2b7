"""SPDM over TCP (DSP0287) without a wrapper."""

import pytest
from server_peers import GET_VERSION, VERSION

from responder.server.events import PeerIgnored

URI = "dsp0287://127.0.0.1:0"
REQUEST = bytes.fromhex("06000105") + GET_VERSION
RESPONSE = bytes.fromhex("0c000105") + VERSION


async def test_messages_are_answered(serving):
    peer = await (await serving(URI)).peer()
    peer.send(REQUEST * 3)
    assert await peer.bytes(3 * len(RESPONSE)) == RESPONSE * 3


@pytest.mark.parametrize("inquiry", ["000001bf", "020001bf"])
async def test_role_inquiry_asks_for_a_requester_which_this_is_not(serving, inquiry):
    peer = await (await serving(URI)).peer()
    peer.send(bytes.fromhex(inquiry) + REQUEST)
    assert await peer.bytes(4) == bytes.fromhex("000001c2")
    assert await peer.bytes(len(RESPONSE)) == RESPONSE


@pytest.mark.parametrize("header", ["06000107", "06000205", "01000105"])
async def test_unknown_types_and_versions_are_answered_not_supported(serving, header):
    running = await serving(URI)
    peer = await running.peer()
    peer.send(REQUEST + bytes.fromhex(header) + GET_VERSION)
    assert await peer.rest() == RESPONSE + bytes.fromhex("000001c1")
    assert (await running.events.reasons())[0].startswith("bad frame: ")


async def test_errors_of_the_peer_are_noted(serving):
    running = await serving(URI)
    peer = await running.peer()
    peer.send(bytes.fromhex("000001c0") + REQUEST)
    assert await peer.bytes(len(RESPONSE)) == RESPONSE
    assert [event.reason for event in running.events.of(PeerIgnored)] == [
        "the peer says TOO_LARGE (DSP0287)"
    ]


async def test_byte_at_a_time(serving):
    peer = await (await serving(URI)).peer()
    for byte in REQUEST:
        peer.send(bytes([byte]))
    assert await peer.bytes(len(RESPONSE)) == RESPONSE
