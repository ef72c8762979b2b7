"""``spdm-responder attest`` against responders on a socket."""

import json

import pytest
from click.testing import CliRunner

from responder.cli.attest import command
from responder.errors import data_root

ROOTS = data_root("certs") / "roots"
SAN = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"


def run(uri, *arguments):
    return CliRunner().invoke(command, [uri, *arguments])


def document(result):
    return json.loads(result.stdout)


def test_a_good_device_is_attested(spdm_responder):
    result = run(spdm_responder.uri)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1].startswith("ATTESTED  CN=")
    assert "trusting the shipped test roots" in result.stderr
    assert "speaking MCTP" in result.stderr


@pytest.mark.parametrize(
    "uri", ["spdm-emu+none", "spdm-emu+mctp", "spdm-emu+doe", "spdm-emu+tcp", "dsp0287"]
)
def test_every_binding(spdm_responder_factory, uri):
    served = spdm_responder_factory(uri=f"{uri}://127.0.0.1:0")
    result = run(served.uri, "--json", "--hello", "--discover")
    assert result.exit_code == 0, result.output
    assert document(result)["target"] == served.uri


@pytest.mark.parametrize("name", ["ML-DSA-44", "ML-DSA-65"])
def test_post_quantum_signatures(spdm_responder_factory, name):
    pure = run(spdm_responder_factory(name.lower()).uri, "--json")
    assert pure.exit_code == 0, pure.output
    assert document(pure)["algorithms"]["pqc_asym"] == name
    both = run(spdm_responder_factory("post-quantum").uri, "--asym", name, "--json")
    assert document(both)["algorithms"]["pqc_asym"] == name


@pytest.mark.parametrize(("asym", "kind"), [("ML-DSA-65", "ecp384"), ("ECDSA-P384", "mldsa65")])
def test_a_leaf_under_authorities_of_another_kind(spdm_responder_factory, asym, kind):
    served = spdm_responder_factory("mixed-chain")
    result = run(served.uri, "--asym", asym, "--json")
    assert result.exit_code == 0, result.output
    assert kind in document(result)["trust_anchor"]


@pytest.mark.parametrize("profile", ["bad-signature", "stale-nonce"])
def test_a_lying_device_is_refused(spdm_responder_factory, profile):
    result = run(spdm_responder_factory(profile).uri)
    assert result.exit_code == 1, result.output
    assert "REFUSED  CHALLENGE: chal.signature: " in result.stdout.splitlines()[-1]


def test_a_requester_without_that_check_believes_it(spdm_responder_factory):
    uri = spdm_responder_factory("bad-signature").uri
    result = run(uri, "--without", "chal.signature", "--without", "meas.signature", "--json")
    found = document(result)
    assert {passed["check"] for passed in found["passed_over"]} == {
        "chal.signature",
        "meas.signature",
    }
    assert found["refusal"]["check"] == "auth.proof"
    assert result.exit_code == 1


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.4"])
def test_a_version_may_be_demanded(spdm_responder, version):
    result = run(spdm_responder.uri, "--version", version, "--meas", "each", "--json")
    assert result.exit_code == 0, result.output
    assert document(result)["version"] == version


def test_algorithms_slot_and_seed(spdm_responder):
    arguments = ("--asym", "ecdsa-p256", "--hash", "SHA-256", "--slot", "1", "--seed", "00ff")
    one, other = (document(run(spdm_responder.uri, *arguments, "--json")) for _ in range(2))
    assert one["algorithms"]["base_asym"] == "ECDSA-P256"
    assert one["slot"] == 1
    requester = [[nonce["requester"] for nonce in found["nonces"]] for found in (one, other)]
    assert requester[0] == requester[1]


def test_a_root_of_ones_own(spdm_responder, tmp_path):
    arguments = ("--asym", "ECDSA-P384", "--hash", "SHA-384", "--slot", "auto")
    result = run(spdm_responder.uri, *arguments, "--root", str(ROOTS / "ecp384.pem"))
    assert result.exit_code == 0, result.output
    assert "shipped" not in result.stderr
    refused = run(spdm_responder.uri, *arguments, "--root", str(ROOTS / "ecp256.pem"), "--json")
    assert refused.exit_code == 1
    assert document(refused)["refusal"]["check"] == "x5.trusted-root"


