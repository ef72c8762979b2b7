"""Processes as targets: transports that they do not speak, and our requester as one of them."""

import json
import sys

import pytest

from responder.campaign.plan import case_named
from responder.campaign.settings import SETTINGS
from responder.campaign.target import read_target
from responder.campaign.targets.runner import runner_of

SEED = b"sockets"
ATTEST = [sys.executable, "-m", "responder.cli.main", "attest", "{uri}", "--root", "{root}"]


@pytest.fixture
def runner(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(f"command = {json.dumps(ATTEST)}\n")
    one = runner_of(read_target(str(path)), tmp_path)
    yield one
    one.close()


@pytest.mark.parametrize("setting", ["socket-tcp", "mailbox"])
def test_a_transport_that_it_does_not_speak_is_not_implemented(runner, setting):
    seen = runner.run(SETTINGS[setting], (), SEED)
    assert seen.unimplemented
    assert "reached in this way" in seen.text


def test_our_requester_as_a_process_refuses_and_the_wire_shows_it(runner):
    case = case_named("dig.all-wrong")
    healthy = runner.run(case.setting, (), SEED)
    assert healthy.succeeded, healthy.process.stderr
    seen = runner.run(case.setting, [case.fault], SEED)
    assert not seen.succeeded
    assert seen.wire.strikes[0].message == "DIGESTS"
    assert seen.wire.reaction[-1] == "close"
