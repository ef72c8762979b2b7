"""Commands over MQTT, at a real mosquitto."""

import json

import pytest
from cli.serve_process import serving
from mosquitto import Mosquitto
from mqtt_listener import Listener, events_of
from programs import program

CONTROL, REPLY, STATUS = (f"spdm/lab/{name}" for name in ("control", "reply", "status"))
USUAL = ("ecdsa-p256", "--port", "0", "--mqtt-name", "lab")
ANSWERS = "controllers/7"


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = Mosquitto(program("mosquitto"), tmp_path_factory.mktemp("broker")).start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def steered(broker):
    with serving(*USUAL, "--mqtt", broker.uri, "--mqtt-control") as served:
        served.read_ready()
        with Listener(broker.port) as listener:
            listener.wait_status("lab", state="online", control=True)
        yield served


@pytest.fixture
def controller(steered, broker):
    with Listener(broker.port) as listener:
        yield listener


def ask(controller, command, correlation=b"\x00\xff7", answers=ANSWERS):
    """Send a command, and wait for its answer."""
    payload = command if isinstance(command, bytes) else json.dumps(command).encode()
    controller.send(CONTROL, payload, answers, correlation)
    answer = controller.wait(
        lambda one: one.topic == (answers or REPLY) and one.correlation == correlation, "answer"
    )
    assert not answer.retained
    return answer.json


def test_an_answer_comes_on_the_response_topic_with_the_correlation_data(controller):
    answer = ask(controller, {"execute": "query-status", "id": [1, "a"]})
    assert answer["id"] == [1, "a"]
    assert answer["return"]["profile"] == "ecdsa-p256"


def test_a_command_is_carried_out_and_everybody_hears_of_it(controller):
    answer = ask(controller, {"execute": "reset", "arguments": {"kind": "conventional"}}, b"reset")
    assert "return" in answer
    controller.wait_event("DeviceReset", reset="conventional reset")
    controller.wait_event("CommandDone", command="reset", error="")
    controller.wait(
        lambda one: one.topic == "spdm/lab/device" and one.json["resets"] >= 1, "the state"
    )


def test_without_a_response_topic_the_answer_comes_on_the_usual_one(controller):
    answer = ask(controller, {"execute": "query-status"}, b"usual", answers=None)
    assert answer["return"]["instance"] == "lab"


def test_without_correlation_data_the_answer_has_none(controller):
    controller.send(CONTROL, b'{"execute":"query-status","id":"bare"}', ANSWERS)
    answer = controller.wait(
        lambda one: one.topic == ANSWERS and one.json.get("id") == "bare", "answer"
    )
    assert answer.correlation is None


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b"", "BadRequest"),
        (b"\xff\xfe", "BadRequest"),
        (b"null", "BadRequest"),
        (b"[" * 100_000, "BadRequest"),
        (b'{"execute":"nonsense"}', "CommandNotFound"),
        (b'{"execute":"reset","arguments":{"kind":"warm"}}', "BadArgument"),
        (b'{"execute":"subscribe"}', "NotPossible"),
        (b'{"execute":"x' + b" " * (1 << 20) + b'"}', "BadRequest"),
    ],
    ids=["empty", "binary", "null", "deep", "unknown", "argument", "events", "huge"],
)
def test_what_is_no_command_gets_an_error(controller, payload, kind):
    answer = ask(controller, payload, kind.encode() + payload[:20])
    assert answer["error"]["class"] == kind
    assert ask(controller, {"execute": "query-status"}, b"after")["return"], "it still answers"


@pytest.mark.parametrize(
    "topic", [STATUS, CONTROL, "spdm/other/status", "spdm", "$SYS/broker/uptime"]
)
def test_answers_cannot_be_had_where_instances_publish(controller, topic):
    controller.send(CONTROL, b'{"execute":"query-status"}', topic, topic.encode())
    answer = controller.wait(lambda one: one.correlation == topic.encode(), "answer")
    refused = controller.wait(
        lambda one: one.topic == REPLY and one.correlation == topic.encode(), "refusal"
    )
    assert refused.json["error"]["class"] == "BadRequest"
    assert answer in (refused, *(one for one in controller.heard if one.topic == CONTROL))


def test_a_command_that_the_broker_kept_is_not_carried_out(broker):
    """Neither when it is left there while we are away, nor at a birth after that."""
    command = b'{"execute":"reset","arguments":{"kind":"conventional"}}'
    with Listener(broker.port) as listener:
        listener.send("spdm/late/control", command, retain=True)
        arguments = ("ecdsa-p256", "--port", "0", "--mqtt-name", "late", "--mqtt", broker.uri)
        with serving(*arguments, "--mqtt-control") as served:
            served.read_ready()
            listener.wait_status("late", state="online")
            listener.send("spdm/late/control", b'{"execute":"query-status"}', ANSWERS, b"late")
            listener.wait(lambda one: one.correlation == b"late" and one.topic == ANSWERS, "answer")
            served.end()
        listener.wait_status("late", state="offline")
        listener.send("spdm/late/control", b"", retain=True)
        late = [one for one in listener.heard if one.topic.startswith("spdm/late/")]
        events = [event for one in late for event in events_of(one)]
    assert [event["command"] for event in events if event["event"] == "CommandDone"] == [
        "query-status"
    ]
    assert not [event for event in events if event["event"] == "DeviceReset"]


def test_without_the_flag_every_command_is_refused(broker):
    with (
        Listener(broker.port) as listener,
        serving("ecdsa-p256", "--port", "0", "--mqtt-name", "shy", "--mqtt", broker.uri) as served,
    ):
        served.read_ready()
        assert not listener.wait_status("shy", state="online")["control"]
        for number, command in enumerate((b'{"execute":"shutdown"}', b"nonsense", b"")):
            correlation = bytes([number])
            listener.send("spdm/shy/control", command, ANSWERS, correlation)
            answer = listener.wait(
                lambda one, wanted=correlation: one.correlation == wanted and one.topic == ANSWERS,
                "refusal",
            ).json
            assert answer["error"]["class"] == "NotPossible"
            assert "--mqtt-control" in answer["error"]["desc"]
        assert served.process.poll() is None, "it goes on"
        assert served.end()[0] == 0
        service = [one for one in listener.heard if one.topic == "spdm/shy/events/service"]
    assert "CommandDone" not in [event["event"] for one in service for event in events_of(one)]


def test_a_controller_can_stop_the_server(broker):
    arguments = ("ecdsa-p256", "--port", "0", "--mqtt-name", "brief", "--mqtt", broker.uri)
    with Listener(broker.port) as listener, serving(*arguments, "--mqtt-control") as served:
        served.read_ready()
        listener.wait_status("brief", state="online")
        listener.send("spdm/brief/control", b'{"execute":"shutdown"}', ANSWERS, b"stop")
        code, _ = served.outcome()
        listener.wait_status("brief", state="offline", reason="stopped")
    assert code == 0


def test_many_commands_at_once_are_all_answered(controller):
    """More than are carried out at the same time."""
    for number in range(40):
        controller.send(CONTROL, b'{"execute":"query-counters"}', ANSWERS, b"many%d" % number)
    for number in range(40):
        controller.wait(lambda one, wanted=b"many%d" % number: wanted == one.correlation, "answer")
