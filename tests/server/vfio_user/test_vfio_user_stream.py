"""Messages in pieces, with lies in their headers, cut short, and nobody who reads the answers."""

import array
import asyncio
import errno
import os
import socket

import pytest
from server.vfio_user.peers import (
    BAR0,
    CONFIG,
    EVENTFD,
    HEADER,
    TRIGGER,
    access,
    irqs,
    message,
)

from responder.server.vfio_user.codec import MAX_DATA, MAX_MESSAGE, Command

READ = message(Command.REGION_READ, access(CONFIG, 0, 4))
GONE = "the client closed the connection"


async def turns(count=20):
    """Let the loop see what a socket brought."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_byte_at_a_time(plug):
    plugged = await plug()
    for place in range(len(READ)):
        plugged.client.send(READ[place : place + 1])
        await turns(3)
    assert (await plugged.client.receive()).payload == access(CONFIG, 0, 4, b"\0\1\2\3")


async def test_several_at_once_are_answered_in_order(plug):
    plugged = await plug()
    plugged.client.send(
        b"".join(
            message(Command.REGION_READ, access(CONFIG, number, 1), message_id=number)
            for number in range(50)
        )
    )
    answers = [await plugged.client.receive() for _ in range(50)]
    assert [answer.message_id for answer in answers] == list(range(50))
    assert [answer.payload[-1] for answer in answers] == list(range(50))


async def test_the_largest_message(plug):
    plugged = await plug()
    plugged.function.bars[0] = bytearray(MAX_DATA)
    plugged.function.bar_sizes = (MAX_DATA, *plugged.function.bar_sizes[1:])
    plugged.client.close()
    await plugged.gone()
    client = plugged.connect()
    await client.negotiate()
    data = os.urandom(MAX_DATA)
    whole = message(Command.REGION_WRITE, access(BAR0, 0, MAX_DATA, data))
    assert len(whole) == MAX_MESSAGE
    await asyncio.get_running_loop().sock_sendall(client.socket, whole)
    assert (await client.receive()).error == 0
    assert await client.ask(Command.REGION_READ, access(BAR0, 0, MAX_DATA)) == access(
        BAR0, 0, MAX_DATA, data
    )


@pytest.mark.parametrize("cut", [HEADER.size, HEADER.size + 4])
async def test_descriptors_belong_to_the_message_with_whose_bytes_they_come(plug, cut):
    """Even those that come with its later bytes, and however much follows at once."""
    plugged = await plug()
    eventfd = os.eventfd(0, os.EFD_NONBLOCK)
    whole = message(Command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER))
    plugged.client.send(READ + whole[:cut])
    plugged.client.send(whole[cut:] + READ, [eventfd])
    answers = [await plugged.client.receive() for _ in range(3)]
    assert [answer.error for answer in answers] == [0, 0, 0]
    plugged.function.bus.interrupt(0)
    assert os.eventfd_read(eventfd) == 1
    os.close(eventfd)


async def test_descriptors_of_a_message_that_never_ends_are_closed(plug):
    plugged = await plug()
    eventfd = os.eventfd(0)
    plugged.client.send(message(Command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER))[:-1], [eventfd])
    plugged.client.close()
    assert await plugged.gone() == f"{GONE} in the middle of a message"
    os.close(eventfd)


@pytest.mark.parametrize("size", [0, 1, 15, MAX_MESSAGE + 1, 0xFFFFFFFF])
async def test_a_size_that_no_message_has_is_refused_and_ends_the_connection(plug, size):
    plugged = await plug()
    plugged.client.send(message(Command.REGION_READ, b"1234", size=size))
    refusal = await plugged.client.receive()
    assert (refusal.message_id, refusal.flags, refusal.error) == (7, 0x21, errno.EINVAL)
    assert await plugged.client.closed() == b""
    reason = f"bad message: REGION_READ has a size of {size} bytes, not 16 to {MAX_MESSAGE}"
    assert await plugged.gone() == reason


async def test_a_reply_with_such_a_size_gets_no_answer(plug):
    plugged = await plug()
    plugged.client.send(message(Command.DMA_READ, flags=1, size=0xFFFFFFFF))
    assert await plugged.client.closed() == b""


@pytest.mark.parametrize("cut", range(1, len(READ)))
async def test_every_truncation(plug, cut):
    plugged = await plug()
    plugged.client.send(READ + READ[:cut])
    await plugged.client.receive()
    plugged.client.close()
    assert await plugged.gone() == f"{GONE} in the middle of a message"


async def test_a_client_that_shuts_down_its_side_has_left(plug):
    plugged = await plug()
    plugged.client.socket.shutdown(socket.SHUT_WR)
    assert await plugged.gone() == GONE


async def test_a_message_must_be_complete_in_time(plug):
    plugged = await plug(frame_time=2.0)
    plugged.client.send(READ[:10])
    await turns()
    plugged.serving.clock.advance(1.5)
    plugged.client.send(READ[10:20])
    await turns()
    assert not plugged.serving.reasons
    plugged.serving.clock.advance(0.5)
    assert await plugged.gone() == "a message was not complete after 2 s"


async def test_between_messages_a_client_has_all_the_time_in_the_world(plug):
    plugged = await plug(frame_time=2.0, idle_timeout=1.0)
    plugged.serving.clock.advance(1e6)
    plugged.client.send(READ[:10])
    await turns()
    plugged.client.send(READ[10:])
    await plugged.client.receive()
    plugged.serving.clock.advance(1e6)
    plugged.client.send(READ)
    await plugged.client.receive()


async def test_a_client_that_does_not_read_is_not_read_from_and_leaves_in_time(plug):
    plugged = await plug(frame_time=2.0)
    big = access(CONFIG, 0, 4096)
    sent = await plugged.client.flood(lambda _: message(Command.REGION_READ, big))
    answered = len(plugged.function.done)
    assert 4 * MAX_MESSAGE < 4096 * answered < 6 * MAX_MESSAGE
    assert answered < sent
    plugged.serving.clock.advance(1.9)
    assert not plugged.serving.reasons
    plugged.serving.clock.advance(0.1)
    assert await plugged.gone() == "it did not take what was written in 2 s"


async def test_a_client_that_reads_late_gets_everything(plug):
    plugged = await plug(frame_time=2.0)
    big = access(CONFIG, 0, 4096)
    sent = await plugged.client.flood(
        lambda count: message(Command.REGION_READ, big, message_id=count)
    )
    for number in range(sent):
        answer = await plugged.client.receive()
        assert (answer.message_id, answer.error) == (number, 0)
    plugged.serving.clock.advance(1e6)
    plugged.client.send(READ)
    assert (await plugged.client.receive()).error == 0


async def test_a_client_that_vanishes_before_its_answer(plug):
    plugged = await plug()
    for _ in range(100):
        plugged.client.send(READ)
    plugged.client.close()
    assert (await plugged.gone()).startswith(GONE)


async def test_ancillary_data_that_is_no_descriptor_is_nothing(plug):
    plugged = await plug()
    credentials = array.array("i", [os.getpid(), os.getuid(), os.getgid()])
    plugged.client.socket.sendmsg(
        [READ], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, credentials)]
    )
    assert (await plugged.client.receive()).error == 0
