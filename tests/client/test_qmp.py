"""The QMP link against a scripted end; ``tests/qemu`` has the real QEMU."""

import asyncio
import json

import pytest

from responder.client.channel import ChannelError
from responder.client.qmp import QmpLink

GREETING = b'{"QMP": {"version": {"qemu": {"major": 11}}, "capabilities": []}}\r\n'
RESET = b'{"timestamp": {"seconds": 1}, "event": "RESET", "data": {"guest": false}}\r\n'


class Wire(asyncio.Transport):
    """Keeps what was written."""

    def __init__(self):
        super().__init__()
        self.written = []

    def write(self, data):
        self.written.append(json.loads(data))

    def close(self):
        self.closed = True


@pytest.fixture
def link():
    link = QmpLink(timeout=0.05, explain=lambda: "what it said")
    link.connection_made(Wire())
    link.data_received(GREETING)
    return link


async def executed(link, *chunks):
    task = asyncio.create_task(link.execute("device_del", id="x"))
    await asyncio.sleep(0)
    for chunk in chunks:
        link.data_received(chunk)
    return await task


async def test_a_command_gets_its_answer_although_an_event_comes_between(link):
    stream = RESET + b'{"return": {"status": "ok"}}\r\n'
    chunks = [stream[at : at + 1] for at in range(len(stream))]
    assert await executed(link, *chunks) == {"status": "ok"}
    assert link._transport.written == [{"execute": "device_del", "arguments": {"id": "x"}}]
    assert await link.event("RESET") == {"guest": False}


async def test_an_event_is_taken_once(link):
    link.data_received(RESET)
    await link.event("RESET")
    with pytest.raises(
        ChannelError, match=r"did not send RESET in 0\.05 s: what it said"
    ) as caught:
        await link.event("RESET")
    assert caught.value.kind == "timeout"


async def test_a_command_that_fails_says_why(link):
    error = b'{"error": {"class": "DeviceNotFound", "desc": "Device x not found"}}\n'
    with pytest.raises(ChannelError, match="'device_del' failed: Device x not found") as caught:
        await executed(link, error)
    assert caught.value.kind == "framing"


async def test_an_answer_after_the_timeout_is_nobody_elses(link):
    with pytest.raises(ChannelError, match=r"did not answer 'device_del' in 0\.05 s"):
        await executed(link)
    assert await executed(link, b'{"return": 1}\n{"return": 2}\n') == 2


async def test_the_end_of_the_connection_fails_what_waits_and_what_follows(link):
    task = asyncio.create_task(link.execute("quit"))
    await asyncio.sleep(0)
    link.connection_lost(None)
    with pytest.raises(ChannelError, match=r"end of file\): what it said") as caught:
        await task
    assert caught.value.kind == "closed"
    with pytest.raises(ChannelError, match="no QMP connection: what it said"):
        await link.execute("quit")
