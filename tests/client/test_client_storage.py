"""Our requester's way through storage commands: what it sends, and what it does not believe."""

import pytest
from socket_server import serving

from responder.client.channel import ChannelError
from responder.client.socket import SocketOptions, open_channel
from responder.requester.steps import OtherKind
from responder.transport.socket_frame import Command, TransportType, wrap_frame

NVME = TransportType.STORAGE
REQUEST = bytes.fromhex("10840000")
ANSWER = bytes.fromhex("1004000000010012")
RECORD = bytes(range(40))
ERROR = bytes.fromhex("127f0600")
SEND = bytes.fromhex("00000002 00000004 0000000b e8140004000000 10840000")
SEND_RECORD = bytes.fromhex("00000002 00000004 00000033 e818002c000000 00000000") + RECORD
ASK = bytes.fromhex("00000003 00000004 00000007 e808000c000000")
FETCH = bytes.fromhex("00000003 00000004 00000007 e8140008000000")
FETCH_RECORD = bytes.fromhex("00000003 00000004 00000007 e818002c000000")
DISCOVER = bytes.fromhex("00000003 00000004 00000007 e8040020000000")
OK = wrap_frame(Command.ACK_STATUS, NVME, bytes(2))
FAILED = wrap_frame(Command.ACK_STATUS, NVME, bytes.fromhex("4002"))


def given(data):
    """A status of success and the data of an IF_RECV."""
    return OK + wrap_frame(Command.IF_RECV, NVME, data)


def pending(length):
    """What PENDING_INFO gives; 0 bytes for nothing."""
    flag = 1 if length else 0
    return given(bytes.fromhex(f"0c000010 0{flag}000000") + length.to_bytes(4, "little"))


def discovery(operations):
    return given(bytes.fromhex(f"20000010 00000000 {operations}") + bytes(23))


HEALTHY = {SEND: OK, ASK: pending(8), FETCH: given(ANSWER)}


def device(**changes):
    """A server that answers each of its frames; one that it does not know ends the connection."""
    answers = {**HEALTHY, DISCOVER: discovery("66"), **changes.pop("answers", {})}
    return serving(lambda data: [answers[data]] if data in answers else [None])


async def opened(server, **options):
    options = SocketOptions(**{"timeout": 5.0, **options})
    return await open_channel(f"spdm-emu+storage://127.0.0.1:{server.port}", options=options)


async def test_a_request_is_sent_its_response_asked_for_and_fetched():
    async with device() as server:
        channel = await opened(server)
        for _ in range(2):
            assert await channel.exchange(REQUEST) == ANSWER
        await channel.close()
    assert server.received == [SEND, ASK, FETCH] * 2
    assert (channel.padding, channel.records.sequence_size, channel.records.max_padding) == (
        0,
        2,
        32,
    )


async def test_a_record_has_four_bytes_before_it():
    answers = {
        SEND_RECORD: OK,
        ASK: pending(44),
        FETCH_RECORD: given(bytes(4) + RECORD[::-1]),
    }
    async with device(answers=answers) as server:
        channel = await opened(server)
        assert await channel.exchange(RECORD, secured=True) == RECORD[::-1]
        await channel.close()


async def test_a_device_that_works_is_asked_again():
    asked = []

    def answer(data):
        if data == ASK:
            asked.append(data)
            return [pending(8 if len(asked) == 3 else 0)]
        return [HEALTHY[data]]

    async with serving(answer) as server:
        channel = await opened(server)
        assert await channel.exchange(REQUEST) == ANSWER
        await channel.close()
    assert len(asked) == 3


async def test_a_response_that_never_comes_is_waited_for_until_the_timeout():
    async with device(answers={ASK: pending(0)}) as server:
        channel = await opened(server, timeout=0.1)
        with pytest.raises(ChannelError) as error:
            await channel.exchange(REQUEST)
        await channel.close()
    assert (error.value.kind, error.value.reason) == (
        "timeout",
        "no response was pending within 0.1 s",
    )


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({SEND: FAILED}, "IF_SEND (spdm) has status 4002"),
        ({ASK: FAILED}, "IF_RECV (PENDING_INFO) has status 4002"),
        ({FETCH: FAILED}, "IF_RECV (MESSAGE) has status 4002"),
        ({SEND: wrap_frame(Command.ACK_STATUS, NVME)}, "IF_SEND (spdm) has no status"),
        ({SEND: wrap_frame(Command.NORMAL, NVME, ANSWER)}, "command 0x1 answers IF_SEND"),
        ({SEND: wrap_frame(Command.ACK_STATUS, 3, bytes(2))}, "transport type 0x3 answers STORAGE"),
        ({FETCH: OK + OK}, "command 0x4 answers IF_RECV"),
        ({FETCH: given(ANSWER + b"!")}, "9 bytes for an allocation of 8"),
        ({ASK: pending(0xFFFFFFFF)}, "a response of 4294967295 bytes is pending"),
        ({ASK: given(bytes.fromhex("0c000010 01000000 00000000"))}, "a response of 0 bytes"),
        ({ASK: given(bytes(12))}, "storage management data of 0 bytes"),
        ({ASK: given(b"")}, "0 bytes of storage management data"),
    ],
)
async def test_what_no_device_may_answer(answers, reason):
    async with device(answers=answers) as server:
        channel = await opened(server)
        with pytest.raises(ChannelError) as error:
            await channel.exchange(REQUEST)
        await channel.close()
    assert error.value.kind == "framing"
    assert reason in error.value.reason


@pytest.mark.parametrize(
    "fetched",
    [
        {FETCH_RECORD: given(ERROR)},
        {FETCH_RECORD: FAILED, FETCH_RECORD.replace(b"\x18", b"\x14"): given(ERROR)},
    ],
)
async def test_an_error_in_the_clear_answers_a_record(fetched):
    async with device(answers={SEND_RECORD: OK, ASK: pending(44), **fetched}) as server:
        channel = await opened(server)
        answer = await channel.exchange(RECORD, secured=True)
        assert isinstance(answer, OtherKind)
        assert answer == ERROR
        await channel.close()


async def test_a_record_answers_a_message():
    async with device(answers={FETCH: given(bytes(4) + RECORD[:4])}) as server:
        channel = await opened(server)
        answer = await channel.exchange(REQUEST)
        assert isinstance(answer, OtherKind)
        assert answer == RECORD[:4]
        await channel.close()


async def test_discovery_is_asked_for_on_demand():
    async with device() as server:
        channel = await opened(server, discover=True)
        assert await channel.exchange(REQUEST) == ANSWER
        await channel.close()
    assert server.received == [DISCOVER, SEND, ASK, FETCH]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (discovery("46"), "discovery lists no MESSAGE, but 1, 2, 6"),
        (discovery("00"), "discovery lists no MESSAGE, but nothing"),
        (FAILED, r"IF_RECV \(DISCOVERY\) has status 4002"),
        (given(bytes(32)), "storage management data of 0 bytes"),
    ],
)
async def test_a_device_without_messages_is_left_alone(answer, reason):
    async with device(answers={DISCOVER: answer}) as server:
        with pytest.raises(ChannelError, match=reason):
            await opened(server, discover=True)


async def test_a_device_without_secured_messages_has_no_sessions():
    async with device(answers={DISCOVER: discovery("26")}) as server:
        channel = await opened(server, discover=True)
        assert await channel.exchange(REQUEST) == ANSWER
        with pytest.raises(ChannelError, match="discovery lists no SECURED_MESSAGE, but 1, 2, 5"):
            await channel.exchange(RECORD, secured=True)
        await channel.close()
