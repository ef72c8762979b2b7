"""The three forms in which ``decode`` prints; JSON holds all that is known."""

import io
import json

import pytest
from click.testing import CliRunner
from replay.folders import write_runs

from responder.cli.decode import command
from responder.cli.decode_print import Json, Table, Tree, as_json
from responder.decode.decoder import Decoder
from responder.decode.payload import Payload
from responder.observe.pcapng import PcapngWriter
from responder.transport.socket_frame import wrap_frame

GET_VERSION, ERROR = bytes.fromhex("10840000"), bytes.fromhex("107f0100")
VERSION = bytes.fromhex("1004000000010012")


def decode(*arguments, stdin=b""):
    result = CliRunner().invoke(command, [str(one) for one in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def decoded(*payloads):
    decoder = Decoder()
    return [found for payload in payloads for found in decoder.decode(payload)]


def printed(printer, *payloads):
    lines = []
    shown = printer(lambda text, kind: lines.append((kind, text)))
    for found in decoded(*payloads):
        shown.show(found)
    return lines


ASKED = Payload(GET_VERSION, connection=1, received=True, time=5_000_000_000)
REFUSED = Payload(
    ERROR, connection=1, received=False, time=6_250_000_001, session=7, comment="fault x\nmore"
)
CUT = Payload(GET_VERSION[:3], connection=2)


def test_a_tree():
    assert printed(Tree, REFUSED, CUT) == [
        ("title", "#1 ERROR 1.0, 4 bytes (connection 1, session 0x00000007)"),
        ("remark", "  # fault x"),
        ("remark", "  # more"),
        ("field", "  00000     1  spdm_version: 0x10 (1.0)"),
        ("field", "  00001     1  code: 0x7f (ERROR)"),
        ("field", "  00002     1  error_code: 0x01 (INVALID_REQUEST)"),
        ("field", "  00003     1  error_data: 0x00 (0)"),
        ("title", "#2 no message (connection 2)"),
        ("field", "  00000     3  (unread): 108400"),
        ("problem", "  ! 3 bytes are no SPDM message"),
    ]


def test_a_table():
    refused = "     2    1.250000001    1 <- 00000007 ERROR 1.0, 4 bytes"
    assert printed(Table, ASKED, REFUSED, CUT, Payload(b"x", label="application data")) == [
        ("field", "     1    0.000000000    1 ->          GET_VERSION 1.0, 4 bytes"),
        ("field", f"{refused}; InvalidRequest; fault x; more"),
        (
            "problem",
            "     3                   2 ->          no message; ! 3 bytes are no SPDM message",
        ),
        ("field", "     4                                 application data, 1 bytes"),
    ]


def test_a_table_says_what_a_message_of_another_protocol_is():
    lock = bytes.fromhex("12fe0000 0300 02 0100 2500 01 10 83 0000 00000000 0000000000000000")
    ((_, line),) = printed(Table, Payload(lock + bytes(20)))
    assert line.endswith(" VENDOR_DEFINED_REQUEST 1.2, 48 bytes; TDISP LOCK_INTERFACE_REQUEST")


def test_a_table_of_many_conversations_names_them():
    named = [Payload(GET_VERSION, connection=1, conversation=name) for name in ("a", "a", "b")]
    titles = [text for kind, text in printed(Table, *named) if kind == "title"]
    assert titles == ["a", "b"]


def test_json_of_a_message():
    ((kind, line),) = printed(Json, REFUSED)
    assert kind == "field"
    assert json.loads(line) == {
        "number": 1,
        "kind": "message",
        "conversation": "",
        "connection": 1,
        "frame": 0,
        "time_ns": 6_250_000_001,
        "direction": "response",
        "session": 7,
        "binding": "none",
        "name": "ERROR",
        "version": "1.0",
        "title": "ERROR 1.0, 4 bytes",
        "bytes": "107f0100",
        "fields": [
            {
                "path": name,
                "name": name,
                "start": at,
                "end": at + 1,
                "value": f"0x{ERROR[at]:02x}",
                "text": text,
            }
            for at, (name, text) in enumerate(
                [
                    ("spdm_version", "1.0"),
                    ("code", "ERROR"),
                    ("error_code", "INVALID_REQUEST"),
                    ("error_data", "0"),
                ]
            )
        ],
        "comment": "fault x\nmore",
        "problems": [],
    }


def test_json_of_what_is_no_message():
    (record,) = decoded(Payload(b"\6" + bytes(8), transport=1, connection=1))
    found = as_json(record)
    assert (found["kind"], found["name"], found["version"]) == ("record", "secured record", None)
    (other,) = decoded(Payload(b"hello", command=0xDEAD))
    assert as_json(other)["fields"][0]["value"] == b"hello".hex()


@pytest.mark.parametrize("option", [["--json"], ["--format", "json"]])
def test_every_field_lies_in_its_message_and_has_a_path_of_its_own(option, tmp_path):
    result = decode(write_runs(tmp_path, ["v13-doe-p384-app"]), *option)
    assert result.exit_code == 0
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["kind"] for row in rows} == {"message", "record", "other"}
    for row in rows:
        data = bytes.fromhex(row["bytes"])
        paths = [field["path"] for field in row["fields"]]
        assert len(set(paths)) == len(paths), row["title"]
        for field in row["fields"]:
            value, raw = field["value"], data[field["start"] : field["end"]]
            if value.startswith("0x") and " " not in value:
                assert int(value, 16) == int.from_bytes(raw, "little")
            elif value and " " not in value:
                assert bytes.fromhex(value) == raw
        leaves = [field for field in row["fields"] if "." not in field["path"]]
        assert sum(field["end"] - field["start"] for field in leaves) == len(data), row["title"]


def test_paths_of_nested_fields(tmp_path):
    result = decode(write_runs(tmp_path, ["v12-mctp-p384-dhe-nomut"]), "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    algorithms = next(row for row in rows if row["name"] == "ALGORITHMS")
    paths = {field["path"]: field["text"] for field in algorithms["fields"]}
    assert paths["trailer.structures[0].alg_type"] == "DHE"
    assert paths["trailer.structures[0].alg_supported"] == "SECP384R1"


def test_a_capture_of_many_connections(tmp_path):
    path = tmp_path / "wire.pcapng"
    with path.open("wb") as file:
        writer = PcapngWriter(file, "test", 2323)
        for connection in (1, 2):
            writer.message(1.0, connection, wrap_frame(1, 0, GET_VERSION), received=True)
            writer.message(2.0, connection, wrap_frame(1, 0, VERSION), received=False)
        writer.close()
    result = decode(path, "--format", "table")
    assert result.exit_code == 0
    assert [line.split()[2:5] for line in result.stdout.splitlines()] == [
        ["1", "->", "GET_VERSION"],
        ["1", "<-", "VERSION"],
        ["2", "->", "GET_VERSION"],
        ["2", "<-", "VERSION"],
    ]
    result = decode(f"{path}#2")
    assert result.stdout.startswith("#1 GET_VERSION 1.0, 4 bytes (connection 2)\n")
    assert result.stdout.count("connection 1") == 0


def test_a_conversation_that_is_not_there(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"event": "RequestReceived", "connection": 1, "message": "00"}))
    result = CliRunner().invoke(command, [f"{path}#9"])
    assert "there is no conversation '9', only 1" in str(result.exception)


