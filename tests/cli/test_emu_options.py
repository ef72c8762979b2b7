"""Command lines of ``spdm_responder_emu``: those of 154 recorded runs, and each option alone."""

from pathlib import Path

import click
import pytest
from captures import loader

from responder.cli import emu_options
from responder.cli import emu_words as emu
from responder.core.effects import Send
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.errors import data_root
from responder.pki.spdm_emu import export_spdm_emu
from responder.profiles.load import load_profile
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, by_name
from responder.wire.algorithms import Algorithms
from responder.wire.context import WireContext

VCA = ["84>04", "e1>61", "e3>63"]


def translate(arguments):
    """The meaning of a command line given in a folder without keys."""
    return emu_options.translate(arguments, Path(__file__).parent)


def options_of(run):
    program, *options = run.responder.split()
    assert program.endswith("spdm_responder_emu")
    return options


def distinct_runs():
    """One recorded run for each command line."""
    return list({tuple(options_of(run)): run for run in loader.runs()}.values())


def negotiate(run):
    """What the recorded responder selected, and what ours selects of the same requests."""
    profile = load_profile("default", translate(options_of(run)).overrides)
    responder = Responder(profile.device, profile.policy, RandomTree(b""))
    pairs = [pair for pair in run.whole_messages() if pair.session is None][:3]
    assert [pair.name for pair in pairs] == VCA
    for pair in pairs:
        effects = responder.receive(pair.request, 0.0, padding=run.padding)
    (ours,) = (effect.message for effect in effects if isinstance(effect, Send))
    theirs = pairs[2].response
    context = WireContext(version=theirs[0])
    return Algorithms.parse(theirs, context, padding=run.padding), Algorithms.parse(ours, context)


@pytest.mark.parametrize("run", distinct_runs(), ids=lambda run: run.name)
def test_selects_what_the_recorded_responder_selected(run):
    theirs, ours = negotiate(run)
    assert ours == theirs


def test_every_recorded_command_line_is_understood():
    for run in loader.runs():
        translated = translate(options_of(run))
        assert translated.endpoint.transport == run.transport
        load_profile("default", translated.overrides)


def test_defaults():
    run = translate([])
    assert str(run.endpoint) == "spdm-emu+mctp://127.0.0.1:2323"
    assert (run.call, run.remote, run.once, run.verbose, run.warnings) == (
        False, False, True, False, []
    )  # fmt: skip
    profile = load_profile("default", run.overrides)
    assert [version.label for version in profile.policy.versions] == list(emu.VERSIONS)
    assert sum(profile.policy.algorithms.base_asym) == 0x90
    assert sum(profile.policy.algorithms.base_hash) == 0x03
    assert sum(profile.policy.algorithms.measurement_hash) == 0x0E
    assert profile.policy.data_transfer_size == 0x1200
    assert profile.device.supported_slot_mask() == 0b11


@pytest.mark.parametrize(
    ("options", "uri"),
    [
        ("--trans PCI_DOE", "spdm-emu+doe://127.0.0.1:2323"),
        ("--trans TCP", "spdm-emu+tcp://127.0.0.1:4194"),
        ("--trans NONE --port 1", "spdm-emu+none://127.0.0.1:1"),
        ("--trans TCP --port 99", "spdm-emu+tcp://127.0.0.1:99"),
        ("--ip 0.0.0.0 --port 0", "spdm-emu+mctp://0.0.0.0:0"),
        ("--port 5 --trans TCP --port 6 --trans MCTP", "spdm-emu+mctp://127.0.0.1:6"),
    ],
)
def test_endpoints(options, uri):
    run = translate(options.split())
    assert str(run.endpoint) == uri
    assert run.remote == ("--ip" in options)


def test_role_inquiry_calls_the_requester_over_tcp_only():
    assert translate(["--trans", "TCP", "--tcp_sub", "RI"]).call
    assert not translate(["--trans", "TCP", "--tcp_sub", "NO_RI"]).call
    assert not translate(["--tcp_sub", "RI"]).call


