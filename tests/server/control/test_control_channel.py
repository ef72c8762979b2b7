"""Controllers at the control socket: what they may say, and what they cannot break."""

import asyncio
import json
import stat

import pytest
from controlled import Controller, controlled
from msgspec.structs import replace
from server_peers import GET_VERSION, NONE, NORMAL, socket_frame, until
from steered import requester

from responder import __version__
from responder.core.events import SessionKeys
from responder.server.clock import ManualClock
from responder.server.control.channel import MAX_CONTROLLERS, MAX_LINE, STALL_TIME
from responder.server.events import CommandDone, ControllerArrived, ControllerLeft, PeerIgnored


class Room:
    """A steered server with its socket, and those who come to it."""

    def __init__(self, control, channel, folder):
        self.control = control
        self.channel = channel
        self.folder = folder
        self.controllers = []

    async def controller(self):
        """Somebody new, who has been greeted."""
        self.controllers.append(await Controller.connect(self.folder))
        assert "spdm-responder" in await self.controllers[-1].line()
        return self.controllers[-1]

    async def left(self, count=1):
        """Why controllers left."""
        events = await self.control.events.wait_for(ControllerLeft, count)
        return [event.reason for event in events]


@pytest.fixture
async def room(serving, tmp_path):
    control = await controlled(serving, clock=ManualClock())
    async with control.socket(tmp_path) as channel:
        made = Room(control, channel, tmp_path)
        yield made
        for controller in made.controllers:
            controller.close()


async def test_whoever_comes_is_greeted(room):
    controller = await Controller.connect(room.folder)
    greeting = await controller.line()
    assert greeting == {
        "spdm-responder": {
            "protocol": 1, "version": __version__, "profile": "default", "instance": "test",
        }
    }  # fmt: skip
    controller.close()
    assert await room.left() == ["it left"]
    (arrived,) = room.control.events.of(ControllerArrived)
    assert arrived.controller == room.control.events.of(ControllerLeft)[0].controller


@pytest.mark.parametrize("its_id", [1, "a", None, [1, {"b": 2}], 0.5, False])
async def test_an_answer_has_the_id_of_its_request(room, its_id):
    controller = await room.controller()
    controller.send({"execute": "pause", "id": its_id})
    assert await controller.line() == {"return": {}, "id": its_id}
    controller.send({"execute": "paus", "id": its_id})
    assert (await controller.line())["id"] == its_id


async def test_a_request_without_id_has_an_answer_without(room):
    assert await (await room.controller()).ask("pause") == {"return": {}}


@pytest.mark.parametrize(
    ("line", "kind", "text"),
    [
        (b"hello\n", "BadRequest", "no JSON: "),
        (b"\xff\xfe\n", "BadRequest", "no JSON: "),
        (b"[" * 100_000 + b"\n", "BadRequest", "no JSON: "),
        (b"[]\n", "BadRequest", "a request is a JSON object"),
        (b"{}\n", "BadRequest", 'a request says what to "execute"'),
        (b'{"execute":1}\n', "BadRequest", 'a request says what to "execute"'),
        (b'{"exec":"pause"}\n', "BadRequest", "a request has no 'exec'"),
        (b'{"execute":"pause","argument":{}}\n', "BadRequest", "a request has no 'argument'"),
        (b'{"execute":"pause","arguments":[]}\n', "BadArgument", "the arguments of pause are"),
        (b'{"execute":"pause","arguments":{"for":1}}\n', "BadArgument", "pause has no 'for'"),
        (b'{"execute":"query_status"}\n', "CommandNotFound", "there is no command"),
    ],
    ids=range(11),
)
async def test_a_bad_line_is_answered_and_ends_nothing(room, line, kind, text):
    controller = await room.controller()
    controller.send(line)
    error = (await controller.line())["error"]
    assert error["class"] == kind
    assert error["desc"].startswith(text)
    assert await controller.ask("pause") == {"return": {}}


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (b'{"execute":"query_status"}\n', "query-status"),
        (b'{"exec":"pause"}\n', "execute"),
        (b'{"execute":"step","arguments":{"conection":1}}\n', "connection"),
    ],
)
async def test_what_was_probably_meant_is_said(room, line, meant):
    controller = await room.controller()
    controller.send(line)
    assert (await controller.line())["error"]["did_you_mean"] == meant


