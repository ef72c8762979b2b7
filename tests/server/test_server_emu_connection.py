"""The spdm-emu socket protocol, as its reference, QEMU and spdm-utils speak it."""

import asyncio

import pytest
from server_peers import (
    CONTINUE,
    DOE,
    GET_CAPABILITIES,
    GET_VERSION,
    MCTP,
    NONE,
    NORMAL,
    SHUTDOWN,
    TCP,
    TEST,
    UNKNOWN,
    VERSION,
    PlainProfile,
    doe,
    socket_frame,
)

from responder.core.events import RecordDropped
from responder.server.events import PeerIgnored
from responder.spec.flags import Cap

QEMU_GET_VERSION = bytes.fromhex("00000001 00000002 0000000c 01000100 03000000 10840000")
"""Seen on the wire from QEMU 10."""


@pytest.mark.parametrize("transport", [MCTP, DOE, TCP])
@pytest.mark.parametrize("hello", [b"Client Hello!\0", b"", b"anything"])
async def test_hello_is_answered_whatever_it_says(serving, transport, hello):
    peer = await (await serving()).peer()
    answer = await peer.exchange(TEST, transport, hello)
    assert answer == (TEST, transport, b"Server Hello!\0")


async def test_the_bytes_that_qemu_sends_are_answered(serving):
    peer = await (await serving()).peer()
    peer.send(QEMU_GET_VERSION)
    assert await peer.frame() == (NORMAL, DOE, doe(1, VERSION + b"\0\0"))


@pytest.mark.parametrize(
    ("transport", "request_payload", "response_payload"),
    [
        (NONE, GET_VERSION, VERSION),
        (MCTP, b"\x05" + GET_VERSION, b"\x05" + VERSION),
        (DOE, doe(1, GET_VERSION), doe(1, VERSION + b"\0\0")),
        (TCP, b"\x06\x00\x01\x05" + GET_VERSION, b"\x0c\x00\x01\x05" + VERSION),
    ],
)
async def test_any_framing_on_one_port(serving, transport, request_payload, response_payload):
    running = await serving()
    peer = await running.peer()
    assert await peer.exchange(NORMAL, transport, request_payload) == (
        NORMAL,
        transport,
        response_payload,
    )


async def test_each_frame_says_its_own_framing(serving):
    peer = await (await serving()).peer()
    assert (await peer.exchange(NORMAL, NONE, GET_VERSION))[2] == VERSION
    assert (await peer.exchange(NORMAL, MCTP, b"\x05" + GET_VERSION))[2] == b"\x05" + VERSION


@pytest.mark.parametrize("command", [TEST, NORMAL])
async def test_a_pinned_port_hangs_up_on_another_framing(serving, command):
    running = await serving("spdm-emu+doe://127.0.0.1:0")
    good, bad = await running.peer(), await running.peer()
    bad.send(socket_frame(command, MCTP, b"\x05" + GET_VERSION))
    assert await bad.rest() == b""
    assert await running.events.reasons() == [
        "bad payload: transport type 1 on a port for PCI_DOE only"
    ]
    assert (await good.exchange(NORMAL, DOE, doe(1, GET_VERSION)))[2] == doe(1, VERSION + b"\0\0")


@pytest.mark.parametrize("transport", [4, 0xFFFFFFFF])
async def test_an_unknown_framing_closes_the_connection(serving, transport):
    running = await serving()
    peer = await running.peer()
    peer.send(socket_frame(NORMAL, transport, GET_VERSION))
    assert await peer.rest() == b""
    assert f"transport type 0x{transport:x}" in (await running.events.reasons())[0]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (SHUTDOWN, "the peer asked for shutdown"),
        (CONTINUE, "the peer asked to continue with another connection"),
    ],
)
async def test_shutdown_and_continue_are_echoed_and_end_the_connection_only(
    serving, command, reason
):
    running = await serving()
    peer = await running.peer()
    assert await peer.exchange(command, MCTP) == (command, MCTP, b"")
    assert await peer.rest() == b""
    assert await running.events.reasons() == [reason]
    assert (await (await running.peer()).exchange(NORMAL, NONE, GET_VERSION))[2] == VERSION


@pytest.mark.parametrize("command", [0x8001, 0x8002])
async def test_out_of_band_commands_are_acknowledged(serving, command):
    running = await serving()
    peer = await running.peer()
    answer = await peer.exchange(command, MCTP, bytes(4) if command == 0x8001 else b"")
    assert answer == (command, MCTP, b"")
    assert (await peer.exchange(NORMAL, NONE, GET_VERSION))[2] == VERSION


