"""Layouts for Linux and for programs that read PEM."""

import pytest

from responder.errors import ConfigError, data_root
from responder.pki import export, sets

CERTS = data_root("certs")


def test_linux_gets_the_roots_in_der_and_the_command():
    files = export.export_linux_cma("qemu-nvme", CERTS)

    readme = files.pop("README.txt").decode()
    roots = sets.shipped_roots()
    assert files == {f"{kind}.der": roots[kind] for kind in ("ecp256", "ecp384", "rsa3072")}
    for name in files:
        assert f'keyctl padd asymmetric "" %:.cma < {name}\n' in readme
    assert "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100" in readme
    assert "DO NOT TRUST" in readme


def test_linux_gets_no_root_that_it_cannot_use():
    files = export.export_linux_cma("device", CERTS)

    assert sorted(files) == [
        "README.txt", "ecp256.der", "ecp384.der", "ecp521.der",
        "rsa2048.der", "rsa3072.der", "rsa4096.der",
    ]  # fmt: skip


def test_pem_has_roots_and_chains_but_no_private_key():
    files = export.export_pem("alias", CERTS)

    assert sorted(files) == [
        "README.txt",
        "chains/ecp384/requester.pem",
        "chains/ecp384/slot0.pem",
        "chains/ecp384/slot1.pem",
        "roots.pem",
        "roots/ecp384.pem",
    ]
    assert not any(b"PRIVATE KEY" in content for content in files.values())


def test_pem_chains_are_those_of_the_slots(tmp_path):
    files = export.export_pem("device", CERTS)
    identity = sets.read_identity(sets.identity_path("device", "rsa3072", 1))
    path = tmp_path / "chain.pem"
    path.write_bytes(files["chains/rsa3072/slot1.pem"])

    assert sets.read_certificates(path) == identity.chain[::-1]
    path.write_bytes(files["roots.pem"])
    assert sets.read_certificates(path) == list(sets.shipped_roots().values())


@pytest.mark.parametrize("layout", [export.export_pem, export.export_linux_cma])
def test_an_unknown_set_is_named(layout):
    with pytest.raises(ConfigError, match="did you mean 'device'"):
        layout("devise", CERTS)
