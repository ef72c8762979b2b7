"""Sessions and pre-shared keys of a profile."""

import pytest

from responder.errors import ConfigError
from responder.profiles.load import load_profile

HEAD = '[spdm]\nversions = ["1.2"]\ncapabilities = []\n'


@pytest.fixture
def load(tmp_path):
    def from_text(text):
        path = tmp_path / "one.toml"
        path.write_text(HEAD + text)
        return load_profile(str(path))

    return from_text


def test_what_is_said_of_sessions_is_the_responder_s_policy(load):
    session = load(
        "[session]\nlimit = 7\nheartbeat_period = 9\nsecured_versions = ['1.0', '1.1']\n"
        "aead_limit = 3\nrecord_padding = 5\nbig_endian_sequence = true\n"
        "undecryptable = 'silence'\nkeep_undecryptable = true\nmutual_auth = 'with-digests'\n"
        "mutual_auth_required = true\nbasic_mutual_auth = true\nrequester_slot = 2\n"
    ).policy.session
    assert (session.limit, session.heartbeat_period, session.aead_limit) == (7, 9, 3)
    assert session.secured_versions == (0x1000, 0x1100)
    assert (session.max_padding, session.requester_slot, session.mutual_auth) == (5, 2, 4)
    assert session.big_endian_sequence
    assert session.drop_undecryptable
    assert session.keep_undecryptable
    assert session.mutual_auth_required
    assert session.basic_mutual_auth


def test_pre_shared_keys_are_found_by_their_hint(load):
    device = load(
        '[[psk]]\nsecret = "no name"\n[[psk]]\nhint = "Zoë\\u0000"\nsecret_hex = "00 01"\n'
    ).device
    assert device.psk(b"").secret == b"no name"
    assert device.psk("Zoë\0".encode()).secret == b"\0\1"
    assert device.psk(b"other") is None


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[session]\nsecured_versions = ['1.4']", 5, "unknown secured message version '1.4'"),
        ("[session]\nmutual_auth = 'with-digest'", 5, "with-digests"),
        ("[[psk]]\nhint = 'x'", 4, "needs a secret"),
        ("[[psk]]\nsecret = 'x'\nsecret_hex = '00'", 5, "both as text and in hexadecimal"),
        ("[[psk]]\nsecret_hex = '0x'", 5, "hexadecimal"),
        ("[[psk]]\nsecret = 'x'\n[[psk]]\nsecret = 'y'", 6, "is there twice"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(load, text, line, reason):
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert caught.value.where.endswith(f"one.toml:{line}")
    assert reason in str(caught.value)
