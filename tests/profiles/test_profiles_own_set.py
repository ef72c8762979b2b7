"""Certificate sets of somebody's own: mistakes are found when the profile is read."""

import pytest

from responder.errors import ConfigError
from responder.pki.sets import identity_path, pem, pem_blocks
from responder.profiles.load import load_profile

PROFILE = """
extends = "ecdsa-p256"

[[slot]]
id = 0
set = "./mine"
"""


@pytest.fixture
def profile(tmp_path):
    (tmp_path / "mine" / "ecp256").mkdir(parents=True)
    shipped = identity_path("device", "ecp256", 0).read_bytes()
    (tmp_path / "mine" / "ecp256" / "slot0.pem").write_bytes(shipped)
    path = tmp_path / "own.toml"
    path.write_text(PROFILE)
    return path


def test_a_set_beside_the_profile_is_used(profile):
    assert load_profile(str(profile)).device.supported_slot_mask() == 1


def test_a_damaged_key_is_found_at_once_and_its_line_named(profile):
    identity = profile.parent / "mine" / "ecp256" / "slot0.pem"
    (label, key), *certificates = pem_blocks(identity.read_bytes(), "here")
    blocks = [(label, key[:-4]), *certificates]
    identity.write_bytes(b"".join(pem(label, der) for label, der in blocks))
    with pytest.raises(ConfigError, match="no usable private key") as caught:
        load_profile(str(profile))
    assert caught.value.where == f"{profile}:6"
