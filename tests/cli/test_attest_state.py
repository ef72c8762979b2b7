"""``attest --save-state``, ``--load-state`` and ``--end-session``, and their file."""

import json
import socket

import pytest
from click.testing import CliRunner

from responder.cli.attest import command
from responder.cli.main import cli

SESSIONS = {
    "spdm": {"capabilities": ["CACHE", "CERT", "CHAL", "MEAS_SIG", "KEY_EX", "ENCRYPT", "MAC"]},
    "algorithms": {"dhe": ["SECP256R1"], "aead": ["AES-256-GCM"], "key_schedule": ["SPDM"]},
}
VCA = ["GET_VERSION", "GET_CAPABILITIES", "NEGOTIATE_ALGORITHMS"]


@pytest.fixture
def served(spdm_responder_factory):
    """A device with CACHE_CAP and one endpoint for all."""
    return spdm_responder_factory(overrides=SESSIONS, attach="sticky")


def attest(served, *arguments, code=0):
    """The report of an attestation with a session, and what was said on stderr."""
    result = CliRunner().invoke(command, [served.uri, "--json", "--session", "kex", *arguments])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout), result.stderr


def asked(report):
    return [exchange["request"] for exchange in report["exchanges"]]


@pytest.fixture
def file(served, tmp_path):
    """A state that an attestation has saved."""
    path = tmp_path / "state"
    report, _ = attest(served, "--save-state", str(path))
    assert asked(report)[:3] == VCA
    return path


def test_what_was_saved_is_begun_with(served, file):
    report, _ = attest(served, "--load-state", str(file))
    assert report["verdict"] == "attested"
    assert asked(report)[0] == "GET_DIGESTS"
    assert not set(VCA) & set(asked(report))


def test_a_device_that_has_forgotten_is_asked_anew_and_the_file_renewed(
    spdm_responder_factory, file
):
    before = file.read_text()
    slower = SESSIONS["spdm"] | {"ct_exponent": 9}
    other = spdm_responder_factory(overrides=SESSIONS | {"spdm": slower})
    report, _ = attest(other, "--load-state", str(file))
    assert asked(report)[:4] == ["GET_DIGESTS", *VCA]
    assert [seen["id"] for seen in report["observations"]] == ["state.forgotten"]
    assert json.loads(before)["messages"] != report["negotiated_state"]
    assert json.loads(file.read_text())["messages"] == report["negotiated_state"]
    assert list(file.parent.iterdir()) == [file]


def test_a_device_that_remembers_leaves_the_file_as_it_is(served, file):
    before = file.stat()
    attest(served, "--load-state", str(file))
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_end_session_can_clear_it(served, file):
    report, said = attest(served, "--save-state", str(file), "--end-session", "clear")
    assert report["negotiated_state"] == []
    assert f"no negotiated state to keep: {file}" in said
    assert not file.exists()


def test_after_that_the_device_has_forgotten(served, file):
    attest(served, "--load-state", str(file), "--end-session", "clear")
    report, _ = attest(served, "--load-state", str(file))
    assert asked(report)[:4] == ["GET_DIGESTS", *VCA]


def test_of_a_device_without_cache_cap_nothing_is_saved(spdm_responder_factory, file):
    plain = {**SESSIONS, "spdm": {"capabilities": SESSIONS["spdm"]["capabilities"][1:]}}
    attest(spdm_responder_factory(overrides=plain), "--save-state", str(file))
    assert not file.exists()


def test_a_stale_state_is_refused_and_not_saved(spdm_responder_factory, file):
    fault = "state.vca-cache-kept-wrong:GET_CAPABILITIES"
    lying = spdm_responder_factory(overrides=SESSIONS, attach="sticky", faults=[fault])
    attest(lying, "--save-state", str(file))
    report, _ = attest(lying, "--load-state", str(file), "--save-state", str(file), code=1)
    assert report["refusal"]["check"] == "chal.signature"
    assert not file.exists()


def test_who_answers_not_at_all_changes_no_file(file, unused_tcp_port_uri):
    before = file.read_bytes()
    arguments = [unused_tcp_port_uri, "--save-state", str(file)]
    assert CliRunner().invoke(command, arguments).exit_code == 4
    assert file.read_bytes() == before


@pytest.fixture
def unused_tcp_port_uri():
    """An address at which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"spdm-emu+mctp://127.0.0.1:{sock.getsockname()[1]}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text[:-9], "damaged"),
        (lambda _: "[]", "damaged"),
        (lambda _: "{}", "damaged"),
        (lambda text: text.replace("state 1", "state 2"), "unknown format"),
        (lambda text: text.replace('"10840000"', '"10840001"'), "checksum"),
        (lambda text: text.replace('"10840000"', '"x"'), "damaged"),
    ],
)
def test_a_damaged_file_is_a_mistake(served, file, change, reason):
    file.write_text(change(file.read_text()))
    arguments = ["attest", served.uri, "--load-state", str(file)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code != 0
    assert reason in str(result.exception) + result.output
    assert str(file) in str(result.exception) + result.output


def test_a_file_of_another_offer_is_a_mistake(served, file):
    result = CliRunner().invoke(cli, ["attest", served.uri, "--load-state", str(file)])
    assert result.exit_code != 0
    assert "agreed by another offer: GET_CAPABILITIES" in str(result.exception) + result.output


def test_a_file_that_cannot_be_written_is_told(served, tmp_path):
    folder = tmp_path / "missing"
    arguments = ["attest", served.uri, "--save-state", str(folder / "state")]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code != 0
    assert "No such file" in str(result.exception) + result.output


def test_without_a_session_there_is_none_to_end(served):
    result = CliRunner().invoke(command, [served.uri, "--end-session", "clear"])
    assert result.exit_code == 2
    assert "--end-session needs a --session" in result.output
