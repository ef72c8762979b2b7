"""``serve --capture``: files, pipes, and what must not be in them."""

import json
import os
import shutil
import subprocess

import pytest
from click.testing import CliRunner
from serve_process import SHUTDOWN, answer_code, run, serving

from responder.cli.attest import command as attest
from responder.cli.decode import command as decode

GET_VERSION = bytes.fromhex("000000010000000000000004 10840000")
SESSIONS = ("--session", "kex:measurements,heartbeat", "--session", "kex:heartbeat")


def attested(uri, *options):
    result = CliRunner().invoke(attest, [uri.replace("spdm-emu", "spdm-emu+mctp"), *options])
    assert result.exit_code == 0, result.output


def captured(path, *options):
    """Serve two sessions; what the server said at its end."""
    with serving("full", "--port", "0", "--capture", str(path), *options) as served:
        attested(served.read_ready(), *SESSIONS)
        code, err = served.end()
    assert code == 0
    return err


def tshark(path, *arguments):
    """What Wireshark's own reader makes of a file."""
    if shutil.which("tshark") is None:
        if os.environ.get("CI"):
            pytest.fail("tshark is missing (scripts/setup-tools installs it)")
        pytest.skip("tshark is not installed")
    command = ["tshark", "-n", "-r", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_wireshark_finds_whole_streams_and_what_was_in_the_records(tmp_path):
    path, keys = tmp_path / "wire.pcapng", tmp_path / "keys.jsonl"
    err = captured(path, "--capture-plaintext", "--keylog", str(keys))
    assert "lost" not in err
    checked = ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE")
    wrong = "tcp.analysis.flags or tcp.checksum.status == 0 or ip.checksum.status == 0"
    assert tshark(path, *checked, "-Y", wrong) == ""
    fields = ("-T", "fields", "-e", "frame.interface_name", "-e", "frame.comment")
    rows = [line.split("\t") for line in tshark(path, *fields).splitlines()]
    plain = [comment.partition(" ")[0] for name, comment in rows if name == "spdm-plaintext"]
    wire = [comment.partition(" ")[0] for name, comment in rows if name == "spdm"]
    assert plain.count("HEARTBEAT") == plain.count("HEARTBEAT_ACK") == 2
    assert {"GET_MEASUREMENTS", "MEASUREMENTS", "END_SESSION_ACK"} <= set(plain)
    assert "KEY_EXCHANGE" in wire
    assert not {"HEARTBEAT", "HEARTBEAT_ACK"} & set(wire)


LISTENERS = ("spdm-emu://127.0.0.1:0", "dsp0287://127.0.0.1:0")
COMPARED = ("number", "kind", "name", "bytes", "fields", "direction", "session", "connection")


def test_plaintext_is_what_the_key_log_opens_over_every_transport(tmp_path):
    path, keys = tmp_path / "wire.pcapng", tmp_path / "keys.jsonl"
    listen = [word for uri in LISTENERS for word in ("--listen", uri)]
    options = ("--capture", str(path), "--capture-plaintext", "--keylog", str(keys))
    with serving("full", *listen, *options) as served:
        served.read_ready()
        socket_uri, alone = (line.split()[1] for line in served.lines[:2])
        bound = [f"spdm-emu+{name}" for name in ("mctp", "doe", "tcp", "storage")]
        for uri in (*(socket_uri.replace("spdm-emu", name) for name in bound), alone):
            steps = "kex:heartbeat,update-all-keys,heartbeat,update-key"
            result = CliRunner().invoke(attest, [uri, "--session", steps])
            assert result.exit_code == 0, result.output
        assert served.end()[0] == 0
    shown = [
        CliRunner().invoke(decode, [str(path), "--json", *more])
        for more in ([], ["--keylog", str(keys)])
    ]
    assert [result.exit_code for result in shown] == [0, 0]
    told, opened = (
        sorted(map(json.loads, result.stdout.splitlines()), key=lambda row: row["number"])
        for result in shown
    )
    assert [{key: row[key] for key in COMPARED} for row in told] == [
        {key: row[key] for key in COMPARED} for row in opened
    ]
    updates = [row["name"] for row in told if row["name"] == "KEY_UPDATE_ACK"]
    assert len(updates) >= 2 * 5


def test_a_capture_has_no_keys(tmp_path):
    path, keys = tmp_path / "wire.pcapng", tmp_path / "keys.jsonl"
    captured(path, "--capture-plaintext", "--keylog", str(keys))
    data = path.read_bytes()
    secrets = [json.loads(line) for line in keys.read_text().splitlines()]
    assert len(secrets) >= 8
    for name in ("key", "iv"):
        for row in secrets:
            assert bytes.fromhex(row[name]) not in data
            assert row[name].encode() not in data


def test_plaintext_is_for_the_owner_only(tmp_path):
    plain, sealed = tmp_path / "plain.pcapng", tmp_path / "sealed.pcapng"
    plain.touch(0o644)
    for path, options in ((plain, ["--capture-plaintext"]), (sealed, [])):
        with serving("--port", "0", "--capture", str(path), *options) as served:
            served.read_ready()
            assert served.end()[0] == 0
    umask = os.umask(0)
    os.umask(umask)
    assert plain.stat().st_mode & 0o777 == 0o600
    assert sealed.stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_file_for_spdm_dump_says_what_it_lacks(tmp_path):
    path = tmp_path / "wire.pcap"
    arguments = ("--port", "0", "--capture", str(path), "--capture-format", "spdm-dump")
    with serving(*arguments) as served:
        attested(served.read_ready())
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            answer_code(peer)
            peer.sendall(SHUTDOWN)
            peer.recv(12)
        code, err = served.end()
    assert code == 0
    assert path.read_bytes()[20:24].hex() == "23010000"
    assert "2 messages of another transport have no place in it" in err


def test_a_reader_that_leaves_its_pipe_stops_nothing(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with serving("--port", "0", "--capture", str(path)) as served:
        uri = served.read_ready()
        os.close(reader)
        attested(uri)
        attested(uri)
        code, err = served.end()
    assert code == 0
    assert "ObserverLost observer=capture" in err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--capture-plaintext"], "need --capture FILE"),
        (["--capture-format", "pcapng"], "need --capture FILE"),
        (
            ["--capture", "x", "--capture-plaintext", "--capture-format", "spdm-dump"],
            "has no place for --capture-plaintext",
        ),
    ],
)
def test_options_that_do_not_go_together(options, reason, tmp_path):
    code, _, err = run("--port", "0", *options, cwd=tmp_path)
    assert code == 2
    assert reason in err
    assert not (tmp_path / "x").exists()


def test_a_capture_that_cannot_be_written(tmp_path):
    code, _, err = run("--port", "0", "--capture", str(tmp_path / "none" / "wire.pcapng"))
    assert code == 4
    assert "capture" in err
