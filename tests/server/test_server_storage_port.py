"""Storage commands on a socket, as QEMU sends them with ``spdm_trans=nvme``.

QEMU's frames: IF_SEND with the command and its data, IF_RECV with the command alone; back come an
ACK_STATUS with a big-endian status and, for an IF_RECV that succeeded, an IF_RECV with the data.
"""

import struct

import pytest
from server_peers import (
    DOE,
    GET_CAPABILITIES,
    GET_VERSION,
    NONE,
    NORMAL,
    TCP,
    TEST,
    UNKNOWN,
    VERSION,
    PlainProfile,
    doe,
    socket_frame,
)

from responder.core.effects import Send
from responder.core.events import RecordDropped
from responder.core.hooks import Hooks
from responder.profiles.schema import StorageSection
from responder.server.clock import ManualClock
from responder.server.events import PeerIgnored
from responder.spec.flags import Cap

IF_SEND, IF_RECV, ACK_STATUS = 2, 3, 4
SCSI, NVME = 3, 4
OK = bytes(2)
INVALID = {NVME: bytes.fromhex("4002"), SCSI: bytes.fromhex("2400")}
DISCOVERY, PENDING_INFO, MESSAGE, SECURED = 1, 2, 5, 6
NOT_PENDING = bytes.fromhex("0c000010 00000000 00000000")
PENDING = bytes.fromhex("0c000010 01000000 0a000000")
"""``VERSION`` has 10 bytes."""


def command(operation, length=None, data=b"", connection=0):
    size = len(data) if length is None else length
    return struct.pack("<BBBI", 0xE8, operation << 2 | connection, 0, size) + data


class Host:
    """A host whose NVMe controller has this server behind it."""

    def __init__(self, peer, transport=NVME):
        self.peer = peer
        self.transport = transport

    async def send(self, operation, data=b"", **changes):
        """The status of a Security Send."""
        payload = command(operation, data=data, **changes)
        answer = await self.peer.exchange(IF_SEND, self.transport, payload)
        assert answer[:2] == (ACK_STATUS, self.transport)
        return answer[2]

    async def receive(self, operation, length=4096, **changes):
        """What a Security Receive fetches, or its status if it failed."""
        payload = command(operation, length, **changes)
        answer = await self.peer.exchange(IF_RECV, self.transport, payload)
        assert answer[:2] == (ACK_STATUS, self.transport)
        if answer[2] != OK:
            return answer[2]
        answer = await self.peer.frame()
        assert answer[:2] == (IF_RECV, self.transport)
        return answer[2]


@pytest.fixture
def host(serving):
    async def connect(*uris, transport=NVME, **options):
        running = await serving(*uris, **options)
        host = Host(await running.peer(), transport)
        host.events = running.events
        return host

    return connect


def profile(flags=Cap.KEY_EX | Cap.ENCRYPT, **storage):
    return PlainProfile(flags=flags, storage=StorageSection(**storage))


async def test_the_bytes_that_qemu_sends_and_takes(host):
    peer = (await host()).peer
    peer.send(bytes.fromhex("00000002 00000004 0000000b e8140004000000 10840000"))
    assert await peer.bytes(14) == bytes.fromhex("00000004 00000004 00000002 0000")
    peer.send(bytes.fromhex("00000003 00000004 00000007 e8140000100000"))
    assert await peer.bytes(14) == bytes.fromhex("00000004 00000004 00000002 0000")
    assert await peer.bytes(12) == bytes.fromhex("00000003 00000004 0000000a")
    assert await peer.bytes(10) == VERSION


@pytest.mark.parametrize("transport", [NVME, SCSI])
@pytest.mark.parametrize("uri", ["spdm-emu://127.0.0.1:0", "spdm-emu+storage://127.0.0.1:0"])
async def test_a_response_waits_until_it_is_fetched(host, uri, transport):
    device = await host(uri, transport=transport)
    for _ in range(3):
        assert await device.receive(PENDING_INFO) == NOT_PENDING
        assert await device.send(MESSAGE, GET_VERSION) == OK
        assert await device.receive(PENDING_INFO) == PENDING
        assert await device.receive(PENDING_INFO, 12) == PENDING
        assert await device.receive(MESSAGE, 10) == VERSION
        assert await device.receive(MESSAGE) == INVALID[transport]


