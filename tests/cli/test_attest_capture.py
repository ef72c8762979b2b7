"""``attest --capture`` writes what the responder saw; it is read as any capture is."""

import socket

import pytest
from click.testing import CliRunner

from responder.cli.attest import command as attest
from responder.decode.decoder import Decoder
from responder.decode.source import path_payloads
from responder.transport.socket_frame import wrap_frame

FULL = pytest.mark.spdm_profile("full")


def run(command, *arguments):
    result = CliRunner().invoke(command, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def messages(path):
    decoder = Decoder()
    payloads = [one for payload in path_payloads(path) for one in decoder.decode(payload)]
    assert [one.problems for one in payloads if one.problems] == []
    return payloads


@FULL
@pytest.mark.parametrize("scheme", ["mctp", "doe", "tcp"])
def test_all_that_the_responder_saw(scheme, spdm_responder, tmp_path):
    path = tmp_path / "wire.pcapng"
    uri = spdm_responder.uri.replace("spdm-emu", f"spdm-emu+{scheme}")
    result = run(attest, uri, "--capture", path, "--session", "kex:heartbeat")
    assert result.exit_code == 0, result.output
    found = messages(path)
    outside = [one for one in spdm_responder.events.messages() if one.event.session_id is None]
    seen = [one.data for one in found if one.kind == "message"]
    padded = [one.message for one in outside]
    assert [data.rstrip(b"\0") for data in seen] == [data.rstrip(b"\0") for data in padded]
    records = [one.direction for one in found if one.kind == "record"]
    assert records == ["request", "response"] * 2
    assert {one.binding for one in found} == {scheme}


@pytest.mark.spdm_profile("qemu-nvme")
def test_storage_commands(spdm_responder, tmp_path):
    path = tmp_path / "wire.pcapng"
    uri = spdm_responder.uri.replace("spdm-emu", "spdm-emu+storage")
    assert run(attest, uri, "--capture", path).exit_code == 0
    found = messages(path)
    assert {one.binding for one in found} == {"storage"}
    assert "CHALLENGE_AUTH" in {one.name for one in found}


def test_dsp0287_has_no_frames_around_it(spdm_responder_factory, tmp_path):
    path = tmp_path / "wire.pcapng"
    responder = spdm_responder_factory("default", uri="dsp0287://127.0.0.1:0")
    assert run(attest, responder.uri, "--capture", path).exit_code == 0
    assert {one.binding for one in messages(path)} == {"tcp"}
    assert bytes.fromhex("06000105 10840000") in path.read_bytes()
    assert wrap_frame(1, 3, b"")[:8] not in path.read_bytes()


def test_what_was_sent_is_there_although_nothing_came(tmp_path):
    path = tmp_path / "wire.pcapng"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"spdm-emu+mctp://127.0.0.1:{silent.getsockname()[1]}"
        assert run(attest, uri, "--capture", path, "--timeout", "0.1").exit_code == 4
    assert [one.name for one in messages(path)] == ["GET_VERSION"]


@FULL
def test_a_record_that_its_transport_cannot_carry_is_not_there(spdm_responder, tmp_path):
    path = tmp_path / "wire.pcapng"
    uri = spdm_responder.uri.replace("spdm-emu", "spdm-emu+none")
    assert run(attest, uri, "--capture", path, "--session", "kex:heartbeat").exit_code == 1
    found = messages(path)
    assert {one.kind for one in found} == {"message"}
    assert found[-1].name == "FINISH_RSP"


def test_a_file_that_cannot_be_written(spdm_responder, tmp_path):
    path = tmp_path / "none" / "wire.pcapng"
    result = CliRunner().invoke(attest, [spdm_responder.uri, "--capture", str(path)])
    assert isinstance(result.exception, FileNotFoundError)