async def test_lines_may_come_in_pieces_and_several_at_once(room):
    controller = await room.controller()
    for byte in b'{"execute": "pause", "id": 1}\r\n':
        controller.send(bytes([byte]))
        await controller.writer.drain()
    assert await controller.line() == {"return": {}, "id": 1}
    many = [{"execute": "pause", "id": number} for number in range(500)]
    controller.send(b"\n\n \n" + b"\n".join(json.dumps(one).encode() for one in many) + b"\n")
    assert [(await controller.line())["id"] for _ in many] == list(range(500))


@pytest.mark.parametrize("end", [b"", b"\n"])
async def test_a_line_without_end_ends_its_channel_only(room, end):
    other, controller = await room.controller(), await room.controller()
    controller.send(b" " * MAX_LINE + end)
    reason = f"a line of more than {MAX_LINE} bytes"
    assert await controller.line() == {"error": {"class": "BadRequest", "desc": reason}}
    assert await controller.line() is None
    assert await room.left() == [reason]
    assert await other.ask("pause") == {"return": {}}


async def test_what_was_asked_before_a_line_without_end_is_not_done_any_more(room):
    controller = await room.controller()
    await controller.ask("pause")
    controller.send({"execute": "step", "arguments": {"wait": 60}})
    controller.send({"execute": "resume"})
    controller.send(b" " * MAX_LINE)
    assert (await controller.line())["error"]["class"] == "BadRequest"
    assert await controller.line() is None
    await room.left()
    assert room.control.server.gate.paused


async def test_a_long_line_is_no_too_long_one(room):
    controller = await room.controller()
    line = json.dumps({"execute": "pause", "id": "x" * (MAX_LINE - 64)}).encode() + b"\n"
    controller.send(line)
    assert len((await controller.line())["id"]) == MAX_LINE - 64


async def test_two_controllers_see_what_each_other_does(room):
    one, other = await room.controller(), await room.controller()
    assert "return" in await one.ask("fault-add", faults=["sig.bitflip:CHALLENGE_AUTH"])
    (fault,) = (await other.ask("fault-list"))["return"]["faults"]
    assert fault["id"] == "sig.bitflip:CHALLENGE_AUTH"
    assert "return" in await other.ask("fault-remove")
    assert (await one.ask("fault-list"))["return"]["faults"] == []


async def test_who_waits_for_a_step_does_not_hold_up_others(room):
    one, other = await room.controller(), await room.controller()
    await one.ask("pause")
    one.send({"execute": "step", "arguments": {"wait": 60}, "id": "step"})
    one.send({"execute": "query-status", "id": "next"})
    assert (await other.ask("query-status"))["return"]["paused"]
    peer = await room.control.running.peer()
    peer.send(socket_frame(NORMAL, NONE, GET_VERSION))
    assert [(await one.line())["id"] for _ in range(2)] == ["step", "next"]
    await peer.frame()


async def test_two_who_step_get_different_requests(room):
    controllers = [await room.controller() for _ in range(2)]
    await controllers[0].ask("pause")
    for controller in controllers:
        controller.send({"execute": "step", "arguments": {"wait": 60}})
    peers = [await room.control.running.peer() for _ in range(2)]
    for peer in peers:
        peer.send(socket_frame(NORMAL, NONE, GET_VERSION))
    steps = [(await controller.line())["return"]["connection"] for controller in controllers]
    assert sorted(steps) == [1, 2]
    for peer in peers:
        await peer.frame()


async def test_a_controller_that_is_gone_takes_no_request_with_it(room):
    one, other = await room.controller(), await room.controller()
    await other.ask("pause")
    one.send({"execute": "step", "arguments": {"wait": 60}})
    await one.writer.drain()
    await until(lambda: len(room.control.server.gate._arrived._waiters) == 1)
    one.close()
    await room.left()
    peer = await room.control.running.peer()
    peer.send(socket_frame(NORMAL, NONE, GET_VERSION))
    await until(lambda: room.control.server.gate.waiting)
    assert (await other.ask("step"))["return"]["connection"] == 1


