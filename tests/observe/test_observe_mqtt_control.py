"""Which commands over MQTT are answered, and where."""

import asyncio
import json

from responder.observe.mqtt_control import MAX_COMMAND, ControlTopic, in_loop
from responder.observe.mqtt_link import Reply, Request
from responder.observe.mqtt_topics import Topics

LAB = Topics("lab")


async def echo(request):
    return b'{"return":' + request + b"}"


def allowed():
    topic = ControlTopic(LAB, "no")
    topic.allow(echo)
    return topic


async def test_the_answer_goes_where_it_is_wanted():
    reply = await allowed().reply(Request(b"1", "answers", b"\x00"))
    assert reply == Reply("answers", b'{"return":1}', b"\x00")


async def test_without_a_response_topic_it_goes_to_the_usual_one():
    assert await allowed().reply(Request(b"1")) == Reply(LAB.reply, b'{"return":1}', None)


async def test_until_commands_are_allowed_they_are_not_even_looked_at():
    reply = await ControlTopic(LAB, "no").reply(Request(b"\xff", "answers", b"7"))
    assert (reply.topic, reply.correlation) == ("answers", b"7")
    assert json.loads(reply.payload) == {"error": {"class": "NotPossible", "desc": "no"}}


async def test_where_instances_publish_no_answer_can_be_had():
    reply = await allowed().reply(Request(b"1", LAB.status, b"7"))
    assert (reply.topic, reply.correlation) == (LAB.reply, b"7")
    assert json.loads(reply.payload)["error"]["class"] == "BadRequest"


async def test_what_the_broker_kept_is_for_nobody():
    assert await allowed().reply(Request(b"1", "answers", retained=True)) is None


async def test_the_longest_command():
    assert (await allowed().reply(Request(bytes(MAX_COMMAND)))).payload.startswith(b'{"return"')
    refused = await allowed().reply(Request(bytes(MAX_COMMAND + 1)))
    assert json.loads(refused.payload)["error"]["class"] == "BadRequest"


async def test_commands_are_carried_out_in_the_loop_of_the_server():
    server = asyncio.get_running_loop()

    async def answer(request):
        assert asyncio.get_running_loop() is server
        return request[::-1]

    def from_the_thread_of_the_link():
        return asyncio.run(in_loop(answer, server)(b"abc"))

    assert await asyncio.to_thread(from_the_thread_of_the_link) == b"cba"