@pytest.mark.parametrize(
    ("flags", "operations"), [(Cap(0), "26"), (Cap.KEY_EX | Cap.ENCRYPT, "66"), (Cap.PSK, "66")]
)
async def test_discovery_lists_secured_messages_of_a_device_with_sessions(host, flags, operations):
    device = await host(profile=profile(flags))
    assert await device.send(DISCOVERY) == OK
    data = bytes.fromhex(f"20000010 00000000 {operations}") + bytes(23)
    assert await device.receive(DISCOVERY) == await device.receive(DISCOVERY, 32) == data
    assert await device.send(PENDING_INFO) == OK
    assert await device.receive(PENDING_INFO) == NOT_PENDING


@pytest.mark.parametrize("transport", [NVME, SCSI])
@pytest.mark.parametrize(
    ("kind", "payload", "said"),
    [
        (IF_SEND, b"", "no storage command"),
        (IF_RECV, b"\xe8\x14", "no storage command"),
        (IF_SEND, b"\xe7" + command(MESSAGE, data=GET_VERSION)[1:], "security protocol 0xe7"),
        (IF_SEND, command(3, data=GET_VERSION), "no SPDM operation"),
        (IF_SEND, command(MESSAGE, 5, GET_VERSION), "transfer length 5"),
        (IF_SEND, command(MESSAGE, 3, GET_VERSION), "transfer length 3"),
        (IF_SEND, command(MESSAGE, data=GET_VERSION, connection=1), "connection id 1"),
        (IF_SEND, command(SECURED, data=bytes(3)), "no secured message"),
        (IF_RECV, command(MESSAGE, 4096, connection=2), "connection id 2"),
        (IF_RECV, command(MESSAGE, 4096, GET_VERSION), "4 bytes behind an IF_RECV"),
        (IF_RECV, command(MESSAGE, 4096), "no response is pending"),
        (IF_RECV, command(DISCOVERY, 31), "allocation length 31 for 32 bytes"),
        (IF_RECV, command(PENDING_INFO, 0), "allocation length 0 for 12 bytes"),
    ],
)
async def test_a_wrong_command_has_its_status_and_costs_nothing(
    host, transport, kind, payload, said
):
    device = await host(transport=transport, profile=profile())
    answer = await device.peer.exchange(kind, transport, payload)
    assert answer == (ACK_STATUS, transport, INVALID[transport])
    assert said in device.events.of(PeerIgnored)[0].reason
    assert await device.send(MESSAGE, GET_VERSION) == OK
    assert await device.receive(MESSAGE) == VERSION


async def test_secured_messages_without_sessions_are_refused(host):
    device = await host(profile=profile(Cap(0)))
    assert await device.send(SECURED, bytes(40)) == INVALID[NVME]
    assert await device.receive(SECURED) == INVALID[NVME]


async def test_a_record_of_no_session_leaves_nothing_to_fetch(host):
    device = await host(profile=profile())
    assert await device.send(SECURED, bytes(40)) == OK
    assert device.events.of(RecordDropped)
    assert await device.receive(PENDING_INFO) == NOT_PENDING
    assert await device.receive(SECURED) == INVALID[NVME]


async def test_a_response_may_have_to_be_fetched_as_what_it_is(host):
    device = await host(profile=profile(fetch="exact"))
    assert await device.send(MESSAGE, GET_VERSION) == OK
    assert await device.receive(SECURED) == INVALID[NVME]
    assert await device.receive(MESSAGE) == VERSION


async def test_either_operation_fetches_a_response(host):
    """As a public requester asks, which fetches records as messages."""
    device = await host(profile=profile())
    assert await device.send(MESSAGE, GET_VERSION) == OK
    assert await device.receive(SECURED) == VERSION


async def test_a_response_too_large_for_the_allocation_stays(host):
    device = await host()
    assert await device.send(MESSAGE, GET_VERSION) == OK
    assert await device.receive(MESSAGE, 9) == INVALID[NVME]
    assert await device.receive(MESSAGE, 10) == VERSION


async def test_a_response_may_be_cut_to_the_allocation(host):
    device = await host(profile=profile(short_allocation="cut"))
    assert await device.send(MESSAGE, GET_VERSION) == OK
    assert await device.receive(MESSAGE, 9) == VERSION[:9]
    assert await device.receive(PENDING_INFO) == NOT_PENDING
    assert await device.receive(DISCOVERY, 0) == INVALID[NVME]


async def test_a_request_replaces_a_response_that_was_not_fetched(host):
    device = await host()
    assert await device.send(MESSAGE, GET_VERSION) == OK
    assert await device.send(MESSAGE, GET_CAPABILITIES) == OK
    assert (await device.receive(MESSAGE))[:2] == b"\x12\x61"
    assert await device.receive(MESSAGE) == INVALID[NVME]
    assert "not fetched" in device.events.of(PeerIgnored)[0].reason