async def test_a_controller_that_only_says_no_more_gets_its_answers(room):
    controller = await room.controller()
    for number in range(3):
        controller.send({"execute": "query-commands", "id": number})
    controller.writer.write_eof()
    assert [(await controller.line())["id"] for _ in range(3)] == [0, 1, 2]
    assert await controller.line() is None
    assert await room.left() == ["it has said all"]


async def test_there_may_be_so_many_and_no_more(room):
    controllers = [await room.controller() for _ in range(MAX_CONTROLLERS)]
    refused = await Controller.connect(room.folder)
    assert (await refused.line())["error"]["class"] == "NotPossible"
    assert await refused.line() is None
    refused.close()
    assert await room.left() == [f"{MAX_CONTROLLERS} controllers are connected already"]
    controllers[0].close()
    await room.left(2)
    await room.controller()


# Events.


async def test_a_subscriber_is_told_what_happens(room):
    controller = await room.controller()
    assert await controller.ask("subscribe", kinds=["RequestReceived", "PhaseChanged"]) == {
        "return": {}
    }
    peer = await room.control.running.peer()
    await peer.exchange(NORMAL, NONE, GET_VERSION)
    first, second = await controller.events(2)
    assert (first["v"], first["connection"], first["name"]) == (1, 1, "GET_VERSION")
    assert (second["event"], second["after"]) == ("PhaseChanged", "AFTER_VERSION")


async def test_all_events_are_those_of_the_journal_in_order(room):
    controller = await room.controller()
    begin = room.control.story.position
    await controller.ask("subscribe")
    async with requester(room.control.running) as person:
        await person.attest()
    count = room.control.story.position - begin
    told = await controller.events(count)
    page = room.control.story.page(begin, 1000, None)
    kept = [{key: one[key] for key in one if key != "position"} for one in page.entries]
    assert told == kept[:count]
    assert len(told) > 20


async def test_a_new_subscription_takes_the_place_of_the_old_one(room):
    controller = await room.controller()
    await controller.ask("subscribe")
    await controller.ask("subscribe", kinds=["PeerIgnored"])
    room.control.server.emit(0, PeerIgnored("it"))
    assert [one["event"] for one in await controller.events(1)] == ["PeerIgnored"]


async def test_after_unsubscribe_nothing_is_told(room):
    controller = await room.controller()
    await controller.ask("subscribe", kinds=["PeerIgnored"])
    await controller.ask("unsubscribe")
    assert room.control.server.tell._observed == [], "nobody is on the bus but the story"
    room.control.server.emit(0, PeerIgnored("it"))
    controller.send({"execute": "pause"})
    assert await controller.line() == {"return": {}}
    assert await controller.ask("unsubscribe") == {"return": {}}


@pytest.mark.parametrize(
    ("kind", "meant"), [("RequestRecieved", "RequestReceived"), ("SessionKeys", "SessionEnded")]
)
async def test_what_is_no_event_for_controllers_cannot_be_asked_for(room, kind, meant):
    controller = await room.controller()
    error = (await controller.ask("subscribe", kinds=[kind]))["error"]
    assert error == {
        "class": "BadArgument", "desc": f"there is no event {kind!r}", "did_you_mean": meant,
    }  # fmt: skip


async def test_without_a_channel_there_is_nothing_to_subscribe_to(room):
    for name in ("subscribe", "unsubscribe"):
        answer = json.loads(await room.control.commands.answer(b'{"execute":"%s"}' % name.encode()))
        assert answer["error"]["class"] == "NotPossible"


