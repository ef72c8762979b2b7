"""Identities from a key folder laid out as the reference emulator wants it."""

import pytest

from responder.crypto.signing import PublicKey, load_private_key
from responder.errors import ConfigError, data_root
from responder.pki.emu_keys import SLOTS, chain_file, is_key_folder, read_emu_identity
from responder.pki.spdm_emu import export_spdm_emu


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name, content in export_spdm_emu("device", data_root("certs")).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("slot", range(SLOTS))
@pytest.mark.parametrize("kind", ["ecp256", "rsa3072", "mldsa65"])
def test_the_key_is_that_of_the_leaf(folder, kind, slot):
    identity = read_emu_identity(folder, kind, slot)
    assert b"".join(identity.chain) == chain_file(folder, kind, slot).read_bytes()
    leaf = PublicKey.from_certificate(identity.chain[-1])
    assert load_private_key(identity.key).public_key_der() == leaf.der()


def test_a_key_folder_has_every_kind_that_is_asked_for(folder, tmp_path):
    assert is_key_folder(folder, ["ecp256", "ecp384"])
    assert not is_key_folder(folder, ["ecp256", "mldsa99"])
    assert not is_key_folder(tmp_path, ["ecp256"])


def test_a_missing_key_is_named(folder, tmp_path):
    chain = chain_file(tmp_path, "ecp256", 0)
    chain.parent.mkdir()
    chain.write_bytes(chain_file(folder, "ecp256", 0).read_bytes())
    with pytest.raises(ConfigError, match=r"end_responder\.key"):
        read_emu_identity(tmp_path, "ecp256", 0)


def test_slot_4_has_a_key_of_its_own(folder, tmp_path):
    (tmp_path / "ecp256").mkdir()
    (tmp_path / "ecp256" / "end_responder4.key").write_bytes(b"the second key")
    chain = chain_file(folder, "ecp256", 0).read_bytes()
    chain_file(tmp_path, "ecp256", 4).write_bytes(chain)
    assert read_emu_identity(tmp_path, "ecp256", 4).key == b"the second key"
    assert is_key_folder(tmp_path, ["ecp256"], 4)
    assert not is_key_folder(tmp_path, ["ecp256"])
