"""A process against a served device: what it is told, and how its output is understood."""

import json
import sys

import pytest

from responder.campaign.plan import case_named
from responder.campaign.settings import SETTINGS
from responder.campaign.target import read_target
from responder.campaign.targets.runner import runner_of
from responder.errors import ConfigError, UnavailableError

SEED = b"sockets"
ATTEST = [sys.executable, "-m", "responder.cli.main", "attest", "{uri}", "--root", "{root}"]
TELLS = "import os, sys, json; print(json.dumps([sys.argv[1:], os.getcwd(), os.environ.get('A')]))"


@pytest.fixture
def runner(tmp_path):
    made = []

    def make(command, **keys):
        path = tmp_path / "mine.toml"
        tables = "".join(f"{key} = {value}\n" for key, value in keys.items())
        path.write_text(f"command = {json.dumps(command)}\n{tables}")
        made.append(runner_of(read_target(str(path)), tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.close()


def said(observed):
    return json.loads(observed.process.stdout)


def test_what_stands_in_braces_is_filled_in(runner):
    names = ["port", "host", "uri", "version", "case", "setting", "transport", "base_asym"]
    command = [sys.executable, "-c", TELLS, *[f"{{{name}}}" for name in names]]
    seen = runner(command).run(SETTINGS["attestation-1.2"], (), SEED, "a.case")
    port, host, uri, *others = said(seen)[0]
    assert uri == f"spdm-emu+mctp://{host}:{port}"
    assert others == ["1.2", "a.case", "attestation-1.2", "mctp", "ECDSA-P256"]


def test_names_environment_and_folder_are_the_targets(runner, tmp_path):
    command = [sys.executable, "-c", TELLS, "{base_asym}", "{transport}"]
    keys = {"cwd": json.dumps(str(tmp_path)), "env": '{ A = "{version}" }'}
    names = 'names = { ECDSA-P256 = "P256", mctp = "M" }\n'
    seen = runner(command, **keys, transports='["mctp"]\n' + names).run(
        SETTINGS["attestation-1.3"], (), SEED
    )
    assert said(seen) == [["P256", "M"], str(tmp_path), "1.3"]


def test_what_there_is_not_is_a_mistake(runner):
    with pytest.raises(ConfigError, match="prot") as error:
        runner([sys.executable, "{prot}"]).run(SETTINGS["attestation"], (), SEED)
    assert error.value.suggestion == "port"


def test_a_program_that_is_not_there_is_said_at_once(runner):
    with pytest.raises(UnavailableError, match="no-such-program"):
        runner(["no-such-program"])


@pytest.mark.parametrize(
    ("setting", "words"),
    [("socket-tcp", "reached in this way"), ("mailbox", "reached in this way")],
)
def test_a_transport_that_it_does_not_speak_is_not_implemented(runner, setting, words):
    seen = runner([sys.executable, "-c", "pass"]).run(SETTINGS[setting], (), SEED)
    assert seen.unimplemented
    assert words in seen.text


class TestOutput:
    """How exit code and text are understood."""

    def run(self, runner, code, **keys):
        case = case_named("dig.all-wrong")
        return runner([sys.executable, "-c", code], **keys).run(case.setting, [case.fault], SEED)

    def test_exit_code_89_is_unimplemented(self, runner):
        assert self.run(runner, "raise SystemExit(89)").unimplemented

    @pytest.mark.parametrize(
        ("keys", "succeeded"),
        [
            ({}, False),
            ({"success.exit": "[0, 5]"}, True),
            ({"success.exit": "[5]", "success.must": '["^fine$"]'}, True),
            ({"success.exit": "[5]", "success.must_not": '["fine"]'}, False),
        ],
    )
    def test_success_is_what_the_target_says(self, runner, keys, succeeded):
        seen = self.run(runner, "print('well'); print('fine'); raise SystemExit(5)", **keys)
        assert seen.succeeded is succeeded

    def test_its_words_are_reasons(self, runner):
        keys = {"reasons": '{ "no match" = ["cert.digest"], "other" = ["x"] }'}
        seen = self.run(runner, "raise SystemExit('digest: no match')", **keys)
        assert seen.reasons == ("cert.digest",)
        assert seen.text == "digest: no match"

    def test_what_it_tells_is_surfaced_by_text_or_file(self, runner):
        assert self.run(runner, "pass").surfaced is None
        keys = {"surfaced.must": '"odd"'}
        assert self.run(runner, "print('how odd')", **keys).surfaced == ("told",)
        assert self.run(runner, "print('well')", **keys).surfaced == ()
        keys = {"surfaced.file": '"log"'}
        assert self.run(runner, "open('log', 'w').write('odd')", **keys).surfaced == ("told",)


def test_our_requester_as_a_process_refuses_and_the_wire_shows_it(runner):
    case = case_named("dig.all-wrong")
    one = runner(ATTEST)
    healthy = one.run(case.setting, (), SEED)
    assert healthy.succeeded, healthy.process.stderr
    seen = one.run(case.setting, [case.fault], SEED)
    assert not seen.succeeded
    assert seen.wire.strikes[0].message == "DIGESTS"
    assert seen.wire.reaction[-1] == "close"


def test_another_way_is_tried_where_the_fault_does_not_strike(runner):
    case = case_named("dig.all-wrong")
    ways = '[{ settings = ["*"], args = ["--help"] }, { settings = ["*"], args = [] }]'
    seen = runner(ATTEST, conversations=ways).run(case.setting, [case.fault], SEED)
    assert seen.wire.strikes