async def test_no_key_of_a_session_is_told(serving, tmp_path):
    control = await controlled(serving, profile="full")
    policy = control.steering.policy
    policy = replace(policy, session=replace(policy.session, log_keys=True))  # as with --keylog
    control.steering._profile = replace(control.steering._profile, policy=policy)
    keys = []
    control.running.server.tell.add_for_keys(lambda entry: keys.append(entry.event))
    async with control.socket(tmp_path):
        controller = await Controller.connect(tmp_path)
        await controller.line()
        await controller.ask("subscribe")
        async with requester(control.running) as person:
            report = await person.attest(session=["measurements"])
        assert report.verdict == "attested"
        names = ("query-journal", "query-connections", "query-counters", "query-device")
        for name in names:
            controller.send({"execute": name})
        controller.writer.write_eof()
        told = (await controller.reader.read()).decode()
        controller.close()
    assert len(keys) >= 4
    assert all(isinstance(one, SessionKeys) for one in keys)
    assert '"event":"SessionEstablished"' in told
    for one in keys:
        assert one.key.hex() not in told
        assert one.iv.hex() not in told


# Controllers that do not read.


async def test_a_subscriber_that_stops_reading_loses_its_channel_and_nobody_else_anything(room):
    deaf, other = await room.controller(), await room.controller()
    await deaf.ask("subscribe", kinds=["PeerIgnored"])
    deaf.writer.transport.pause_reading()
    text = "x" * 10_000
    while not room.control.events.of(ControllerLeft):
        for _ in range(50):
            room.control.server.emit(0, PeerIgnored(text))
        peer = await room.control.running.peer()
        await peer.exchange(NORMAL, NONE, GET_VERSION)
        peer.writer.close()
    (reason,) = await room.left()
    assert reason.startswith("it does not read: ")
    assert await other.ask("pause") == {"return": {}}


async def test_a_controller_that_asks_and_does_not_read_loses_its_channel(room):
    deaf, other = await room.controller(), await room.controller()
    deaf.writer.transport.pause_reading()
    for _ in range(100):
        deaf.send({"execute": "query-commands"})
    await until(lambda: any(one._stalled._handle for one in room.channel._channels))
    done = len(room.control.events.of(CommandDone))
    assert done < 100, "answers that nobody reads are not made"
    room.control.server.clock.advance(STALL_TIME + 1)
    assert await room.left() == [f"it has not read for {STALL_TIME:g} s"]
    assert await other.ask("pause") == {"return": {}}


async def test_a_controller_that_reads_late_gets_all(room):
    slow = await room.controller()
    slow.writer.transport.pause_reading()
    for number in range(100):
        slow.send({"execute": "query-commands", "id": number})
    await until(lambda: any(one._stalled._handle for one in room.channel._channels))
    room.control.server.clock.advance(STALL_TIME - 1)
    slow.writer.transport.resume_reading()
    assert [(await slow.line())["id"] for _ in range(100)] == list(range(100))
    room.control.server.clock.advance(2)
    assert await slow.ask("pause") == {"return": {}}


# The end.


async def test_at_the_end_a_subscriber_is_told_the_last_events_and_then_the_end(serving, tmp_path):
    control = await controlled(serving)
    async with control.socket(tmp_path):
        controller = await Controller.connect(tmp_path)
        await controller.line()
        await controller.ask("subscribe", kinds=["PeerLeft"])
        peer = await control.running.peer()
        await peer.exchange(NORMAL, NONE, GET_VERSION)
        await control.server.stop("the end")
    (event,) = await controller.events(1)
    assert event["reason"] == "the end"
    assert await controller.line() is None
    assert control.events.of(ControllerLeft)[0].reason == "the test is over"
    controller.close()


async def test_a_controller_that_does_not_read_does_not_hold_up_the_end(serving, tmp_path):
    control = await controlled(serving)
    async with control.socket(tmp_path):
        deaf = await Controller.connect(tmp_path)
        await deaf.line()
        deaf.writer.transport.pause_reading()
        for _ in range(100):
            deaf.send({"execute": "query-commands"})
        await until(lambda: control.events.of(CommandDone))
        async with asyncio.timeout(10):
            await control.server.stop("the end")
    await control.events.wait_for(ControllerLeft)
    deaf.close()


async def test_the_socket_is_for_its_owner_alone(room):
    mode = (room.folder / "ctrl").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
