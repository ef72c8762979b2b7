"""Channels over sockets: what is sent, and what is refused."""

import pytest
from client.socket_server import serving

from responder.client.channel import ChannelError
from responder.client.socket import SocketOptions, open_channel
from responder.errors import ConfigError
from responder.requester.steps import OtherKind
from responder.spec.codes import RequestCode
from responder.transport.socket_frame import SERVER_HELLO, Command, wrap_frame

REQUEST = bytes.fromhex("10840000")
ANSWER = bytes.fromhex("1004000000010010")

WIRE = {
    "spdm-emu+none": ("00000001 00000000 00000004 10840000", "00000001 00000000 00000008"),
    "spdm-emu+mctp": ("00000001 00000001 00000005 05 10840000", "00000001 00000001 00000009 05"),
    "spdm-emu+doe": (
        "00000001 00000002 0000000c 01000100 03000000 10840000",
        "00000001 00000002 00000010 01000100 04000000",
    ),
    "spdm-emu+tcp": (
        "00000001 00000003 00000008 06000105 10840000",
        "00000001 00000003 0000000c 0a000105",
    ),
    "dsp0287": ("06000105 10840000", "0a000105"),
}
"""Frames as the facts about each transport give them; the answers without their message."""


def options(**changes):
    return SocketOptions(**{"timeout": 5.0, **changes})


async def opened(server, scheme="spdm-emu+none", **changes):
    return await open_channel(f"{scheme}://127.0.0.1:{server.port}", options=options(**changes))


async def refused(answer, scheme="spdm-emu+none"):
    async with serving(lambda _: [answer]) as server:
        channel = await opened(server, scheme)
        with pytest.raises(ChannelError) as error:
            await channel.exchange(REQUEST)
        await channel.close()
    assert error.value.kind == "framing"
    return error.value.reason


@pytest.mark.parametrize("scheme", WIRE)
async def test_messages_in_each_binding(scheme):
    sent, head = (bytes.fromhex(text) for text in WIRE[scheme])
    async with serving(lambda _: [head + ANSWER]) as server:
        channel = await opened(server, scheme)
        assert await channel.exchange(REQUEST) == ANSWER
        assert channel.padding == (3 if scheme.endswith("doe") else 0)
        await channel.close()
    assert server.received == [sent], "one segment for each frame, and no farewell"


async def test_an_endpoint_of_any_binding_is_spoken_to_in_mctp():
    head = bytes.fromhex(WIRE["spdm-emu+mctp"][1])
    async with serving(lambda _: [head + ANSWER]) as server:
        channel = await opened(server, "spdm-emu")
        assert await channel.exchange(REQUEST) == ANSWER
        await channel.close()


async def test_padding_of_data_objects_stays():
    answer = bytes.fromhex("00000001 00000002 00000010 01000100 04000000") + b"12345\0\0\0"
    async with serving(lambda _: [answer]) as server:
        channel = await opened(server, "spdm-emu+doe")
        assert await channel.exchange(b"12345") == b"12345\0\0\0"
        await channel.close()
    assert server.received[0].endswith(b"12345\0\0\0")


@pytest.mark.parametrize("command", [Command.SHUTDOWN, Command.CONTINUE, Command.UNKNOWN, 7])
async def test_another_command_is_no_answer(command):
    reason = await refused(wrap_frame(command, 0, ANSWER))
    assert reason == f"command 0x{command:x} answers NORMAL"


async def test_another_transport_is_no_answer():
    assert await refused(wrap_frame(1, 1, ANSWER)) == "transport type 0x1 answers NONE"


async def test_a_size_in_the_other_byte_order():
    frame = wrap_frame(1, 0, ANSWER)
    swapped = frame[:8] + frame[8:12][::-1] + frame[12:]
    assert "over the limit" in await refused(swapped)


@pytest.mark.parametrize(
    ("scheme", "payload", "said"),
    [
        ("mctp", "7e 1004", "MCTP"),
        ("mctp", "", "MCTP"),
        ("doe", "01000000 03000000 10040000", "other, header 0100000003000000"),
        ("doe", "01000100 05000000 10040000", "DOE length"),
        ("doe", "0100", "no DOE header"),
        ("tcp", "06000205 10040000", "binding version"),
    ],
)
async def test_payloads_that_are_no_spdm(scheme, payload, said):
    transport = {"none": 0, "mctp": 1, "doe": 2, "tcp": 3}[scheme]
    frame = wrap_frame(1, transport, bytes.fromhex(payload))
    assert said in await refused(frame, f"spdm-emu+{scheme}")


SECURED = {
    "spdm-emu+mctp": ("00000001 00000001 00000005 06 10840000", "00000001 00000001 00000009 06"),
    "spdm-emu+doe": (
        "00000001 00000002 0000000c 01000200 03000000 10840000",
        "00000001 00000002 00000010 01000200 04000000",
    ),
    "spdm-emu+tcp": (
        "00000001 00000003 00000008 06000106 10840000",
        "00000001 00000003 0000000c 0a000106",
    ),
    "dsp0287": ("06000106 10840000", "0a000106"),
}
"""Frames of records, as those of messages above."""


@pytest.mark.parametrize("scheme", SECURED)
async def test_records_in_each_binding(scheme):
    sent, head = (bytes.fromhex(text) for text in SECURED[scheme])
    async with serving(lambda _: [head + ANSWER]) as server:
        channel = await opened(server, scheme)
        answer = await channel.exchange(REQUEST, secured=True)
        await channel.close()
    assert answer == ANSWER
    assert not isinstance(answer, OtherKind)
    assert server.received == [sent]


