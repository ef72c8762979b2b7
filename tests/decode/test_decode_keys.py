"""Ground truth: captured records are opened with a key log, and hold what was recorded."""

import json

import pytest
from captures.loader import recordings
from click.testing import CliRunner
from msgspec.structs import replace
from replay.folders import write_folder

from responder.cli.decode import command
from responder.core.events import SessionKeys
from responder.decode.keys import KeyRing
from responder.observe.entry import Entry
from responder.observe.keylog import KeyLog
from responder.spec.algorithms import AEADS, by_bit
from responder.transport.binding import binding_of
from responder.transport.carried import Kind

RUNS = (
    "v11-mctp-p384-mut-encrypted-handshake",
    "v12-doe-p384-app",
    "v12-mctp-p384-dhe-maconly",
    "v13-mctp-p384-keyupd-rsp",
    "v13-tcp-p384",
    "v14-mctp-p384-chacha",
)
UPDATES = ("key_update_request", "key_update_response")
EXCHANGE_RSP = (0x64, 0x66)
PHASES = {"handshake_key": "handshake", "data_key": "data"}


def run_of(name):
    return next(run for run in recordings() if run.name == name)


def session_ids(run):
    """In the order in which sessions begin."""
    binding = binding_of(run.transport)
    for exchange in run.exchanges:
        if exchange.command == 1:
            asked, answer = binding.unwrap(exchange.request), binding.unwrap(exchange.response)
            if asked.kind is Kind.SPDM and answer.message[1] in EXCHANGE_RSP:
                yield int.from_bytes(asked.message[4:6] + answer.message[4:6], "little")


def keys_of(run):
    """What our own server would have logged: the recorded keys, phase by phase."""
    ids = session_ids(run)
    session, suite, counts = 0, {}, {}
    for event in run.secrets["responder"]:
        name = event["event"]
        if name == "handshake_key":
            session = next(ids)
            aead = by_bit(AEADS, event["aead_cipher_suite"]).name
            suite = {"aead": aead, "encrypted": event["session_type"] == 2, "big_endian": False}
            counts = {"request": 0, "response": 0}
        elif name not in PHASES and name not in UPDATES:
            continue
        kind = "handshake" if name == "handshake_key" else "data"
        for direction in counts:
            key = event.get(f"{direction}_{kind}_encryption_key")
            if key is None:
                continue
            counts[direction] += name in UPDATES
            yield SessionKeys(
                session_id=session,
                direction=direction,
                phase=PHASES.get(name, f"update {counts[direction]}"),
                key=bytes.fromhex(key),
                iv=bytes.fromhex(event[f"{direction}_{kind}_salt"]),
                **suite,
            )


def write_log(path, run):
    with path.open("wb", buffering=0) as file:
        log = KeyLog(file)
        for keys in keys_of(run):
            log.take([Entry(0.0, 1, keys)])
    return path


def records(run):
    binding = binding_of(run.transport)
    for exchange in run.exchanges:
        for side, payload in (("req", exchange.request), ("rsp", exchange.response)):
            if (exchange.number, side) in run.plain:
                carried = binding.unwrap(payload)
                assert carried.kind is Kind.SECURED
                yield side, carried.message, run.plain[exchange.number, side]


@pytest.mark.parametrize("name", RUNS)
def test_every_record_is_opened_and_its_direction_known(name, tmp_path):
    run = run_of(name)
    ring = KeyRing(write_log(tmp_path / "keys.jsonl", run))
    sequence_size, padding = (2, 0) if run.transport == 1 else (0, 3)
    opened = 0
    for side, record, plain in records(run):
        one = ring.open(record, sequence_size, padding)
        assert one is not None, opened
        assert one.data == plain
        assert one.keys.direction == {"req": "request", "rsp": "response"}[side]
        opened += 1
    assert opened == len(run.plain)


def test_a_capture_that_begins_later_is_opened_as_well(tmp_path):
    run = run_of("v13-mctp-p384-keyupd-rsp")
    ring = KeyRing(write_log(tmp_path / "keys.jsonl", run))
    for _, record, plain in list(records(run))[5:]:
        assert ring.open(record, 2, 0).data == plain


def test_records_of_other_sessions_stay_closed(tmp_path):
    run = run_of("v13-tcp-p384")
    ring = KeyRing(write_log(tmp_path / "keys.jsonl", run))
    _, record, _ = next(records(run))
    assert ring.open(b"\1\2\3\4" + record[4:], 0, 0) is None
    assert ring.open(b"\1", 0, 0) is None
    assert ring.open(record[:-1] + bytes([record[-1] ^ 1]), 0, 0) is None


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path, [run_of(name) for name in RUNS])


def decode(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.mark.parametrize("name", RUNS)
def test_decode_shows_what_is_in_records(name, folder, tmp_path):
    run, messages = run_of(name), folder / name / "messages.jsonl"
    log = write_log(tmp_path / "keys.jsonl", run)
    result = decode(messages, "--keylog", log)
    assert result.exit_code == 0, [line for line in result.output.splitlines() if "!" in line]
    inner = [line for line in result.output.splitlines() if line.endswith("keys)")]
    assert len(inner) == len(run.plain)
    assert "END_SESSION_ACK" in result.output
    assert "END_SESSION_ACK" not in decode(messages).output


def test_a_record_that_no_key_opens_is_a_problem(folder, tmp_path):
    log = write_log(tmp_path / "keys.jsonl", run_of("v13-tcp-p384"))
    result = decode(folder / "v14-mctp-p384-chacha" / "messages.jsonl", "--keylog", log)
    assert result.exit_code == 1
    assert "no key of the log opens it" in result.output


def test_a_key_log_that_is_none(folder, tmp_path):
    path = tmp_path / "keys.jsonl"
    path.write_text(json.dumps({"session_id": 1}))
    result = decode(folder / "v13-tcp-p384" / "messages.jsonl", "--keylog", path)
    assert result.exit_code != 0
    assert f"{path}:1" in f"{result.output}{result.exception}"


def test_a_session_id_may_come_again_on_another_connection(tmp_path):
    """Two connections at a time whose sessions have the same id and other keys."""
    runs = [run_of("v12-doe-p384-app"), run_of("v11-doe-p384-app")]
    path = tmp_path / "keys.jsonl"
    session = next(session_ids(runs[0]))
    with path.open("wb", buffering=0) as file:
        log = KeyLog(file)
        for number, run in enumerate(runs, 1):
            of_one = [keys for keys in keys_of(run) if keys.session_id == next(session_ids(run))]
            same_id = [replace(keys, session_id=session) for keys in of_one]
            log.take([Entry(0.0, number, keys) for keys in same_id])
    ring = KeyRing(path)
    ids = [next(session_ids(run)).to_bytes(4, "little") for run in runs]
    sealed = [
        [one for one in records(run) if one[1].startswith(own)]
        for run, own in zip(runs, ids, strict=True)
    ]
    assert ids[0] == ids[1], "the id is authenticated, so it cannot be changed here"
    for (_, first, plain), (_, second, other) in zip(*sealed, strict=False):
        assert ring.open(second, 0, 3, connection=8).data == other
        assert ring.open(first, 0, 3, connection=9).data == plain
    assert ring.knows(session, 8)
    assert not ring.knows(session, 7)
