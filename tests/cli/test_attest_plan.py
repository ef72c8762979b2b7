"""Sessions and other steps of ``spdm-responder attest``, against responders on a socket."""

import json

import pytest
from click.testing import CliRunner

from responder.cli.attest import command
from responder.errors import data_root

DEVICE = data_root("certs") / "device"
CAPABILITIES = [
    "CERT", "CHAL", "MEAS_SIG", "MEAS_FRESH", "ENCRYPT", "MAC", "MUT_AUTH", "KEY_EX",
    "PSK_WITH_CONTEXT", "ENCAP", "HBEAT", "KEY_UPD", "CHUNK",
]  # fmt: skip
ALGORITHMS = {
    "base_asym": ["ECDSA-P256"],
    "base_hash": ["SHA-256"],
    "dhe": ["SECP256R1", "SECP384R1"],
    "aead": ["AES-256-GCM", "CHACHA20-POLY1305"],
    "req_base_asym": ["ECDSA-P256"],
    "key_schedule": ["SPDM"],
}
PSK = "--psk", b"hint".hex() + ":" + b"secret".hex()
IDENTITY = "--identity", str(DEVICE / "ecp256" / "requester.pem")


@pytest.fixture
def served(spdm_responder_factory):
    def serve(uri="spdm-emu+mctp://127.0.0.1:0", **session):
        overrides = {
            "spdm": {"capabilities": CAPABILITIES, "max_spdm_msg_size": 0x10000},
            "algorithms": ALGORITHMS,
            "session": {"heartbeat_period": 10, **session},
            "trust": {"requester_chains": ["shipped"]},
            "psk": [{"hint": "hint", "secret": "secret"}],
        }
        return spdm_responder_factory(overrides=overrides, uri=uri).uri

    return serve


def run(uri, *arguments):
    return CliRunner().invoke(command, [uri, *arguments])


def attested(uri, *arguments):
    result = run(uri, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("binding", ["spdm-emu+mctp", "spdm-emu+doe", "spdm-emu+tcp", "dsp0287"])
def test_sessions_in_each_binding(served, binding):
    uri = served(f"{binding}://127.0.0.1:0")
    steps = "heartbeat,update-key,update-all-keys,measurements"
    found = attested(uri, "--session", f"kex:{steps}", "--session", f"psk:{steps}", *PSK)
    assert [(s["opened_by"], s["steps"], s["ended"]) for s in found["sessions"]] == [
        ("KEY_EXCHANGE", steps.split(","), True),
        ("PSK_EXCHANGE", steps.split(","), True),
    ]


@pytest.mark.parametrize("form", ["without-encapsulation", "with-encapsulation", "with-digests"])
def test_mutual_authentication(served, form):
    uri = served(mutual_auth=form, basic_mutual_auth=True)
    found = attested(uri, "--session", "kex:heartbeat", "--demand-mutual", *IDENTITY)
    assert found["sessions"][0]["mutual"]
    assert "FINISH" not in found["signed"]


def test_a_session_for_people(served):
    result = run(served(), "--session", "kex:heartbeat", "--parallel")
    assert "KEY_EXCHANGE; DSP0277 1.3; did heartbeat; ended" in result.stdout


def test_algorithms_and_versions_are_narrowed(served):
    narrowed = ["--dhe", "secp384r1", "--aead", "chacha20-poly1305", "--secured", "1.1"]
    found = attested(served(), *narrowed, "--session", "kex")
    assert found["algorithms"]["dhe"] == "SECP384R1"
    assert found["algorithms"]["aead"] == "CHACHA20-POLY1305"
    assert found["sessions"][0]["secured_version"] == "1.1"


def test_a_small_transfer_size_makes_chunks(served):
    found = attested(served(), "--transfer-size", "42", "--session", "kex:heartbeat")
    requests = [exchange["request"] for exchange in found["exchanges"]]
    assert "CHUNK_GET" in requests


def test_what_is_to_be_done_is_named(served):
    found = attested(served(), "--do", "authenticate,challenge,digests")
    assert found["exchanges"][-1]["request"] == "GET_DIGESTS"
    assert not found["measurements"]


def test_a_session_is_kept_for_a_while_and_left_open(served):
    arguments = ["--session", "kex:stay", "--stay", "0.3", "--leave-open"]
    found = attested(served(heartbeat_period=1), *arguments)
    assert not found["sessions"][0]["ended"]
    names = [exchange["request"] for exchange in found["exchanges"]]
    assert "HEARTBEAT" in names
    assert "END_SESSION" not in names


@pytest.mark.parametrize(("summary", "size"), [("none", 0), ("tcb", 32), ("all", 32)])
def test_a_summary_of_the_measurements_is_asked_for(served, summary, size):
    found = attested(served(), "--summary", summary)
    assert len(found["measurement_summary_hash"]) == 2 * size


def test_capabilities_are_announced_as_asked(served):
    result = run(served(), "--caps", "cert,chal", "--session", "kex", "--json")
    assert [o["detail"] for o in json.loads(result.stdout)["observations"]] == ["KEY_EXCHANGE"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--do", "autenticate"], "there is no step 'autenticate'"),
        (["--session", "kex:challenge"], "not for in a session"),
        (["--session", "tls"], "'tls' is not kex"),
        (["--session", "kex@8"], "'kex@8' is not kex"),
        (["--session", "psk"], "needs --psk"),
        (["--psk", "hint:key"], "in hexadecimal"),
        (["--caps", "CERTS"], "did you mean 'CERT'?"),
        (["--identity", str(DEVICE.parent / "README.md")], "no PEM block"),
        (["--identity", str(DEVICE.parent / "roots" / "ecp256.pem")], "no private key"),
        (["--csr-info", str(DEVICE.parent / "README.md")], "no CertificationRequestInfo"),
        (["--as", "linux-cma", "--session", "kex"], "not for --as"),
    ],
)
def test_mistakes_are_named(arguments, said):
    result = run("spdm-emu://127.0.0.1:1", *arguments)
    assert result.exit_code == 2, result.output
    assert said in result.output
