"""The link itself, in this process, at a real mosquitto."""

import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from mosquitto import TIME, free_port
from mqtt_door import Door
from mqtt_listener import Listener

from responder.observe.mqtt import ATTEMPTS, LinkEndedError, MqttLink
from responder.observe.mqtt_broker import Broker, parse_address
from responder.observe.mqtt_control import ControlTopic
from responder.observe.mqtt_instance import Instance
from responder.observe.mqtt_topics import Message, Topics

TOPICS = Topics("here")
STATUS = TOPICS.status
RECONNECTS = 30


class AtOnce:
    """A backoff that does not wait."""

    def after(self, _):
        return 0.0


class Told:
    """Counts what it is told."""

    def __init__(self):
        self.births = []
        self.reasons = []
        self.changed = threading.Condition()

    def reached(self, _, birth):
        with self.changed:
            self.births.append(birth)
            self.changed.notify_all()

    def lost(self, _, reason):
        with self.changed:
            self.reasons.append(reason)
            self.changed.notify_all()

    def wait(self, holds):
        with self.changed:
            assert self.changed.wait_for(holds, TIME), (self.births, self.reasons)


@contextmanager
def linked(port, told=None, run="run-1"):
    presence = Instance(TOPICS, run, {}, dict, lambda: 0)
    told = told or Told()
    broker = Broker(parse_address(f"mqtt://127.0.0.1:{port}"))
    control = ControlTopic(TOPICS, "no")
    link = MqttLink(broker, f"here-{run}", presence, control, told, AtOnce())
    link.start()
    try:
        yield link
    finally:
        assert link.close(TIME)


def publish_for_ever(link):
    while link.publish([Message("a", b"")]):
        pass


def held():
    """Descriptors and threads of this process."""
    return len([*Path("/proc/self/fd").iterdir()]), threading.active_count()


def test_what_is_published_is_there_when_publish_returns(broker):
    with Listener(broker.port, qos=1) as listener, linked(broker.port) as link:
        assert link.publish([Message("a", b"1"), Message("b", b"2")])
        assert listener.wait(lambda one: one.topic == "a", "a").payload == b"1"
        assert listener.wait(lambda one: one.topic == "b", "b").payload == b"2"


def test_what_the_broker_never_takes_is_given_up(make_broker):
    broker = make_broker("max_packet_size 2000")
    told = Told()
    with Listener(broker.port) as listener, linked(broker.port, told) as link:
        assert not link.publish([Message("big", bytes(3000))])
        assert link.publish([Message("small", bytes(30))])
        listener.wait(lambda one: one.topic == "small", "small")
    assert told.births == list(range(1, ATTEMPTS + 2)), "one link for each attempt, and one after"
    assert not [one for one in listener.heard if one.topic == "big"]


def test_who_publishes_is_told_when_the_link_ends():
    port = free_port()
    ended = []

    def publish(link):
        with pytest.raises(LinkEndedError, match="closed") as error:
            link.publish([Message("a", b"")])
        ended.append(error)

    with linked(port) as link:
        thread = threading.Thread(target=publish, args=(link,))
        thread.start()
    thread.join(TIME)
    assert ended
    with pytest.raises(LinkEndedError, match="closed"):
        link.publish([Message("a", b"")])


def test_links_that_break_leave_nothing_behind(broker):
    """Neither descriptors nor threads."""
    door = Door(broker.port)
    told = Told()

    def break_it(times):
        for _ in range(times):
            birth = len(told.births)
            door.shut()
            told.wait(lambda: told.reasons and told.reasons[-1] == "Connection refused")
            door.open()
            told.wait(lambda before=birth: len(told.births) > before)

    with linked(door.port, told):
        told.wait(lambda: told.births)
        break_it(3)
        before = held()
        break_it(RECONNECTS)
        after = held()
    door.shut()
    assert told.births == list(range(1, RECONNECTS + 5))
    assert all(new <= old + 4 for new, old in zip(after, before, strict=True)), (before, after)


@pytest.mark.parametrize(
    "payload",
    [b'{"state":"offline","run":"other","birth":7}', b"garbage", b'{"run":[]}', b"[]"],
    ids=["late will", "garbage", "wrong type", "array"],
)
def test_a_status_that_is_written_over_is_said_again(broker, payload):
    with Listener(broker.port) as listener, linked(broker.port):
        listener.wait_status("here", state="online")
        begin = len(listener.heard)
        listener.send(STATUS, payload, retain=True)
        listener.wait(lambda one: one.payload == payload, "the other")
        again = listener.wait(
            lambda one: one in listener.heard[begin:] and b"online" in one.payload, "again"
        )
    assert again.json["run"] == "run-1"


def test_the_latest_birth_has_the_name(broker):
    older = Told()
    with Listener(broker.port) as listener, linked(broker.port, older) as first:
        listener.wait_status("here", run="run-1", state="online")
        with linked(broker.port, run="run-2") as second:
            listener.wait_status("here", run="run-2", state="online")
            with pytest.raises(LinkEndedError, match="--mqtt-name"):
                publish_for_ever(first)
            assert second.publish([Message("a", b"")]), "the newer one goes on"
            assert not [
                one for one in listener.heard if one.topic == STATUS and b"offline" in one.payload
            ], "the older one says nothing any more"
