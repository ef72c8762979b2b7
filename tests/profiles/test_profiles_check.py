import pytest

from responder.errors import ConfigError
from responder.pki.sets import identity_path
from responder.profiles.check import check_keys
from responder.profiles.load import list_profiles, load_profile


def pem_parts(slot, kind="ecp384"):
    """The private key and the certificates of a shipped slot."""
    text = identity_path("device", kind, slot).read_text()
    end = text.index("-----BEGIN CERTIFICATE")
    return text[:end], text[end:]


@pytest.fixture
def checked(write, head, tmp_path):
    """Checks a profile whose slot 0 is made of a key and certificates, in a set of its own."""

    def checked(key, certificates, kind="ecp384"):
        folder = tmp_path / "mine" / kind
        folder.mkdir(parents=True)
        (folder / "slot0.pem").write_text(key + certificates)
        check_keys(load_profile(write(head.replace('"device"', '"./mine"'))))

    return checked


@pytest.mark.parametrize("name", list_profiles())
def test_shipped_keys_belong_to_their_certificates(name):
    check_keys(load_profile(name))


def test_good_set_passes(checked):
    checked(*pem_parts(0))


def test_key_of_another_slot_is_found(checked):
    with pytest.raises(ConfigError, match="not the one that its leaf") as caught:
        checked(pem_parts(1)[0], pem_parts(0)[1])
    assert "slot 0" in caught.value.where


def test_key_of_another_kind_is_found(checked):
    with pytest.raises(ConfigError, match="the folder says ecp384, the key is ecp256"):
        checked(*pem_parts(0, "ecp256"))


def test_key_that_cannot_be_read_is_found(checked):
    key, certificates = pem_parts(0)
    begin = key.index("\n", key.index("PRIVATE KEY")) + 1
    broken = key[:begin] + "AAAA\n" + key[key.index("-----END") :]
    with pytest.raises(ConfigError, match="no usable private key"):
        checked(broken, certificates)