def test_execution_mode_and_verbosity():
    assert translate(["--exe_mode", "SHUTDOWN"]).once
    assert not translate(["--exe_mode", "CONTINUE"]).once
    assert translate(["-v"]).verbose
    assert translate(["--verbose"]).verbose


@pytest.mark.parametrize(
    ("options", "table", "key", "value"),
    [
        ("--ver 1.3", "spdm", "versions", ["1.3"]),
        ("--cap CERT,MEAS_NO_SIG,CHAL", "spdm", "capabilities", ["CERT", "CHAL", "MEAS_NO_SIG"]),
        ("--hash SHA3_256,SHA_512", "algorithms", "base_hash", ["SHA-512", "SHA3-256"]),
        ("--hash SHA_256,", "algorithms", "base_hash", ["SHA-256"]),
        ("--meas_hash RAW_BIT", "algorithms", "measurement_hash", ["RAW-BIT-STREAM"]),
        ("--asym EDDSA_25519", "algorithms", "base_asym", ["Ed25519"]),
        ("--asym RSASSA_2048,ECDSA_P521", "algorithms", "base_asym", ["ECDSA-P521", "RSASSA-2048"]),
        ("--asym SM2_P256,ECDSA_P256", "algorithms", "base_asym", ["ECDSA-P256"]),
        ("--asym NONE", "algorithms", "base_asym", []),
        ("--pqc_asym ML_DSA_44,ML_DSA_65", "algorithms", "pqc_asym", ["ML-DSA-65", "ML-DSA-44"]),
        ("--pqc_asym NONE", "algorithms", "pqc_asym", []),
        ("--pqc_first TRUE", "algorithms", "pqc_first", True),
        ("--pqc_first FALSE", "algorithms", "pqc_first", False),
        ("--dhe NONE", "algorithms", "dhe", []),
        ("--dhe SECP_521_R1", "algorithms", "dhe", ["SECP521R1"]),
        ("--aead SM4_128_GCM", "algorithms", "aead", ["SM4-GCM"]),
        ("--req_asym ECDSA_P384", "algorithms", "req_base_asym", ["ECDSA-P384"]),
        ("--kem ML_KEM_768", "algorithms", "kem", ["ML-KEM-768"]),
        ("--req_pqc_asym SLH_DSA_SHA2_128S", "algorithms", "req_pqc_asym", []),
        ("--key_schedule HMAC_HASH", "algorithms", "key_schedule", ["SPDM"]),
        ("--other_param OPAQUE_FMT_1", "algorithms", "opaque_formats", [1]),
        ("--other_param MULTI_KEY_CONN", "algorithms", "opaque_formats", []),
    ],
)
def test_options_that_change_the_profile(options, table, key, value):
    overrides = translate(options.split()).overrides
    assert overrides[table][key] == value
    load_profile("default", overrides)


def test_slot_0xff_stands_for_a_provisioned_public_key():
    overrides = translate(["--slot_id", "0xFF"]).overrides
    profile = load_profile("default", overrides)
    assert "CERT" not in overrides["spdm"]["capabilities"]
    assert "PUB_KEY_ID" in overrides["spdm"]["capabilities"]
    assert profile.device._public_key
    explicit = translate(["--slot_id", "0xFF", "--cap", "CERT,CHAL"]).overrides
    assert explicit["spdm"]["capabilities"] == ["CERT", "CHAL"]


def test_slots_beyond_those_of_the_set_share_its_files():
    p256 = load_profile("default", translate(["--slot_count", "8"]).overrides).device
    rsa = translate(["--slot_count", "3", "--asym", "RSASSA_2048"]).overrides
    assert p256.supported_slot_mask() == 0xFF
    assert [slot["set_slot"] for slot in rsa["slot"]] == [0, 1, 0]
    assert load_profile("default", rsa).device.supported_slot_mask() == 0b111


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        ("--asym SM2_P256", "--asym: not offered, because it cannot be computed: SM2-P256"),
        ("--pqc_asym SLH_DSA_SHA2_128S", "--pqc_asym: not offered, because it cannot be computed"),
        (
            "--kem ML_KEM_512,ML_KEM_768",
            "--kem: not offered, because it cannot be computed: ML-KEM",
        ),
        ("--save_state x --cap CERT,CHAL", "--save_state: without CACHE no negotiated state"),
        ("--pcap x.pcap", "--pcap x.pcap: no capture is written"),
        ("--exe_conn VER_ONLY", "--exe_conn VER_ONLY: state is not provisioned"),
    ],
)
def test_what_is_not_done_is_said_in_one_line(options, warning):
    (said,) = translate(options.split()).warnings
    assert said.startswith(warning)
    assert "\n" not in said


