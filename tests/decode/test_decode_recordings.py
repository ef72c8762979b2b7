"""Recorded runs: their payloads, and what their records carried."""

from captures import loader
from replay.folders import write_folder

from responder.decode.recordings import recorded_payloads

PACKED = loader.PACKED


def runs(*names):
    return [one for one in loader.recordings() if one.name in names]


def test_all_runs_are_conversations():
    found = list(recorded_payloads(PACKED))
    assert {one.conversation for one in found} == {one.name for one in loader.recordings()}
    exchanges = sum(len(one.exchanges) for one in loader.recordings())
    carried = sum(len(one.plain) for one in loader.recordings())
    assert sum(not one.inside for one in found) == 2 * exchanges
    assert sum(one.inside for one in found) == carried


def test_what_a_record_carried_follows_it(tmp_path):
    (run,) = runs("v12-mctp-p384-app")
    found = list(recorded_payloads(write_folder(tmp_path, [run])))
    at = next(number for number, one in enumerate(found) if one.inside and not one.label)
    record, carried = found[at - 1], found[at]
    assert record.data[:1] == b"\6"
    assert carried.session == int.from_bytes(record.data[1:5], "little")
    assert carried.data[0] == 0x12, "an SPDM message, without the type of MCTP"
    assert carried.received is record.received is True
    labels = {one.label for one in found if one.inside}
    assert labels == {"", "application data"}
