"""``decode``: every form of input, following conversations, damage, exit codes."""

import json
import subprocess
import sys

import pytest
from captures.loader import PCI_DOE, runs
from click.testing import CliRunner
from wire.corpus.reader import HERE as CORPUS

from responder.cli.attest import command as attest
from responder.cli.decode import command
from responder.cli.main import main
from responder.decode.text import text_payloads
from responder.observe.lines import JsonLines
from responder.transport.socket_frame import Command, wrap_frame

OK, FINDING, USAGE = 0, 1, 2
GET_VERSION = bytes.fromhex("10840000")
VERSION = bytes.fromhex("1004000000010012")
CAPABILITIES = bytes.fromhex("126100000000000032000000001200000012000000")[:20]


def decode(*arguments, stdin=b""):
    result = CliRunner().invoke(command, arguments, input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def titles(result):
    return [line for line in result.stdout.splitlines() if line.startswith("#")]


def captured(name):
    return next(run for run in runs() if run.name == name)


@pytest.mark.parametrize(
    "arguments",
    [
        ["10840000"],
        ["10", "84", "00", "00"],
        ["0x10", "0x84", "0x00", "0x00"],
        ["0x10840000"],
        ["10:84:00:00"],
        ["{0x10, 0x84, 0x00, 0x00}"],
        [r"\x10\x84\x00\x00"],
        ["0510840000"],
        ["0100010003000000", "10840000"],
        ["06000105", "10840000"],
        [wrap_frame(1, 1, b"\x05" + GET_VERSION).hex()],
    ],
    ids=" ".join,
)
def test_hexadecimal_on_the_command_line(arguments):
    result = decode(*arguments)
    assert result.exit_code == OK
    assert len(titles(result)) == 1
    assert titles(result)[0].startswith("#1 GET_VERSION 1.0, 4 bytes")
    assert "  00001     1  code: 0x84 (GET_VERSION)" in result.stdout


XXD = "00000000: 1004 0000 0001 0012                      ........\n"
HEXDUMP = "00000000  10 04 00 00 00 01 00 12                           |........|\n00000008\n"
OD = "000000 10 04 00 00 00 01 00 12\n000008\n"
OD_WITH_TEXT = "000000 10 04 00 00 00 01 00 12                          >........<\n000008\n"
WIRESHARK = "0000   10 04 00 00 00 01 00 12                           ........\n"


@pytest.mark.parametrize(
    "text",
    [
        "1004000000010012\n",
        "10 04 00 00 00 01 00 12",
        "10 04 00 00\n00 01 00 12\n",
        "# a comment\n10040000 # and another\n00010012\n\n",
        XXD,
        HEXDUMP,
        OD,
        OD_WITH_TEXT,
        WIRESHARK,
        "00000000: 1004 0000 ....\n00000004: 0001 0012 ....\n",
        json.dumps({"message": VERSION.hex()}),
    ],
)
def test_text_on_standard_input(text):
    result = decode("-", stdin=text.encode())
    assert result.exit_code == OK
    assert titles(result) == ["#1 VERSION 1.0, 8 bytes (none)"]
    assert "version_number_entry: 0x1200 (1.2)" in result.stdout


def test_a_dump_repeats_rows_and_begins_anew_at_a_lower_offset():
    row = "00000000: 1003 0000 0000 0000 0000 0000 0000 0000  ................\n"
    text = row + "*\n00000030: ff  .\n" + XXD
    first, second = text_payloads(text.encode())
    assert first.data == bytes.fromhex("10030000" + 24 * "00")[:16] * 3 + b"\xff"
    assert second.data == VERSION


@pytest.mark.parametrize("text", [XXD + "nonsense\n", XXD + "00000020: 00\n"])
def test_a_dump_with_a_hole_is_decoded_up_to_it(text):
    result = decode("-", stdin=text.encode())
    assert result.exit_code == FINDING
    assert titles(result) == ["#1 VERSION 1.0, 8 bytes (none)"]
    assert "! line 2 does not continue the dump" in result.stdout


def test_raw_bytes_from_a_file(tmp_path):
    file = tmp_path / "message.bin"
    file.write_bytes(VERSION)
    result = decode(str(file))
    assert result.exit_code == OK
    assert titles(result) == ["#1 VERSION 1.0, 8 bytes (none)"]


def test_a_stream_of_socket_frames(tmp_path):
    file = tmp_path / "stream.bin"
    frames = [
        wrap_frame(0xDEAD, 1, b"Client Hello!\0"),
        wrap_frame(1, 1, b"\x05" + GET_VERSION),
        wrap_frame(1, 1, b"\x05" + VERSION),
        wrap_frame(1, 1, b"\x06" + bytes(6) + b"\x0c\x00" + bytes(12)),
        wrap_frame(0x8002, 1, b"\x01\x02\x03\x04"),
    ]
    file.write_bytes(b"".join(frames))
    result = decode(str(file))
    assert result.exit_code == OK
    assert titles(result) == [
        "#1 socket command TEST (socket), 14 bytes",
        "#2 GET_VERSION 1.0, 4 bytes (mctp)",
        "#3 VERSION 1.0, 8 bytes (mctp)",
        "#4 secured record, 20 bytes (mctp)",
        "#5 socket command OOB_ENCAP_ENDPOINT_INFO (socket), 4 bytes",
    ]
    file.write_bytes(b"".join(frames)[:-1])
    result = decode(str(file))
    assert result.exit_code == FINDING
    assert len(titles(result)) == 4
    assert "! the stream ends after 15 of 16 bytes" in result.stdout


def test_a_stream_of_storage_commands(tmp_path):
    """As on a socket of QEMU, both directions in their order."""
    record = bytes(4) + bytes.fromhex("01000200 0000 0400") + bytes(4)
    frames = [
        (Command.IF_RECV, "e8040020000000"),
        (Command.ACK_STATUS, "0000"),
        (Command.IF_RECV, "20000010 00000000 66" + 23 * "00"),
        (Command.IF_SEND, "e81400040000 00 10840000"),
        (Command.IF_RECV, "e8140000100000"),
        (Command.IF_RECV, VERSION.hex()),
        (Command.IF_SEND, "e81800100000 00" + record.hex()),
        (Command.IF_RECV, record.hex()),
    ]
    file = tmp_path / "stream"
    file.write_bytes(b"".join(wrap_frame(kind, 4, bytes.fromhex(data)) for kind, data in frames))
    result = decode(str(file))
    assert titles(result) == [
        "#1 storage command: fetch DISCOVERY, at most 32 bytes (storage), 7 bytes",
        "#2 socket command ACK_STATUS (socket), 2 bytes",
        "#3 management of storage (storage), 32 bytes",
        "#4 GET_VERSION 1.0, 4 bytes (storage)",
        "#5 storage command: fetch MESSAGE, at most 4096 bytes (storage), 7 bytes",
        "#6 VERSION 1.0, 8 bytes (storage)",
        "#7 secured record, 12 bytes (storage)",
        "#8 secured record, 12 bytes (storage)",
    ]
    assert result.stdout.count("sequence_number: 0000") == 2


def test_each_line_is_a_message_if_each_could_begin_one():
    text = f"{GET_VERSION.hex()}\n{VERSION.hex()}\n{CAPABILITIES.hex()}\n"
    assert len(titles(decode("-", stdin=text.encode()))) == 3
    assert len(titles(decode("--split", "none", "-", stdin=text.encode()))) == 1


def test_blank_lines_part_messages():
    text = "1084\n0000\n\n10040000\n00010012\n"
    assert titles(decode("-", stdin=text.encode())) == [
        "#1 GET_VERSION 1.0, 4 bytes (none)",
        "#2 VERSION 1.0, 8 bytes (none)",
    ]
    assert len(titles(decode("--split", "lines", "-", stdin=text.encode()))) == 4


@pytest.mark.parametrize("name", ["v12-mctp-rsapss3072-dhe-nomut", "v13-doe-p384", "v11-tcp-p384"])
def test_a_captured_conversation_is_decoded_from_json_lines(name):
    run = captured(name)
    rows = [
        {"req": e.request.hex(), "rsp": e.response.hex(), "cmd": e.command, "trans": run.transport}
        for e in run.exchanges
        if e.session is None
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    result = decode("-", stdin=text.encode())
    assert result.exit_code == OK, result.output
    assert len(titles(result)) == 2 * len(rows)
    assert "certificates[2]: " in result.stdout
    assert "CN=" in result.stdout
    assert "value_type: 0x00 (IMMUTABLE_ROM, digest)" in result.stdout
    assert "  ! " not in result.stdout


def test_a_captured_conversation_is_decoded_from_lines_of_payloads():
    run = captured("v13-doe-p384")
    assert run.transport == PCI_DOE
    plain = [e for e in run.exchanges if e.command == 1 and e.session is None]
    text = "".join(f"{e.request.hex()}\n{e.response.hex()}\n" for e in plain)
    for options in ([], ["--transport", "doe"]):
        result = decode("--split", "lines", *options, "-", stdin=text.encode())
        assert result.exit_code == OK, result.output
        assert any("CHALLENGE_AUTH 1.3" in title for title in titles(result))


@pytest.mark.parametrize("name", ["CHALLENGE_AUTH/1.2-summary", "CHALLENGE_AUTH/1.2-no-summary"])
def test_a_lone_challenge_auth_needs_the_sizes_only(name):
    file = CORPUS / f"{name}.hex"
    sizes = dict(word.split("=") for word in file.read_text().split("\n")[0].split() if "=" in word)
    base_hash = {"32": "SHA-256", "48": "sha384", "64": "SHA_512"}[sizes["hash_size"]]
    asym = {"64": "ecdsa-p256", "96": "ECDSA-P384", "132": "ecdsa_p521", "384": "rsapss3072"}
    options = ["--hash", base_hash, "--asym", asym[sizes["signature_size"]]]
    result = decode(*options, "--split", "none", str(file))
    assert result.exit_code == OK, result.output
    assert ("measurement_summary_hash:" in result.stdout) is ("no-" not in name)
    assert "signature:" in result.stdout


def test_without_the_sizes_the_user_is_told_how_to_give_them():
    result = decode("--split", "none", str(CORPUS / "CHALLENGE_AUTH/1.2-summary.hex"))
    assert result.exit_code == FINDING
    assert "--hash" in result.stderr


def test_the_version_may_be_given_for_messages_whose_header_lies():
    assert decode("11830000" + 32 * "00").exit_code == OK
    assert decode("--version", "1.3", "11830000" + 32 * "00").exit_code == FINDING
    assert decode("--version", "1.3", "11830000" + 40 * "00").exit_code == OK


@pytest.mark.parametrize(
    ("text", "shown", "reason"),
    [
        ("108400", "(unread): 108400", "3 bytes are no SPDM message"),
        ("1084000", "(unread): 108400", "half a byte at the end"),
        ("108400 00 zz", "code: 0x84", "'zz' is not hexadecimal"),
        ("100400000002001", "version_number_entry_count: 0x02", "half a byte"),
        ("1084000000", "(left over): 00", "1 bytes after the end"),
        ("10840000 99", "param1: 0x00", "1 bytes after the end"),
        ("12020000100000000102", "portion_length: 0x0010", "needs 16 bytes, 2 are left"),
    ],
)
def test_damaged_input_is_shown_as_far_as_it_goes(text, shown, reason):
    result = decode("--split", "none", "-", stdin=text.encode())
    assert result.exit_code == FINDING
    assert shown in result.stdout
    assert f"! {reason}" in result.stdout or reason in result.stdout


def test_every_message_cut_anywhere_is_shown_and_found_damaged():
    data = (CORPUS / "CHALLENGE_AUTH/1.2-opaque.hex").read_text().split("\n", 2)[2]
    whole = bytes.fromhex("".join(data.split()))
    options = ["--hash", "sha256", "--asym", "ecdsap256", "--split", "none"]
    assert decode(*options, whole.hex()).exit_code == OK
    for size in range(1, len(whole), 7):
        result = decode(*options, whole[:size].hex())
        assert result.exit_code == FINDING
        assert "  ! " in result.stdout


def test_a_wrong_transport_is_said_and_its_bytes_are_shown():
    result = decode("--transport", "doe", "10840000")
    assert result.exit_code == FINDING
    assert "bytes: 10840000" in result.stdout
    assert "! 4 bytes are no DOE header" in result.stdout


@pytest.mark.parametrize("line", ["{", '{"other": 1}', "[1]", '{"req": "10", "cmd": "x"}'])
def test_a_bad_json_line_ends_the_decoding(line):
    text = json.dumps({"req": GET_VERSION.hex()}) + "\n" + line
    result = decode("-", stdin=text.encode())
    assert result.exit_code == FINDING
    assert len(titles(result)) == 1
    assert "line 2 is no JSON object" in result.stdout


def journal(*entries):
    """Lines as ``serve --journal`` writes them, of events, connections and messages."""
    rows = [
        {"time": 0.1, "connection": connection, "event": event, "message": message.hex()}
        for event, connection, message in entries
    ]
    arrived = {"time": 0.0, "connection": 1, "event": "PeerArrived", "peer": "127.0.0.1:1"}
    return "".join(json.dumps(row) + "\n" for row in [arrived, *rows]).encode()


def test_a_journal_has_the_messages_of_many_connections(spdm_responder, tmp_path):
    for _ in range(2):
        done = CliRunner().invoke(attest, [spdm_responder.uri.replace(":", "+doe:", 1)])
        assert done.exit_code == 0
    file = tmp_path / "journal.jsonl"
    with file.open("wb", buffering=0) as stream:
        JsonLines(stream).take(spdm_responder.events)
    result = decode(str(file))
    assert result.exit_code == OK, result.stdout
    assert len(titles(result)) == len(spdm_responder.journal)
    assert titles(result)[0] == "#1 GET_VERSION 1.0, 4 bytes (connection 1)"
    assert titles(result)[-1].endswith("(connection 2)")


def test_connections_in_a_journal_are_followed_one_by_one():
    run = captured("v12-mctp-rsapss3072-dhe-nomut")
    plain = [e for e in run.exchanges if e.command == 1 and e.session is None]
    entries = []
    for exchange in plain:
        entries += [("RequestReceived", number, exchange.request[1:]) for number in (1, 2)]
        entries += [("ResponseSent", number, exchange.response[1:]) for number in (1, 2)]
    entries.insert(8, ("RequestReceived", 3, GET_VERSION))  # forgets nothing of the others
    result = decode("-", stdin=journal(*entries))
    assert result.exit_code == OK, result.stdout
    assert len(titles(result)) == len(entries)


def test_a_secured_record_shows_its_header():
    record = "fffffeff 0300 0400 01020304"
    on_doe = "01000200 05000000" + record.replace(" 0300", "") + "0000"
    mctp, doe = decode("06" + record), decode(on_doe)
    assert titles(mctp) == ["#1 secured record, 12 bytes (mctp)"]
    assert "session_id: 0xfffeffff" in mctp.stdout
    assert "sequence_number: 0300" in mctp.stdout
    assert titles(doe) == ["#1 secured record, 12 bytes (doe)"]
    assert "sequence_number" not in doe.stdout
    assert (mctp.exit_code, doe.exit_code) == (OK, OK)
    cut = decode("06" + record[:-2])
    assert cut.exit_code == FINDING
    assert "! payload: needs 4 bytes, 3 are left" in cut.stdout


def test_what_came_in_chunks_is_shown_whole():
    run = captured("v14-mctp-mldsa65-secp384")
    text = "".join(f"{p.request.hex()}\n{p.response.hex()}\n" for p in run.messages())
    result = decode("-", "--split", "lines", stdin=text.encode())
    assert result.exit_code == OK, result.stdout[-2000:]
    shown = [line.split()[-4] for line in titles(result) if line.endswith("bytes (in chunks)")]
    large = [len(pair.response) for pair in run.whole_messages() if pair.reassembled]
    assert shown == [str(size) for size in large]
    assert len(shown) > 1


@pytest.mark.parametrize("missing", [True, False])
def test_sizes_of_a_key_exchange_can_be_told(missing):
    message = (CORPUS / "KEY_EXCHANGE_RSP" / "1.2.hex").read_text()
    told = ["--hash", "SHA-384", "--asym", "ECDSA-P384"]
    told += [] if missing else ["--exchange", "SECP384R1"]
    result = decode("-", *told, stdin=message.encode())
    assert result.exit_code == (FINDING if missing else OK), result.stdout


@pytest.mark.parametrize("data", ["10c3b2a1", "d4c3b2a1020004000000000000000000"])
def test_a_code_that_nobody_defined_is_a_finding(data):
    result = decode(data)
    assert result.exit_code == FINDING
    assert "  ! 0xc3 is no code of SPDM" in result.stdout


@pytest.mark.parametrize("stdin", [b"", b"\n\n", b"# nothing\n"])
def test_nothing_to_decode_is_a_finding(stdin):
    assert decode("-", stdin=stdin).exit_code == FINDING


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such-file.bin"],
        ["dead.bin"],
        ["zz"],
        ["--transport", "carrier-pigeon", "10840000"],
        ["--version", "1.9", "10840000"],
        ["--hash", "md5", "10840000"],
        ["--asym", "rot13", "10840000"],
        ["--req-asym", "rot13", "10840000"],
        ["--exchange", "rot13", "10840000"],
        ["--nonsense"],
    ],
    ids=" ".join,
)
def test_a_mistake_of_the_user_is_a_usage_error(arguments):
    result = decode(*arguments)
    assert result.exit_code == USAGE
    assert result.stdout == ""
    assert result.stderr


def test_long_fields_are_shown_in_full_on_demand():
    file = str(CORPUS / "CERTIFICATE/1.2.hex")
    assert max(map(len, decode("--split", "none", file).stdout.splitlines())) < 200
    full = decode("--split", "none", "--full", file).stdout
    assert max(map(len, full.splitlines())) > 2000


@pytest.mark.parametrize(("text", "code"), [("10840000", OK), ("1084", FINDING), ("zz", USAGE)])
def test_the_program_exits_with_the_code(text, code, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["decode", text])
    assert ended.value.code == code
    capsys.readouterr()


def test_rich_is_not_imported_when_nobody_watches():
    program = "import sys; from responder.cli.main import main\n"
    program += "try: main(['decode', '10840000'])\nexcept SystemExit: pass\n"
    program += "sys.exit('rich' in sys.modules or 'cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"GET_VERSION" in done.stdout
