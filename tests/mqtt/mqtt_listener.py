"""A client of the tests: hears what is published, and sends commands."""

import json
import threading
from dataclasses import dataclass

import paho.mqtt.client as paho
from mosquitto import TIME
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


@dataclass(frozen=True)
class Heard:
    topic: str
    payload: bytes
    retained: bool
    correlation: bytes | None

    @property
    def json(self):
        return json.loads(self.payload)


class Listener:
    """Subscribed to ``topics`` from the moment that it is made, until the context ends."""

    def __init__(self, port, topics="#", qos=0, user=None, password=None):
        self.heard = []
        self.connected = True
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        if user is not None:
            self._client.username_pw_set(user, password)
        self._client.on_connect = lambda client, *_: client.subscribe(topics, qos)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._message
        self._client.on_disconnect = self._disconnected
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._subscribed.wait(TIME), "no subscription"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()

    def wait(self, wanted, what):
        """The first message for which ``wanted`` holds, heard by now or from now on."""
        found = self.look(wanted, TIME)
        assert found is not None, f"{what} was not heard: {self.heard[-5:]}"
        return found

    def look(self, wanted, seconds):
        """As ``wait``; ``None`` if nothing at all was heard for so long."""
        begin = 0
        with self._changed:
            while True:
                for one in self.heard[begin:]:
                    if wanted(one):
                        return one
                begin = len(self.heard)
                if not self._changed.wait(seconds):
                    return None

    def wait_status(self, instance, **values):
        """The first status of an instance with these values."""

        def wanted(one):
            if one.topic != f"spdm/{instance}/status" or not one.payload:
                return False
            return values.items() <= one.json.items()

        return self.wait(wanted, f"status {values}").json

    def wait_event(self, name, **values):
        """The first event of that name with these values."""

        found = self.wait(lambda one: having(one, name, values), f"event {name}")
        return having(found, name, values)[0]

    def send(self, topic, payload, response_topic=None, correlation=None, retain=False):
        """Publish something, and wait until the broker has it."""
        properties = Properties(PacketTypes.PUBLISH)
        if response_topic is not None:
            properties.ResponseTopic = response_topic
        if correlation is not None:
            properties.CorrelationData = correlation
        self._client.publish(topic, payload, 1, retain, properties).wait_for_publish(TIME)

    def _message(self, _client, _userdata, message):
        correlation = getattr(message.properties, "CorrelationData", None)
        with self._changed:
            heard = Heard(message.topic, message.payload, bool(message.retain), correlation)
            self.heard.append(heard)
            self._changed.notify_all()

    def _disconnected(self, *_):
        with self._changed:
            self.connected = False
            self._changed.notify_all()


def events_of(heard):
    """The events in a message; none in one of another kind."""
    return heard.json if "/events/" in heard.topic and heard.payload else []


def having(heard, name, values):
    """Of the events in a message those of that name with these values."""
    return [
        event
        for event in events_of(heard)
        if event["event"] == name and values.items() <= event.items()
    ]