async def test_a_request_may_be_refused_until_the_response_is_fetched(host):
    device = await host(profile=profile(new_request="refused"))
    assert await device.send(MESSAGE, GET_VERSION) == OK
    assert await device.send(MESSAGE, GET_CAPABILITIES) == INVALID[NVME]
    assert await device.send(DISCOVERY) == OK
    assert await device.receive(MESSAGE) == VERSION
    assert await device.send(MESSAGE, GET_CAPABILITIES) == OK
    assert (await device.receive(MESSAGE))[:2] == b"\x12\x61"


async def test_commands_in_one_segment(host):
    device = await host()
    frames = [(IF_SEND, command(MESSAGE, data=GET_VERSION)), (IF_RECV, command(MESSAGE, 64))] * 20
    device.peer.send(b"".join(socket_frame(kind, NVME, payload) for kind, payload in frames))
    for _ in range(20):
        assert await device.peer.frame() == (ACK_STATUS, NVME, OK)
        assert await device.peer.frame() == (ACK_STATUS, NVME, OK)
        assert await device.peer.frame() == (IF_RECV, NVME, VERSION)


async def test_other_frames_on_the_same_connection(host):
    device = await host()
    assert await device.send(MESSAGE, GET_VERSION) == OK
    assert (await device.peer.exchange(TEST, NVME))[2] == b"Server Hello!\0"
    answer = await device.peer.exchange(NORMAL, DOE, doe(1, GET_VERSION))
    assert answer == (NORMAL, DOE, doe(1, VERSION + b"\0\0"))
    assert await device.receive(MESSAGE) == VERSION


@pytest.mark.parametrize(
    ("uri", "frame", "reason"),
    [
        ("spdm-emu", (NORMAL, NVME, GET_VERSION), "transport type 0x4 has storage commands only"),
        ("spdm-emu+storage", (NORMAL, NONE, GET_VERSION), "on a port for STORAGE only"),
        ("spdm-emu+storage", (NORMAL, TCP, GET_VERSION), "on a port for STORAGE only"),
        ("spdm-emu+tcp", (IF_SEND, SCSI, command(DISCOVERY)), "on a port for TCP only"),
        ("spdm-emu+doe", (IF_RECV, NVME, command(DISCOVERY, 64)), "on a port for PCI_DOE only"),
    ],
)
async def test_frames_that_do_not_belong_close_the_connection(host, uri, frame, reason):
    device = await host(f"{uri}://127.0.0.1:0")
    device.peer.send(socket_frame(*frame))
    assert await device.peer.rest() == b""
    assert reason in (await device.events.reasons())[0]


@pytest.mark.parametrize("kind", [IF_SEND, IF_RECV])
async def test_a_storage_command_on_another_transport_is_unknown(host, kind):
    device = await host()
    answer = await device.peer.exchange(kind, DOE, command(DISCOVERY, 64))
    assert answer == (UNKNOWN, DOE, b"")
    assert await device.peer.rest() == b""


class Silent(Hooks):
    """Says nothing to any request."""

    def message(self, exchange, response):
        del exchange, response
        return []


class Late(Hooks):
    """Answers late."""

    def message(self, exchange, response):
        del exchange
        return [Send(response, delay=2.0)]


async def test_a_request_that_nothing_comes_of_leaves_nothing_to_fetch(host):
    device = await host(profile=PlainProfile(hooks_class=Silent))
    assert await device.send(MESSAGE, GET_VERSION) == OK
    assert await device.receive(PENDING_INFO) == NOT_PENDING
    assert await device.receive(MESSAGE) == INVALID[NVME]


async def test_an_if_recv_waits_for_a_response_that_is_late(host):
    clock = ManualClock()
    device = await host(profile=PlainProfile(hooks_class=Late), clock=clock)
    assert await device.send(MESSAGE, GET_VERSION) == OK
    assert await device.receive(PENDING_INFO) == NOT_PENDING
    device.peer.send(socket_frame(IF_RECV, NVME, command(MESSAGE, 64)))
    assert await device.receive(PENDING_INFO) == NOT_PENDING
    clock.advance(2.0)
    assert await device.peer.frame() == (ACK_STATUS, NVME, OK)
    assert await device.peer.frame() == (IF_RECV, NVME, VERSION)


async def test_another_request_gives_up_what_an_if_recv_waits_for(host):
    device = await host(profile=PlainProfile(hooks_class=Late), clock=ManualClock())
    assert await device.send(MESSAGE, GET_VERSION) == OK
    device.peer.send(socket_frame(IF_RECV, NVME, command(MESSAGE, 64)))
    assert await device.send(MESSAGE, GET_VERSION) == INVALID[NVME]
    assert await device.peer.frame() == (ACK_STATUS, NVME, OK)