@pytest.mark.parametrize("command", [0, 2, 3, 4, UNKNOWN, 0xFFFFFFFF])
async def test_other_commands_are_unknown_and_end_the_connection(serving, command):
    running = await serving()
    peer = await running.peer()
    assert await peer.exchange(command, DOE, b"xyz") == (UNKNOWN, DOE, b"")
    assert await peer.rest() == b""
    assert "is not known" in (await running.events.reasons())[0]


def discovery(index, version=0):
    return doe(0, bytes((index, version, 0, 0)))


@pytest.mark.parametrize("version", [0, 2])
async def test_discovery_of_a_device_with_sessions(serving, version):
    """The three entries and their order are those of the reference emulator."""
    running = await serving(profile=PlainProfile(flags=Cap.KEY_EX | Cap.ENCRYPT))
    peer = await running.peer()
    answers = [(await peer.exchange(NORMAL, DOE, discovery(i, version)))[2] for i in range(4)]
    assert answers == [
        doe(0, bytes.fromhex(entry)) for entry in ("01000001", "01000102", "01000200", "ffffff00")
    ]


async def test_discovery_of_a_device_without_sessions_lists_no_secured_object(serving):
    peer = await (await serving()).peer()
    answers = [(await peer.exchange(NORMAL, DOE, discovery(index)))[2] for index in range(3)]
    assert answers == [doe(0, bytes.fromhex(e)) for e in ("01000001", "01000100", "ffffff00")]


@pytest.mark.parametrize(
    ("data_object", "told"),
    [
        (doe(7, bytes(4)), PeerIgnored),
        (doe(1, bytes(4), vendor=0x1E98), PeerIgnored),
        (doe(2, bytes(16)), RecordDropped),
    ],
)
async def test_an_object_that_gets_no_response_gets_an_empty_frame(serving, data_object, told):
    """QEMU waits for a frame in any case and takes length 0 for 'no response'."""
    running = await serving()
    peer = await running.peer()
    assert await peer.exchange(NORMAL, DOE, data_object) == (NORMAL, DOE, b"")
    assert running.events.of(told)
    assert (await peer.exchange(NORMAL, DOE, doe(1, GET_VERSION)))[2] == doe(1, VERSION + b"\0\0")


@pytest.mark.parametrize(("transport", "header"), [(MCTP, "06"), (TCP, "0a000106")])
async def test_a_secured_message_without_a_session_gets_silence(serving, transport, header):
    running = await serving()
    peer = await running.peer()
    peer.send(socket_frame(NORMAL, transport, bytes.fromhex(header) + bytes(8)))
    assert (await peer.exchange(NORMAL, NONE, GET_VERSION))[2] == VERSION
    assert len(running.events.of(RecordDropped)) == 1


async def test_role_inquiry_inside_a_frame(serving):
    peer = await (await serving()).peer()
    answer = await peer.exchange(NORMAL, TCP, bytes.fromhex("000001bf"))
    assert answer == (NORMAL, TCP, bytes.fromhex("000001c2"))


async def test_doe_padding_is_not_part_of_the_message(serving):
    peer = await (await serving()).peer()
    await peer.exchange(NORMAL, DOE, doe(1, GET_VERSION))
    answer = await peer.exchange(NORMAL, DOE, doe(1, GET_CAPABILITIES))
    assert answer[2][8:10] == b"\x12\x61"
    answer = await peer.exchange(NORMAL, DOE, doe(1, GET_VERSION + bytes(4)))
    assert answer[2][8:] == bytes.fromhex("107f0100")


@pytest.mark.parametrize(
    ("transport", "payload"),
    [
        (MCTP, b""),
        (MCTP, b"\x7e" + GET_VERSION),
        (DOE, b"\1\0\1\0"),
        (DOE, doe(1, GET_VERSION)[:-1]),
        (TCP, b"\x07\x00\x01\x05" + GET_VERSION),
    ],
)
async def test_a_payload_that_breaks_its_binding_closes_the_connection(serving, transport, payload):
    running = await serving()
    peer = await running.peer()
    peer.send(socket_frame(NORMAL, transport, payload))
    assert await peer.rest() == b""
    assert (await running.events.reasons())[0].startswith("bad payload: ")


async def test_a_bare_message_that_is_none_gets_an_spdm_error(serving):
    peer = await (await serving()).peer()
    for payload in (b"", b"\x10", bytes.fromhex("10000000")):
        answer = await peer.exchange(NORMAL, NONE, payload)
        assert answer[2][:2] == b"\x10\x7f"


async def test_answers_come_in_the_order_of_the_questions(serving):
    peer = await (await serving()).peer()
    count = 200
    peer.send(
        b"".join(
            socket_frame(NORMAL, NONE, GET_VERSION) + socket_frame(TEST, MCTP) for _ in range(count)
        )
    )
    async with asyncio.timeout(20):
        for _ in range(count):
            assert (await peer.frame())[2] == VERSION
            assert (await peer.frame())[2] == b"Server Hello!\0"
