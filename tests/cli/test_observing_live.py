"""``serve --live`` without a terminal; with one, see ``tests/live``."""

import json
import re

from cli.serve_process import GET_VERSION, answer_code, serving


def ended(*arguments):
    """What is on stderr of a server that has answered one request."""
    with serving("--port", "0", "--live", "--once", *arguments) as served:
        served.read_ready()
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            assert answer_code(peer) == 0x04
        code, err = served.outcome()
        assert code == 0
        return err.splitlines()


def test_lines_besides_the_log():
    lines = ended()
    assert any("info    #1 PeerLeft" in line for line in lines)
    told = [line for line in lines if line.startswith("live: ")]
    assert re.fullmatch(
        r"live: 0 connections of 1, 0 sessions, 1 request \(\d\.\d/s\), 0 errors", told[-1]
    )


def test_lines_have_the_form_of_the_log():
    lines = [json.loads(line) for line in ended("--log-format", "json")]
    assert [line for line in lines if line.get("notice", "").startswith("live: ")]
