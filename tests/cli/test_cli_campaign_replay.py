"""``campaign replay``: one case again, with the exchange, what the requester wrote, the verdict."""

import json

import pytest
from campaign.tiny_target import CASE, tiny_target
from click.testing import CliRunner

from responder.cli.campaign_replay import command
from responder.errors import ConfigError


@pytest.fixture
def replay():
    """Runs the verb; its result."""

    def replay(*arguments):
        return CliRunner().invoke(command, [str(one) for one in arguments])

    return replay


def test_a_failure_is_shown_with_its_bytes_and_the_duty(replay, tmp_path):
    result = replay(CASE, "--target", tiny_target(tmp_path, "accept"))
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0].startswith(f"{CASE}  ")
    (struck,) = (line for line in lines if line.startswith("* "))
    assert struck.split()[1:] == ["1", "GET_VERSION", "1.0", "4", "VERSION", "1.0", "6"]
    assert any("version_number_entry_count" in line and "[00]" in line for line in lines)
    assert "  then the requester did: close" in lines
    assert any(line.startswith("the requester ended with exit code 0 after ") for line in lines)
    assert any(line.startswith("verdict  accepted (") for line in lines)
    assert any(line.startswith("duty     reject: ") for line in lines)
    assert any(line.startswith("source   ") for line in lines)


def test_a_pass_is_exit_0_with_what_the_requester_wrote(replay, tmp_path):
    result = replay(CASE, "--target", tiny_target(tmp_path, "refuse"))
    assert result.exit_code == 0
    assert "    that answer is wrong" in result.output.splitlines()
    assert "verdict  pass: it refused" in result.output


def test_our_requester_says_by_which_check_it_refused(replay):
    result = replay("sig.bitflip:CHALLENGE_AUTH", "--target", "our-requester")
    assert result.exit_code == 0
    assert "verdict  pass: it refused for chal.signature" in result.output
    assert "signature.s" in result.output


def test_json_has_all_bytes_of_a_pass_too(replay):
    result = replay("sig.bitflip:CHALLENGE_AUTH", "--target", "our-requester", "--json")
    found = json.loads(result.output)
    assert (found["verdict"], found["duty"], found["reasons"]) == (
        "pass",
        "reject",
        ["chal.signature"],
    )
    assert found["exchanges"][0]["request"] == {"name": "GET_VERSION", "bytes": "10840000"}
    assert len(bytes.fromhex(found["exchanges"][4]["response"]["bytes"])) > 500
    (strike,) = found["strikes"]
    assert found["exchanges"][strike["exchange"]]["struck"]
    assert strike["before"] != strike["after"]


def test_the_seed_is_that_of_the_device(replay):
    def nonce(seed):
        result = replay(
            "sig.bitflip:CHALLENGE_AUTH", "--target", "our-requester", "--json", "--seed", seed
        )
        return json.loads(result.output)["strikes"][0]["before"]

    assert nonce("one") == nonce("one") != nonce("other")


def test_the_exchanges_go_into_a_file_for_wireshark(replay, tmp_path):
    path = tmp_path / "case.pcapng"
    replay(CASE, "--target", tiny_target(tmp_path, "accept"), "--pcapng", path)
    content = path.read_bytes()
    assert content[:4] == bytes.fromhex("0a0d0d0a")
    assert f"{CASE} with accept: accepted".encode() in content
    assert content.count(bytes.fromhex("10840000")) == 1


def test_a_crash_names_the_signal(replay, tmp_path):
    result = replay(CASE, "--target", tiny_target(tmp_path, "segfault"))
    assert result.exit_code == 1
    assert "verdict  crash: it was ended by SIGSEGV" in result.output


def test_what_the_requester_cannot_meet_is_said(replay, tmp_path):
    result = replay("sig.bitflip:CHALLENGE_AUTH", "--target", tiny_target(tmp_path, "accept"))
    assert result.exit_code == 0
    assert "verdict  unimplemented: it never has CHALLENGE_AUTH" in result.output
    assert "nothing was asked" in result.output


def test_a_case_and_a_target_are_needed(replay, tmp_path):
    assert replay("ver.count-zero").exit_code == 2
    assert replay("--target", "our-requester").exit_code == 2
    assert replay(CASE, "--from", tmp_path).exit_code == 2
    unknown = replay("ver.count-zer", "--target", "our-requester")
    assert isinstance(unknown.exception, ConfigError)
    assert "ver.count-zero" in str(unknown.exception)