@pytest.mark.parametrize(
    "options",
    [
        "--mut_auth NO --basic_mut_auth NO --dhe NONE --req_asym NONE --kem NONE --pqc_asym NONE",
        "--exe_conn DIGEST,CERT,CHAL,MEAS --exe_session KEY_EX,APP --meas_sum TCB --meas_op ALL",
        "--meas_att RAW --key_upd RSP --req_slot_id 0 --peer_cap CERT,CHAL --priv_key_mode PEM",
        "--cap CERT,CHAL,MEAS_SIG --other_param OPAQUE_FMT_1 --pqc_first FALSE --slot_id 3",
    ],
)
def test_what_has_no_effect_there_either_needs_no_warning(options):
    assert translate(options.split()).warnings == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--hsh SHA_256", r"no such option: --hsh \(did you mean --hash\?\)"),
        ("serve", "no such option: serve"),
        ("--hash", "--hash needs a value"),
        ("--hash SHA-256", r"--hash does not take 'SHA-256' \(did you mean SHA_256\?\)"),
        ("--asym ECDSA_P384,ECDSA_384", r"'ECDSA_384' \(did you mean ECDSA_P384\?\)"),
        ("--ver 1.5", "--ver does not take '1.5'"),
        ("--ver 1.1,1.2", "--ver does not take '1.1,1.2'"),
        ("--trans DOE", r"--trans does not take 'DOE' \(did you mean PCI_DOE\?\)"),
        ("--cap CERT,PSK_CONTEXT", r"'PSK_CONTEXT' \(did you mean PSK_WITH_CONTEXT\?\)"),
        ("--port 65536", "--port takes a number up to 65535"),
        ("--port x", "--port takes a number up to 65535"),
        ("--slot_count 9", "--slot_count does not take '9'"),
        ("--exe_mode STOP", "--exe_mode does not take 'STOP'"),
    ],
)
def test_what_that_program_does_not_know_is_a_usage_error(options, message):
    with pytest.raises(click.UsageError, match=message) as caught:
        translate(options.split())
    assert caught.value.exit_code == 2


def test_the_keys_of_the_working_directory_are_used_like_that_program_does(tmp_path):
    for name, content in export_spdm_emu("device", data_root("certs")).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    profile = load_profile("default", emu_options.translate([], tmp_path).overrides)
    chain = (tmp_path / "ecp384" / "bundle_responder.certchain.der").read_bytes()
    other = (tmp_path / "ecp384" / "bundle_responder.certchain1.der").read_bytes()
    p384, sha384 = by_name(BASE_ASYM, "ECDSA-P384"), by_name(BASE_HASHES, "SHA-384")
    assert profile.device.slot(0).chain(p384, sha384).endswith(chain)
    assert profile.device.slot(1).chain(p384, sha384).endswith(other)
    assert chain != other


def test_a_key_folder_without_post_quantum_keys_is_used_for_the_others(tmp_path):
    for name, content in export_spdm_emu("device", data_root("certs")).items():
        if not name.startswith("mldsa"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
    overrides = emu_options.translate([], tmp_path).overrides
    assert overrides["algorithms"]["pqc_asym"] == []
    assert overrides["slot"][0]["set"] == str(tmp_path)
    public = emu_options.translate(["--slot_id", "0xFF"], tmp_path).overrides["public_key"]
    assert public == {"set": str(tmp_path)}
    whole = emu_options.translate([], Path(__file__).parent).overrides
    assert whole["algorithms"]["pqc_asym"] == ["ML-DSA-87", "ML-DSA-65", "ML-DSA-44"]
