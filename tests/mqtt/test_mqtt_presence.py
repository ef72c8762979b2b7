"""Births, wills and what is retained, at a real mosquitto."""

import time

from cli.serve_process import GET_VERSION, answer_code, serving
from mosquitto import TIME, free_port
from mqtt_door import Door
from mqtt_listener import Listener

NAME = "lab-1"
USUAL = ("ecdsa-p256", "--port", "0", "--mqtt-name", NAME)
VERSION = 0x04
STATUS, DEVICE = f"spdm/{NAME}/status", f"spdm/{NAME}/device"


def ask(served):
    """Have GET_VERSION answered."""
    with served.connect() as peer:
        peer.sendall(GET_VERSION)
        assert answer_code(peer) == VERSION


def retained(port):
    """What is retained below spdm/, by topic: what a client that comes now is told at once."""
    with Listener(port, "spdm/#") as late:
        late.send("spdm/end", b"")
        late.wait(lambda one: one.topic == "spdm/end", "the end")
        return {one.topic: one.json for one in late.heard if one.retained}


def test_it_is_born_and_its_state_is_retained(broker):
    with serving(*USUAL, "--mqtt", broker.uri) as served, Listener(broker.port) as listener:
        served.read_ready()
        born = listener.wait_status(NAME, state="online")
        ask(served)
        listener.wait_event("PeerLeft", connection=1)
        seen = {"open": 0, "total": 1}
        listener.wait(lambda one: one.topic == DEVICE and one.json["connections"] == seen, "state")

        found = retained(broker.port)

    assert born["birth"] == 1
    assert (born["kind"], born["profile"], born["control"]) == ("responder", "ecdsa-p256", False)
    assert born["events_lost"] == 0
    assert found[STATUS] == born
    assert found[DEVICE]["run"] == born["run"]
    assert found[DEVICE]["profile"] == "ecdsa-p256"
    assert found[DEVICE]["versions"] == ["1.0", "1.1", "1.2", "1.3", "1.4"]
    assert "CHAL" in found[DEVICE]["capabilities"]
    assert found[DEVICE]["connections"] == seen


def test_the_will_of_a_process_that_was_killed_says_which_birth_is_over(broker):
    with serving(*USUAL, "--mqtt", broker.uri) as served, Listener(broker.port) as listener:
        born = listener.wait_status(NAME, state="online")

        served.process.kill()

        dead = listener.wait_status(NAME, state="offline")
        found = retained(broker.port)
    assert dead == {
        "v": 1,
        "run": born["run"],
        "state": "offline",
        "birth": born["birth"],
        "reason": "connection lost",
    }
    assert found[STATUS] == dead


def test_an_orderly_stop_says_so_and_clears_the_device(broker):
    with serving(*USUAL, "--mqtt", broker.uri) as served, Listener(broker.port) as listener:
        served.read_ready()
        born = listener.wait_status(NAME, state="online")

        code, err = served.end()

        gone = listener.wait_status(NAME, state="offline")
        found = retained(broker.port)
    assert (code, "lost" in err) == (0, False)
    assert (gone["reason"], gone["run"]) == ("stopped", born["run"])
    assert found == {STATUS: gone}, "the device is cleared, nothing else is left"


def test_a_broker_that_comes_back_is_told_a_new_birth(broker):
    door = Door(broker.port)
    uri = f"mqtt://127.0.0.1:{door.port}"
    with serving(*USUAL, "--mqtt", uri) as served:
        served.read_ready()
        with Listener(broker.port) as listener:
            first = listener.wait_status(NAME, state="online")
            broker.kill()
            door.shut()
        ask(served)
        broker.start()
        with Listener(broker.port) as listener:
            door.open()
            second = listener.wait_status(NAME, state="online")
            listener.wait_event("PeerLeft", connection=1)
            lost = listener.wait_event("BrokerLost")
            listener.wait_event("BrokerReached", birth=2)
        code, err = served.end()
    door.shut()
    assert (first["birth"], second["birth"]) == (1, 2)
    assert first["run"] == second["run"]
    assert second["events_lost"] == 0, "what happened meanwhile was waiting"
    assert lost["broker"] == uri
    assert code == 0
    assert f"BrokerLost broker={uri} reason=" in err
    assert f"BrokerReached broker={uri} birth=2" in err


def test_a_broker_that_was_never_there_changes_nothing():
    port = free_port()
    with serving(*USUAL, "--mqtt", f"mqtt://127.0.0.1:{port}") as served:
        served.read_ready()
        ask(served)
        code, err = served.end()
    assert code == 0
    assert err.count("BrokerLost") == 1, "told once, not at each attempt"
    assert "reason='Connection refused'" in err
    assert "mqtt: " in err
    assert "events lost" in err


def test_a_broker_that_hangs_delays_neither_answers_nor_the_stop(broker):
    door = Door(broker.port)
    with (
        Listener(broker.port) as listener,
        serving(*USUAL, "--mqtt", f"mqtt://127.0.0.1:{door.port}") as served,
    ):
        served.read_ready()
        listener.wait_status(NAME, state="online")
        door.hold()
        for _ in range(3):
            ask(served)
        begin = time.monotonic()
        code, _ = served.end()
        seconds = time.monotonic() - begin
        door.release()
        listener.wait_status(NAME, state="offline", reason="connection lost")
    door.shut()
    assert code == 0
    assert seconds < TIME / 4, "two times a second, and the machine may be busy"


def test_a_broker_that_accepts_and_says_nothing_does_not_keep_the_process(broker):
    door = Door(broker.port)
    door.hold()
    with serving(*USUAL, "--mqtt", f"mqtts://127.0.0.1:{door.port}") as served:
        served.read_ready()
        ask(served)
        begin = time.monotonic()
        code, _ = served.end()
        seconds = time.monotonic() - begin
    door.release()
    door.shut()
    assert code == 0
    assert seconds < TIME / 4


def test_the_newer_of_two_with_one_name_has_it(broker):
    with serving(*USUAL, "--mqtt", broker.uri) as older, Listener(broker.port) as listener:
        older.read_ready()
        first = listener.wait_status(NAME, state="online")
        with serving(*USUAL, "--mqtt", broker.uri) as newer:
            newer.read_ready()
            second = listener.wait(
                lambda one: one.topic == STATUS and one.json["run"] != first["run"], "the newer"
            ).json
            ask(older)
            ask(newer)
            listener.wait_event("PeerLeft", connection=1)
            code, err = older.end()
            found = retained(broker.port)
            assert newer.end()[0] == 0
    assert second["state"] == "online"
    assert found[STATUS] == second, "the older one's end is not the newer one's"
    assert code == 0
    assert "ObserverLost observer=mqtt" in err
    assert "give one of them another --mqtt-name" in err


def test_each_run_has_an_id_of_its_own(broker):
    runs = set()
    for _ in range(2):
        with serving(*USUAL, "--mqtt", broker.uri) as served, Listener(broker.port) as listener:
            served.read_ready()
            runs.add(listener.wait_status(NAME, state="online")["run"])
            served.end()
    assert len(runs) == 2
