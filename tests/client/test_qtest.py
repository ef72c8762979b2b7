"""The qtest driver against scripted ends; ``tests/qemu`` has the real QEMU."""

import asyncio

import pytest

from responder.client.channel import ChannelError
from responder.client.qtest import QtestLink, load, store


class Wire(asyncio.Transport):
    """Keeps what was written."""

    def __init__(self):
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data):
        self.written += data

    def close(self):
        self.closed = True


@pytest.fixture
def link():
    link = QtestLink(timeout=0.05, explain=lambda: "what it said")
    link.connection_made(Wire())
    return link


async def answered(link, commands, *chunks):
    task = asyncio.create_task(link.run(commands))
    await asyncio.sleep(0)
    for chunk in chunks:
        link.data_received(chunk)
    return await task


async def failed(link, kind, reason, commands, *chunks):
    with pytest.raises(ChannelError, match=reason) as caught:
        await answered(link, commands, *chunks)
    assert caught.value.kind == kind


async def test_a_batch_is_one_write_and_its_answers_may_come_byte_by_byte(link):
    stream = b"OK 0x0000000000000001\nIRQ raise 4\nOK\n"
    chunks = [stream[at : at + 1] for at in range(len(stream))]
    answers = await answered(link, ["readl 0x10", "writel 0x10 0x2"], *chunks)
    assert answers == ["0x0000000000000001", ""]
    assert link._transport.written == b"readl 0x10\nwritel 0x10 0x2\n"


async def test_answers_go_to_the_batches_in_order(link):
    tasks = [asyncio.create_task(link.run([f"readl {address}"])) for address in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    link.data_received(b"OK 0x0\nOK 0x1\nOK 0x2\nOK 0x3\n")
    assert await tasks[0] == ["0x0"]
    assert await tasks[2] == ["0x2"]
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]


@pytest.mark.parametrize("answer", [b"FAIL Unknown command 'x'\n", b"ERR\n", b"\n", b"\xff\n"])
async def test_an_answer_that_is_not_ok_is_refused(link, answer):
    await failed(link, "framing", "qtest command 'x' answered", ["x"], answer)


async def test_silence_names_the_command_that_was_not_answered(link):
    reason = "did not answer 'second' in 0.05 s: what it said"
    await failed(link, "timeout", reason, ["first", "second"], b"OK\nOK of nobody")


async def test_an_answer_after_the_timeout_is_nobody_elses(link):
    await failed(link, "timeout", "'late'", ["late"])
    task = asyncio.create_task(link.run(["next"]))
    await asyncio.sleep(0)
    link.data_received(b"OK late\nOK next\n")
    assert await task == ["next"]


async def test_the_end_of_the_connection_fails_what_waits_and_what_follows(link):
    task = asyncio.create_task(link.run(["x"]))
    await asyncio.sleep(0)
    link.connection_lost(None)
    with pytest.raises(ChannelError, match=r"end of file\): what it said") as caught:
        await task
    assert caught.value.kind == "closed"
    await failed(link, "closed", "no qtest connection: what it said", ["y"])


async def told(link, awaitable, answer):
    """What an operation sends, and what it makes of the answer."""
    task = asyncio.create_task(awaitable)
    await asyncio.sleep(0)
    link.data_received(answer)
    return link._transport.written, await task


async def test_memory_is_read_and_written_as_bytes(link):
    written, data = await told(link, link.read_memory(0x1000, 3), b"OK 0x00ff10\n")
    assert (written, data) == (b"read 0x1000 0x3\n", b"\x00\xff\x10")
    link._transport.written = b""
    written, nothing = await told(link, link.write_memory(0x2000, b"\x01\xab"), b"OK\n")
    assert (written, nothing) == (b"write 0x2000 0x2 0x01ab\n", None)


async def test_a_word_is_awaited_in_memory(link, monkeypatch):
    answers = [b"OK 0x0\n", b"OK 0x44\n", b"OK 0x45\n"]

    def write(data):
        asyncio.get_running_loop().call_soon(link.data_received, answers.pop(0))

    monkeypatch.setattr(link._transport, "write", write)
    await link.await_word(0x1000, 0x45, within=5)
    assert not answers


async def test_a_word_that_does_not_come_is_a_timeout(link):
    task = asyncio.create_task(link.await_word(0x1000, 0x45, within=0))
    await asyncio.sleep(0)
    link.data_received(b"OK 0x44\n")
    with pytest.raises(ChannelError, match="0x1000 is 0x44 and not 0x45 after 0 s") as caught:
        await task
    assert caught.value.kind == "timeout"


@pytest.mark.parametrize(("size", "letter"), [(1, "b"), (2, "w"), (4, "l"), (8, "q")])
def test_an_access_has_the_size_it_says(size, letter):
    assert load(0x10, size) == f"read{letter} 0x10"
    assert store(0x10, size, 0x2A) == f"write{letter} 0x10 0x2a"
