"""``campaign run --mqtt``, at a real mosquitto."""

from click.testing import CliRunner
from mosquitto import free_port
from mqtt_listener import Listener

from responder.campaign.store import read_store
from responder.cli.campaign_run import command

CASES = "ver.count-*"
PROGRESS, VERDICTS, STATUS = (
    f"spdm/our-requester/{name}" for name in ("campaign/progress", "campaign/verdicts", "status")
)
USUAL = ["--target", "our-requester", "--executor", "inline", "--quiet"]


def campaign(store, *arguments):
    return CliRunner().invoke(command, [*USUAL, "--store", str(store), *arguments])


def test_verdicts_and_progress_are_those_of_the_store(broker, tmp_path):
    store = tmp_path / "store.jsonl"
    with Listener(broker.port) as listener:
        done = campaign(store, CASES, "--mqtt", broker.uri)
        assert done.exit_code == 0, done.output
        born = listener.wait_status("our-requester", state="online")
        gone = listener.wait_status("our-requester", state="offline")
        heard = [one.json for one in listener.heard if one.topic == VERDICTS]
        progress = [one.json for one in listener.heard if one.topic == PROGRESS]
    with Listener(broker.port, "spdm/#") as late:
        late.send("end", b"")
        kept = late.wait(lambda one: one.topic == PROGRESS, "progress")

    assert (born["kind"], born["target"], born["birth"]) == ("campaign", "our-requester", 1)
    assert (gone["reason"], gone["events_lost"]) == ("stopped", 0)
    results = read_store(store).results
    judged = [event for batch in heard for event in batch]
    assert [event["seq"] for event in judged] == list(range(1, len(results) + 1))
    assert {(event["case"], event["verdict"]) for event in judged} == {
        (result.case, result.verdict) for result in results
    }
    assert progress[0]["state"] == "running"
    assert kept.retained, "how it ended stays"
    assert kept.json["state"] == "finished"
    assert (kept.json["done"], kept.json["total"]) == (len(results), len(results))
    assert kept.json["verdicts"] == {"pass": len(results)}


def test_without_its_broker_a_campaign_is_the_same(tmp_path):
    alone, without = tmp_path / "alone.jsonl", tmp_path / "without.jsonl"
    assert campaign(alone, "ver.count-zero").exit_code == 0
    done = campaign(without, "ver.count-zero", "--mqtt", f"mqtt://127.0.0.1:{free_port()}")
    assert done.exit_code == 0
    assert "Connection refused; it is tried again" in done.stderr
    assert "mqtt: 1 events lost" in done.stderr
    cases = [[one.case for one in read_store(path).results] for path in (alone, without)]
    assert cases[0] == cases[1] != []
