"""[trust]: whom the device believes to be a requester."""

from datetime import UTC, datetime

from responder.crypto.signing import load_private_key
from responder.errors import data_root
from responder.pki import sets
from responder.profiles.load import load_profile

ROOT = data_root("certs") / "roots" / "rsa3072.pem"
PUBLIC_KEY = load_private_key(
    sets.read_identity(sets.requester_path("device", "ecp384")).key
).public_key_der()


def test_the_shipped_roots_are_trusted_unless_others_are_named(write, head, tmp_path):
    shipped = {path.name for path in load_profile("default").device.trust._files}
    assert shipped >= {"ecp384.pem", "rsa3072.pem"}
    assert not [name for name in shipped if "key" in name]
    (tmp_path / "mine.pem").write_bytes(ROOT.read_bytes())
    trust = load_profile(write(f"{head}[trust]\nrequester_roots = ['mine.pem']\n")).device.trust
    assert trust._files == (tmp_path / "mine.pem",)


def test_public_keys_are_read_from_pem_and_der(write, head, tmp_path):
    (tmp_path / "one.der").write_bytes(PUBLIC_KEY)
    (tmp_path / "two.pem").write_bytes(sets.pem("PUBLIC KEY", PUBLIC_KEY))
    text = f"{head}[trust]\nrequester_public_keys = ['one.der', 'two.pem']\n"
    assert load_profile(write(text)).device.trust._public_keys == (PUBLIC_KEY, PUBLIC_KEY)


def test_the_shipped_requester_has_a_public_key_of_each_kind(write, head):
    text = f"{head}[trust]\nrequester_public_keys = ['shipped']\n"
    keys = load_profile(write(text)).device.trust._public_keys
    assert PUBLIC_KEY in keys
    assert len(set(keys)) == len(keys) == len(list((data_root("certs") / "device").iterdir()))


def test_the_calendar(write, head):
    trust = load_profile(write(f"{head}[trust]\ntime = 2026-01-31T12:00:00Z\n")).device.trust
    assert trust._when == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert load_profile("default").device.trust._when is None


def test_what_cannot_be_trusted_is_said_with_its_line(refused, head, tmp_path):
    (tmp_path / "no.pem").write_bytes(b"nothing")
    (tmp_path / "key.pem").write_bytes(sets.pem("PUBLIC KEY", b"0\0"))
    (tmp_path / "not.der").write_bytes(b"0\2\5\0")
    line = head.count("\n") + 2
    for key, value, reason in (
        ("requester_roots", "'absent.pem'", "no such file"),
        ("requester_roots", "'no.pem'", "neither PEM nor DER"),
        ("requester_roots", "'not.der'", "error parsing"),
        ("requester_public_keys", "'no.pem'", "no usable public key"),
        ("requester_public_keys", "'key.pem'", "no usable public key"),
        ("requester_public_keys", "'absent.pem'", "no such file"),
    ):
        where, why, _ = refused(f"{head}[trust]\n{key} = [{value}]\n")
        assert (where, reason in why) == (line, True), why
    where, why, hint = refused(f"{head}[trust]\ntime = 2026-01-31T12:00:00\n")
    assert (where, hint) == (line, "2026-01-31 12:00:00Z")
    assert "no zone" in why
