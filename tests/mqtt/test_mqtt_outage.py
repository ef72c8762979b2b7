"""A broker that is killed, and comes back, while 1,000 attestations go on."""

import json
import subprocess
import sys
import threading
from pathlib import Path

from cli.serve_process import GET_VERSION, answer_code, environment, serving
from mosquitto import TIME
from mqtt_door import Door
from mqtt_listener import Listener, having

COUNT = 1000
REQUESTERS = 2
KILLED_AFTER, BACK_AFTER = 100, 700
"""Attestations; those between have more events than can wait for the broker."""
QUIET = 2.0
"""Seconds without anything heard after which what was waiting has come, or is lost."""
LAST = 10
"""Connections of which one may be the last to end."""
ATTESTING = Path(__file__).with_name("attesting.py")


class Attestations:
    """Verdicts of requesters in processes of their own."""

    def __init__(self, uri):
        self.verdicts = []
        self._changed = threading.Condition()
        shares = [str(BACK_AFTER // REQUESTERS), str((COUNT - BACK_AFTER) // REQUESTERS)]
        self._processes = [
            subprocess.Popen(
                [sys.executable, ATTESTING, uri, str(number), *shares],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment(),
            )
            for number in range(REQUESTERS)
        ]
        self._readers = [
            threading.Thread(target=self._read, args=(process,)) for process in self._processes
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.kill()
        for process, reader in zip(self._processes, self._readers, strict=True):
            process.wait()
            reader.join()
            process.communicate()

    def go_on(self):
        """Begin with those after ``BACK_AFTER``."""
        for process in self._processes:
            process.stdin.write("\n")
            process.stdin.flush()

    def wait(self, count):
        """Wait until there are ``count`` verdicts."""
        with self._changed:
            while len(self.verdicts) < count:
                assert self._changed.wait(TIME), self._stuck()

    def _stuck(self):
        ended = [process for process in self._processes if process.poll() is not None]
        return "".join(process.stderr.read() for process in ended) or "no verdict for a long time"

    def _read(self, process):
        for line in process.stdout:
            with self._changed:
                self.verdicts.append(line.strip())
                self._changed.notify_all()


def caught_up(served, listener):
    """Wait until nothing is lost any more; how many connections that took."""
    for asked in range(1, 1000):
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            assert answer_code(peer)
        values = {"connection": BACK_AFTER + asked}
        if listener.look(lambda one: having(one, "PeerLeft", values), QUIET):  # noqa: B023
            return asked
    raise AssertionError("events are lost for ever")


def events(messages):
    """The events in messages, by number; what was sent twice is there once."""
    return {
        event["seq"]: event
        for topic, payload in messages
        if "/events/" in topic
        for event in json.loads(payload)
    }


def is_marker(event):
    """It stands for events that MQTT lost."""
    return event["event"] == "EventsLost" and event["observer"] == "mqtt"


def told(journal):
    """The events of the journal, in order, but for what tells others of what MQTT lost."""
    lines = (json.loads(line) for line in journal.read_text().splitlines())
    return [line for line in lines if not is_marker(line)]


def same(published, line):
    """An event as it is published is the journal's, as far as it may be told."""
    return all(
        published[key] == line[key]
        for key in ("time", "connection", "event", "code", "reason")
        if key in line
    )


def test_no_attestation_fails_and_every_lost_event_is_counted(broker, tmp_path):
    journal = tmp_path / "journal"
    door = Door(broker.port)
    arguments = ("ecdsa-p256", "--port", "0", "--log-level", "error", "--journal", str(journal))
    mqtt = ("--mqtt", f"mqtt://127.0.0.1:{door.port}", "--mqtt-name", "busy")
    with serving(*arguments, *mqtt) as served:
        uri = served.read_ready().replace("spdm-emu:", "spdm-emu+mctp:")
        with Listener(broker.port) as listener:
            first = listener.wait_status("busy", state="online")
        with Attestations(uri) as attestations:
            attestations.wait(KILLED_AFTER)
            broker.kill()
            door.shut()
            before = len(door.acknowledged)
            attestations.wait(BACK_AFTER)
            broker.start()
            with Listener(broker.port) as listener:
                door.open()
                second = listener.wait_status("busy", state="online")
                last = BACK_AFTER + caught_up(served, listener) + COUNT - BACK_AFTER
                attestations.go_on()
                attestations.wait(COUNT)
                for connection in range(last - LAST, last):
                    listener.wait_event("PeerLeft", connection=connection + 1)
                code, err = served.end()
                gone = listener.wait_status("busy", state="offline", reason="stopped")
                heard = [(one.topic, one.payload) for one in listener.heard]
    door.shut()

    assert attestations.verdicts == ["attested"] * COUNT
    assert code == 0
    assert (first["birth"], second["birth"]) == (1, 2)

    happened = told(journal)
    published = events(door.acknowledged)
    markers = {seq: event["count"] for seq, event in published.items() if is_marker(event)}
    lost = sum(markers.values())
    assert lost > 0, "the outage was too short to lose anything"
    assert gone["events_lost"] == lost
    assert f"mqtt: {lost} events lost" in err

    missing = {seq - back for seq, count in markers.items() for back in range(count)}
    assert set(published) - set(markers) == set(range(1, len(happened) + 1)) - missing
    assert len(published) - len(markers) + lost == len(happened)
    for seq, event in published.items():
        assert seq in markers or same(event, happened[seq - 1]), (event, happened[seq - 1])

    after = events(door.acknowledged[before:])
    assert events(heard).keys() == after.keys(), "who was there has heard all of it"
