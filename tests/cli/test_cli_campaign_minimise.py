"""``campaign minimise``: a profile on standard output, and what was taken away beside it."""

import tomllib

import pytest
from campaign.tiny_target import CASE, TINY, tiny_target
from click.testing import CliRunner

from responder.cli.campaign_minimise import command
from responder.errors import ConfigError
from responder.profiles.load import load_profile


@pytest.fixture
def minimise():
    """Runs the verb; its result."""

    def minimise(*arguments):
        return CliRunner().invoke(command, [str(one) for one in arguments])

    return minimise


def test_a_case_of_a_process_becomes_a_small_profile(minimise, tmp_path):
    path = tmp_path / "small.toml"
    target = tiny_target(tmp_path, "accept")
    result = minimise(CASE, "--target", target, "-o", path)
    assert result.exit_code == 0, result.stderr
    assert [one.id for one in load_profile(str(path)).faults] == [CASE]
    document = tomllib.loads(path.read_text())
    assert document["spdm"]["capabilities"] == ["CERT", "CHAL"], "what our requester needs stays"
    assert len(document["slot"]) == len(document["spdm"]["versions"]) == 1
    assert "measurement" not in document
    assert path.read_text().startswith(
        f"# {CASE}, made smaller by spdm-responder campaign minimise.\n"
    )
    assert "accepted: " in result.stderr
    assert "without device: measurement" in result.stderr


def test_the_bounds_are_said(minimise, tmp_path):
    target = tiny_target(tmp_path, "accept")
    result = minimise(CASE, "--target", target, "--runs", "9", "--verbose")
    assert result.exit_code == 0
    assert "it ended after 9 runs, and may not be as small as it can be" in result.stderr
    assert tomllib.loads(result.stdout)["fault"]


def test_a_verdict_that_comes_and_goes_is_exit_1(minimise, tmp_path):
    """The requester is accepting and refusing in turn, where there is a fault."""
    script = tmp_path / "turn.sh"
    script.write_text(
        'if [ -n "$3" ] && [ -e "$0.was" ]; then rm "$0.was"; exit 1; fi\n'
        '[ -z "$3" ] || touch "$0.was"\nexec "$1" "$2" "$4" accept "$3"\n'
    )
    target = tmp_path / "turn.toml"
    target.write_text(
        f"command = ['sh', '{script}', '{{python}}', '{TINY}', '{{case}}', '{{port}}']\n"
    )
    result = minimise(CASE, "--target", target)
    assert result.exit_code == 1
    assert (
        "the verdict is flaky, it did not come each time: nothing was taken away" in result.stderr
    )


def test_what_does_not_fail_is_a_mistake(minimise, tmp_path):
    result = minimise(CASE, "--target", tiny_target(tmp_path, "refuse"))
    assert isinstance(result.exception, ConfigError)
    assert "does not fail: pass" in str(result.exception)