@pytest.mark.parametrize("form", ["pem", "der"])
def test_roots_may_be_pem_or_der(spdm_responder, tmp_path, form):
    from responder.pki.sets import read_certificates

    file = tmp_path / f"root.{form}"
    pem = ROOTS / "ecp384.pem"
    file.write_bytes(pem.read_bytes() if form == "pem" else read_certificates(pem)[0])
    result = run(spdm_responder.uri, "--asym", "ECDSA-P384", "--root", str(file))
    assert result.exit_code == 0, result.output


@pytest.mark.spdm_profile("qemu-nvme")
def test_as_the_kernel(spdm_responder):
    pci = "vendor=1b36:device=10:cc=10802:rev=2:ssvid=1af4:ssid=1100"
    for demand in (("--san", SAN), ("--pci", pci)):
        result = run(spdm_responder.uri, "--as", "linux-cma", *demand, "--json")
        assert result.exit_code == 0, result.output
        found = document(result)
        assert found["version"] == "1.3"
        assert found["signed"] == ["CHALLENGE_AUTH"]
    other = run(spdm_responder.uri, "--as", "linux-cma", "--san", SAN[:-1], "--json")
    assert other.exit_code == 1
    assert document(other)["refusal"]["check"] == "cma.san"


def test_a_device_that_does_not_answer():
    result = run("spdm-emu+unix:/nonexistent/socket", "--json")
    assert result.exit_code == 4
    found = document(result)
    assert found["verdict"] == "failed"
    assert found["refusal"]["step"] == "CONNECT"
    assert found["refusal"]["check"] == "transport.closed"
    assert found["refusal"]["reason"].endswith("socket: No such file or directory")


def test_a_port_on_which_nobody_listens(unused_tcp_port):
    result = run(f"spdm-emu+doe://127.0.0.1:{unused_tcp_port}", "--json")
    assert result.exit_code == 4
    reason = document(result)["refusal"]["reason"]
    assert reason == f"spdm-emu+doe://127.0.0.1:{unused_tcp_port}: Connection refused"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["http://x:1"], "URI"),
        (["spdm-emu://x:1", "--without", "chal.signatur"], "did you mean 'chal.signature'"),
        (["spdm-emu://x:1", "--asym", "RSA"], "none of"),
        (["spdm-emu://x:1", "--hash", "MD5"], "none of"),
        (["spdm-emu://x:1", "--slot", "8"], "no slot"),
        (["spdm-emu://x:1", "--seed", "xyz"], "not hexadecimal"),
        (["spdm-emu://x:1", "--pci", "Vendor=1"], "in this order"),
        (["spdm-emu://x:1", "--vendor", "3"], "STANDARD:VENDOR:PAYLOAD"),
        (["spdm-emu://x:1", "--timeout", "0"], "timeout"),
        (["spdm-emu://x:1", "--as", "linux-cma", "--version", "1.4"], "does not speak 1.4"),
        (["spdm-emu://x:1", "--as", "linux-cma", "--raw"], "not for --as"),
        (["spdm-emu://x:1", "--root", __file__], "--root"),
        (["spdm-emu://x:1", "--public-key", __file__], "--public-key"),
    ],
)
def test_mistakes_of_the_user(arguments, said):
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr


def test_a_vendor_defined_request(spdm_responder):
    result = run(spdm_responder.uri, "--vendor", "3:0100:00", "--json")
    assert result.exit_code == 0, result.output
    seen = [entry["request"] for entry in document(result)["exchanges"]]
    assert seen[-1] == "VENDOR_DEFINED_REQUEST"


def test_a_pci_function_that_is_not_there_has_no_answer():
    result = run("pci:ffff:ff:1f.7", "--json")
    assert result.exit_code == 4, result.output
    assert document(result)["target"] == "pci:ffff:ff:1f.7"
    assert "there is no PCI function ffff:ff:1f.7" in result.stdout


def test_a_pci_function_that_is_misspelt_is_a_mistake():
    result = run("pci:00:04")
    assert result.exit_code == 2
    assert "such as pci:0000:00:04.0" in result.stderr
