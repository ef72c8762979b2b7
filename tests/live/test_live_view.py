"""``serve --live`` in a real terminal: what is on it, and that it is given back."""

import json
import re
import signal
import subprocess
import sys

import pytest
from live.conftest import COMMAND

MASKS = (
    (r"up \d:\d\d:\d\d", "up H:MM:SS"),
    (r"127\.0\.0\.1:\d+ *", "127.0.0.1:PORT "),
    (r"\d+\.\d/s [ ▁▂▃▄▅▆▇█]*", "RATE "),
    (r"^ +\d+\.\d{3} ", " TIME "),
    (r"\b(now|\d+ s)\b", "AGO"),
)
"""What is another each time."""


def stable(lines):
    """The lines with what changes from run to run covered."""
    for pattern, cover in MASKS:
        lines = [re.sub(pattern, cover, line) for line in lines]
    return [re.sub(" {2,}", "  ", line).rstrip() for line in lines]


AT_80_BY_24 = """\
 spdm-responder  default  A well-behaved device: SPDM 1.0 to 1.4, e… up H:MM:SS
 spdm-emu://127.0.0.1:PORT
 SPDM 1.0 1.1 1.2 1.3 1.4, slots 0 1, 9 measurements
 7 requests  RATE 0 errors  0 lost
── Connections ───────────────────────────────────────────── 1 open, 2 so far ──
  #2 127.0.0.1:PORT version  1  0  AGO
  #1 127.0.0.1:PORT left: the peer closed the connection

── Exchanges ─────────────────────────────── s in a session, ! error, * fault ──
  time  # request  bytes  response  bytes
 TIME  #1 GET_VERSION  4  VERSION  16
 TIME  #1 GET_CAPABILITIES  20  CAPABILITIES  20
 TIME  #1 NEGOTIATE_ALGORITHMS  48  ALGORITHMS  52
 TIME  #1 GET_DIGESTS  4  DIGESTS  132
 TIME  #1 GET_CERTIFICATE  8  CERTIFICATE  2,068
 TIME  #1 CHALLENGE  44  CHALLENGE_AUTH  306 * sig.bit…
 TIME  #2 GET_VERSION  4  VERSION  16

── Faults in force ──────────────────────────────────────────── 1 of 1 struck ──
 sig.bitflip:CHALLENGE_AUTH  1 x  AGO CHALLENGE_AUTH: flip 1 of 132 b…
── Events ──────────────────────────────────────────────────────────────────────


 q ends"""


def test_the_screen_after_an_attestation_that_a_fault_has_spoilt(watched):
    one = watched(80, 24)
    one.serve("--fault", "sig.bitflip:CHALLENGE_AUTH")
    assert one.attest() == 1
    with one.ask_version():
        lines = one.tmux.wait_for(r"#2 GET_VERSION +4 +VERSION +16")
        assert "\n".join(stable(lines)) == AT_80_BY_24


def is_whole(lines, rows):
    return len(lines) == rows and lines[0].startswith(" spdm-") and lines[-1] == " q ends"


def test_another_size_and_back(watched):
    one = watched(80, 24)
    one.serve("tdisp-device")
    with one.ask_version():
        small = one.tmux.wait_for("1 open")
        one.tmux.resize(200, 60)
        wide = one.tmux.wait_for(lambda lines: is_whole(lines, 60))
        assert [line[99] for line in wide[4:-1]] == ["│"] * 55
        assert re.search(r"── Exchanges ──", wide[4])
        assert any("0 unlocked" in line and "4 unlocked" in line for line in wide)
        one.tmux.resize(80, 24)
        back = one.tmux.wait_for(lambda lines: is_whole(lines, 24))
        assert stable(back) == stable(small)


def end_by_key(key):
    return lambda one: one.tmux.type(key)


def end_by_signal(number):
    return lambda one: one.signal(number)


@pytest.mark.parametrize(
    "end",
    [end_by_key("q"), end_by_key("C-c"), end_by_signal(signal.SIGTERM)],
    ids=["q", "Ctrl-C", "SIGTERM"],
)
def test_it_ends_and_gives_the_terminal_back(watched, end):
    one = watched(100, 30)
    one.serve("--fault", "sig.bitflip:CHALLENGE_AUTH")
    assert one.tmux.state("alternate_on") == "1"
    with one.ask_version():
        one.tmux.wait_for("1 open")
        end(one)
        lines = one.tmux.wait_for("exit code 0")
    text = "\n".join(lines)
    assert "LISTENING spdm-emu://127.0.0.1:" in text, "what was said before is there again"
    assert "FaultMissed fault=sig.bitflip:CHALLENGE_AUTH" in text
    assert "0 connections of 1, 0 sessions, 1 request" in text
    one.assert_given_back()