@pytest.mark.parametrize("secured", [True, False])
@pytest.mark.parametrize("scheme", SECURED)
async def test_an_answer_of_the_other_kind_is_told_apart(scheme, secured):
    head = bytes.fromhex((WIRE if secured else SECURED)[scheme][1])
    async with serving(lambda _: [head + ANSWER]) as server:
        channel = await opened(server, scheme)
        answer = await channel.exchange(REQUEST, secured=secured)
        await channel.close()
    assert isinstance(answer, OtherKind)
    assert answer == ANSWER


@pytest.mark.parametrize(
    ("request_code", "session_id", "sent"),
    [
        (RequestCode.KEY_UPDATE, 0xFFFF0001, "00008001 00000001 00000004 0100ffff"),
        (RequestCode.GET_ENDPOINT_INFO, None, "00008002 00000001 00000000"),
    ],
)
async def test_a_device_is_prompted_by_spdm_emus_commands(request_code, session_id, sent):
    frame = bytes.fromhex(sent)
    async with serving(lambda _: [frame[:8] + bytes(4)]) as server:
        channel = await opened(server, "spdm-emu+mctp")
        await channel.prompt(request_code, session_id)
        await channel.close()
    assert server.received == [frame]


async def test_dsp0287_prompts_nobody():
    async with serving(lambda _: []) as server:
        channel = await opened(server, "dsp0287")
        await channel.prompt(RequestCode.KEY_UPDATE, 1)
        await channel.close()
    assert not server.received


@pytest.mark.parametrize(
    ("header", "said"),
    [("000001c0", "TOO_LARGE"), ("000001c3", "CANNOT_OPERATE_AS_RESPONDER"), ("000001bf", "ROLE")],
)
async def test_dsp0287_errors_are_told_apart(header, said):
    assert said in await refused(bytes.fromhex(header), "dsp0287")


async def test_hello_and_farewell():
    def reply(data):
        hello = data[:4] == bytes.fromhex("0000dead")
        return [wrap_frame(Command.TEST, 1, SERVER_HELLO) if hello else data[:12]]

    async with serving(reply) as server:
        channel = await opened(server, "spdm-emu+mctp", hello=True, farewell=Command.SHUTDOWN)
        await channel.close()
        await channel.close()
    assert server.received == [
        bytes.fromhex("0000dead 00000001 0000000e") + b"Client Hello!\0",
        bytes.fromhex("0000fffe 00000001 00000000"),
    ]


async def test_a_wrong_hello():
    async with serving(lambda _: [wrap_frame(Command.TEST, 1, b"Who?\0")]) as server:
        with pytest.raises(ChannelError) as error:
            await opened(server, "spdm-emu+mctp", hello=True)
    assert error.value.kind == "framing"


async def test_no_answer_to_the_farewell_does_not_matter():
    async with serving(lambda _: [None]) as server:
        channel = await opened(server, "spdm-emu+mctp", farewell=Command.CONTINUE)
        await channel.close()
    assert len(server.received) == 1


def discovery(*entries):
    """Replies to discovery: (type, next index) by index."""

    def reply(data):
        kind, following = entries[data[20]]
        payload = bytes((1, 0, kind, following))
        return [wrap_frame(1, 2, bytes.fromhex("0100000003000000") + payload)]

    return reply


async def test_discovery_is_walked():
    async with serving(discovery((0, 1), (1, 2), (2, 0))) as server:
        channel = await opened(server, "spdm-emu+doe", discover=True)
        await channel.close()
    assert [data[-4:] for data in server.received] == [bytes((n, 0, 0, 0)) for n in range(3)]
    first = "00000001 00000002 0000000c 01000000 03000000 00000000"
    assert server.received[0] == bytes.fromhex(first)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([(0, 0)], "lists no SPDM"),
        ([(0, 1), (1, 1)], "returns to index 1"),
        ([(n % 3, (n + 1) % 256 or 255) for n in range(256)], "returns to index 255"),
    ],
    ids=["no-spdm", "loop", "endless"],
)
async def test_discoveries_that_lead_nowhere(entries, said):
    async with serving(discovery(*entries)) as server:
        with pytest.raises(ChannelError) as error:
            await opened(server, "spdm-emu+doe", discover=True)
    assert error.value.kind == "framing"
    assert said in error.value.reason


@pytest.mark.parametrize("payload", ["010000", "0100000104000000000000"])
async def test_discovery_answers_of_a_wrong_size(payload):
    body = bytes.fromhex(payload)
    dw = (8 + len(body) + 3) // 4
    data = bytes.fromhex("01000000") + dw.to_bytes(4, "little") + body
    async with serving(lambda _: [wrap_frame(1, 2, data)]) as server:
        with pytest.raises(ChannelError) as error:
            await opened(server, "spdm-emu+doe", discover=True)
    assert error.value.kind == "framing"


async def test_a_message_that_no_transport_carries():
    async with serving(lambda _: []) as server:
        channel = await opened(server, "dsp0287")
        with pytest.raises(ChannelError) as error:
            await channel.exchange(bytes(1 << 17))
        assert error.value.kind == "framing"
        await channel.close()


async def test_what_is_no_endpoint():
    with pytest.raises(ConfigError):
        await open_channel("http://127.0.0.1:1")


async def test_the_timeout_may_be_given_apart():
    async with serving(lambda _: []) as server:
        channel = await open_channel(f"spdm-emu+none://127.0.0.1:{server.port}", 0.05)
        with pytest.raises(ChannelError) as error:
            await channel.exchange(REQUEST)
        assert error.value.kind == "timeout"
        await channel.close()


async def test_a_virtual_machine_s_socket_is_not_for_requesters():
    with pytest.raises(ConfigError, match="ask the device in it"):
        await open_channel("vfio-user:/run/function0")