def test_a_file_may_have_the_sign_in_its_name(tmp_path):
    path = tmp_path / "a#1"
    path.write_bytes(GET_VERSION)
    assert decode(path).stdout.startswith("#1 GET_VERSION")


def test_a_large_file_takes_no_more_memory(tmp_path):
    """Lines of a journal are read as they are shown: the generator has not run to the end."""
    from responder.decode.source import file_payloads

    class Counted(io.BytesIO):
        given = 0

        def read1(self, size=-1):
            data = super().read1(min(size, 4096))
            Counted.given += len(data)
            return data

    row = json.dumps({"event": "RequestReceived", "connection": 1, "message": "10840000"})
    file = Counted(f"{row}\n".encode() * 50_000)
    next(file_payloads(file))
    assert Counted.given < 100_000


HOSTILE = "\ud800 \x1b[31m \u202e"


def test_a_remark_may_hold_anything(tmp_path):
    path = tmp_path / "journal.jsonl"
    rows = [
        {"event": "FaultFired", "connection": 1, "fault": HOSTILE, "hook": "h", "detail": "d"},
        {"event": "ResponseSent", "connection": 1, "message": ERROR.hex()},
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    for form in ("tree", "table"):
        shown = decode(path, "--format", form).stdout
        assert "\\ud800 \\x1b[31m \\u202e" in shown
    (row,) = decode(path, "--json").stdout.splitlines()
    assert json.loads(row)["comment"] == f"fault {HOSTILE} (h): d"