def test_junk_does_nothing(watched):
    """Pasted text with the key that ends, escape sequences, and keys that have no meaning."""
    one = watched(80, 24)
    one.serve()
    junk = "q quit \x1b[2J\x1b]0;title\x07 q\rrm -rf\t\x13 " + "Ωq" * 300
    one.tmux.paste(junk, marked=True)
    one.tmux.paste(junk, marked=False)
    one.tmux.type("Up", "F5", "C-s", "Escape", "Enter", "z", "PageDown")
    assert one.attest() == 0
    assert one.tmux.wait_for("CHALLENGE_AUTH")[-1] == " q ends"
    one.tmux.type("q")
    assert "Ω" not in "\n".join(one.tmux.wait_for("exit code 0")), "nothing is left for the shell"
    one.assert_given_back()


def test_faults_that_steering_adds_are_shown(watched, tmp_path):
    one = watched(80, 24)
    control = f"unix:{tmp_path}/ctrl"
    one.serve("--ctrl", control)
    assert "Faults" not in "\n".join(one.tmux.screen())
    added = subprocess.run(
        [*COMMAND, "ctl", "--ctrl", control, "fault", "add", "sig.bitflip:CHALLENGE_AUTH"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert added.returncode == 0, added.stderr
    one.tmux.wait_for(r"sig\.bitflip:CHALLENGE_AUTH +not yet")
    assert one.attest() == 1
    one.tmux.wait_for(r"sig\.bitflip:CHALLENGE_AUTH +1 x")


def test_suspended_and_continued(watched):
    one = watched(80, 24)
    one.serve()
    one.tmux.type("C-z")
    one.tmux.wait_for("Stopped")
    one.assert_given_back()
    one.tmux.command("fg")
    one.tmux.wait_for("q ends")
    assert one.tmux.state("alternate_on") == "1"
    assert one.attest() == 0
    one.tmux.wait_for("CHALLENGE_AUTH")
    one.tmux.type("q")
    one.tmux.wait_for(lambda lines: lines[-1] != " q ends")
    one.assert_given_back()


BROKEN = """
import sys
from responder.cli.main import main
from responder.server.server import Server
def left(self, connection, reason):
    raise SystemExit(71)
Server.left = left
main(sys.argv[1:])
"""


def test_a_crash_gives_the_terminal_back(watched):
    one = watched(80, 24)
    one.serve(program=[sys.executable, "-c", BROKEN])
    one.ask_version().close()
    one.tmux.wait_for("exit code 71")
    one.assert_given_back()


def test_the_server_outlives_its_terminal(watched):
    one = watched(80, 24)
    one.serve()
    one.tmux.run("respawn-pane", "-k", "sh")
    assert one.attest() == 0


def test_a_dumb_terminal_gets_lines(watched):
    one = watched(100, 24)
    one.tmux.command("export TERM=dumb")
    one.serve(begun="READY spdm-emu://")
    assert one.tmux.state("alternate_on") == "0"
    one.ask_version().close()
    one.tmux.wait_for("PeerLeft")
    one.tmux.type("C-c")
    one.tmux.wait_for("exit code 0")
    one.tmux.wait_for("live: 0 connections of 1, 0 sessions, 1 request")


def test_no_key_is_shown(watched, tmp_path):
    """All bytes that were ever written to the terminal have none of the keys of a session."""
    one = watched(200, 60)
    written, keylog = tmp_path / "written", tmp_path / "keys.jsonl"
    one.tmux.run("pipe-pane", "-o", f"cat > {written}")
    one.serve("tdisp-device", "--keylog", str(keylog), "--log-level", "debug")
    assert one.attest("--session", "kex") == 0
    one.tmux.wait_for("END_SESSION_ACK")
    one.tmux.type("q")
    one.tmux.wait_for("exit code 0")
    shown = written.read_bytes()
    assert b"FINISH_RSP" in shown
    keys = [json.loads(line) for line in keylog.read_text().splitlines()]
    assert len(keys) >= 4
    for key in keys:
        for name in ("key", "iv"):
            assert key[name].encode() not in shown
            assert bytes.fromhex(key[name]) not in shown
