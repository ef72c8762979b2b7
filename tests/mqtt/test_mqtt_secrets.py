"""A subscriber to everything finds no key, no pre-shared key and no seed of the run."""

import base64
import json
import subprocess
import sys

from cli.serve_process import environment, serving
from click.testing import CliRunner
from mosquitto import TIME
from mqtt_listener import Listener, having
from secrets_found import forms, found, ide_keys, private_keys, session_keys

from responder.cli.attest import command as attest
from responder.cli.tdi import command as tdi

SEED = bytes.fromhex("5eed0f7e5701234567895eed0f7e5701")
PSK = bytes.fromhex("9c05c2e7b1d34f688a7e21f0d9a6b4c37e5d18f2a3b6c4d59c05c2e7b1d34f68")
CAPABILITIES = (
    '["CERT","CHAL","MEAS_SIG","MEAS_FRESH","KEY_EX","PSK_WITH_CONTEXT","ENCRYPT","MAC","HBEAT",'
    '"KEY_UPD"]'
)
CONTROL, ANSWERS = "spdm/tdisp-device/control", "controllers/1"
SHOWS = [
    {"execute": name}
    for name in (
        "query-status",
        "query-device",
        "query-settings",
        "query-connections",
        "query-counters",
        "query-commands",
        "fault-list",
    )
]
LYING = {
    "id": "iv",
    "description": "A record with another IV.",
    "duty": "reject",
    "basis": "judgement",
    "source": "a test",
    "hook": "seal",
    "action": [{"do": "flip", "field": "iv", "bit": 0}],
}
"""Its evidence is the IV, in bytes and in words."""


def answer_to(listener, command, number):
    """What comes back for a command."""
    correlation = b"%d" % number
    listener.send(CONTROL, json.dumps(command).encode(), ANSWERS, correlation)
    return listener.wait(
        lambda one: one.topic == ANSWERS and one.correlation == correlation, f"answer to {command}"
    ).json


def ask(listener, command, number):
    """The answer to a command that is carried out."""
    answer = answer_to(listener, command, number)
    assert "return" in answer, (command, answer)
    return answer["return"]


def stepped(listener, uri):
    """Attest in a session, request by request; all messages that controllers were shown."""
    ask(listener, {"execute": "pause"}, 1000)
    verb = [sys.executable, "-m", "responder.cli.main", "attest", uri, "--timeout", str(TIME)]
    requester = subprocess.Popen(
        [*verb, "--session", "kex:measurements"], stdout=subprocess.PIPE, env=environment()
    )
    shown, number = [], 1000
    while requester.poll() is None:
        number += 1
        step = {"execute": "step", "arguments": {"wait": 1}}
        shown += answer_to(listener, step, number).get("return", {}).get("messages", [])
    assert b"ATTESTED" in requester.communicate()[0]
    ask(listener, {"execute": "resume"}, 999)
    return shown


def journal_pages(listener):
    """The whole journal up to now, as a controller may read it."""
    entries, since, number = [], 0, 100
    latest = {"execute": "query-journal", "arguments": {"limit": 1}}
    end = ask(listener, latest, number)["next"]
    while since < end:
        number += 1
        arguments = {"since": since, "limit": 200}
        page = ask(listener, {"execute": "query-journal", "arguments": arguments}, number)
        entries += page["entries"]
        since = page["next"]
    return entries


def ran(command, *arguments):
    result = CliRunner().invoke(command, [*arguments])
    return result.exit_code, result.output


def test_a_subscriber_to_everything_finds_no_secret(broker, tmp_path):
    keys, journal = tmp_path / "keys", tmp_path / "journal"
    settings = [
        f'psk=[{{hint="lab", secret_hex="{PSK.hex()}"}}]',
        f"spdm.capabilities={CAPABILITIES}",
    ]
    arguments = ["--seed", SEED.hex(), "--keylog", str(keys), "--journal", str(journal)]
    arguments += [word for setting in settings for word in ("--set", setting)]
    mqtt = ["--mqtt", broker.uri, "--mqtt-control"]
    with (
        Listener(broker.port) as listener,
        serving("tdisp-device", "--port", "0", *arguments, *mqtt) as served,
    ):
        uri = served.read_ready().replace("spdm-emu:", "spdm-emu+doe:")
        listener.wait_status("tdisp-device", state="online")
        code, output = ran(tdi, uri)
        assert code == 0, output
        sessions = ["--session", "kex:measurements,update-key", "--session", "psk:heartbeat"]
        code, output = ran(attest, uri, *sessions, "--psk", f"{b'lab'.hex()}:{PSK.hex()}")
        assert code == 0, output
        steps = stepped(listener, uri)
        ask(listener, {"execute": "fault-add", "arguments": {"faults": [LYING]}}, 50)
        code, output = ran(attest, uri, "--session", "kex:measurements")
        assert code == 1, "a record with another IV is refused"
        for number, command in enumerate(SHOWS):
            ask(listener, command, number)
        shown = journal_pages(listener)
        lie = listener.wait(lambda one: having(one, "FaultFired", {"hook": "seal"}), "the lie")
        assert served.end()[0] == 0
        listener.wait_status("tdisp-device", state="offline")

    secrets = {
        "seed": SEED,
        "psk": PSK,
        **session_keys(keys),
        **ide_keys(journal),
        **private_keys(),
    }
    assert len(session_keys(keys)) >= 2 * 2 * 3 * 2, "keys and IVs, directions, sessions, phases"
    assert len(ide_keys(journal)) >= 12
    assert len(private_keys()) > 100
    texts = [one.payload for one in listener.heard] + [one.topic.encode() for one in listener.heard]
    assert found(secrets, texts) == []

    assert found(secrets, [journal.read_bytes()]), "the search finds what is there"
    assert having(lie, "FaultFired", {"hook": "seal"})[0]["before_size"] == 0
    inside = [entry for entry in shown if entry.get("session_id") is not None]
    assert [entry for entry in inside if "message_size" in entry], "told by their sizes"
    assert not [entry for entry in inside if "message" in entry]
    assert [entry for entry in shown if entry.get("message")], "and those outside are there"
    told = {step["name"]: (step["message"] != "", step["decoded"] != []) for step in steps}
    assert told["KEY_EXCHANGE"] == (True, True)
    assert told["END_SESSION"] == (False, False), "it is in the session"


def test_the_search_finds_every_form():
    for form in forms(SEED):
        for before in range(4):
            assert found({"seed": SEED}, [b"a" * before + form + b"b"]) == ["seed"]
    for before in range(4):
        for after in range(4):
            text = base64.b64encode(b"a" * before + SEED + b"b" * after)
            assert found({"seed": SEED}, [text]) == ["seed"]
    assert found({"seed": SEED}, [SEED[:-1]]) == []
