"""Profiles of recorded devices: ours answer as they did, with keys of our own."""

import pytest
from captures.loader import runs
from cryptography import x509

from responder.core.effects import Send
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PublicKey, load_private_key
from responder.errors import ConfigError
from responder.pki.keyring import rsa_pool
from responder.pki.sets import read_identity
from responder.profiles.from_recording import Imitation
from responder.profiles.load import load_profile
from responder.profiles.recorded import RecordedDevice, record
from responder.profiles.toml_text import toml_text
from responder.wire.chain import split_certificates

RUNS = {run.name: run for run in runs()}
NAMES = [
    "v10-doe-p384",
    "v11-mctp-rsapss3072-dhe-nomut",
    "v12-mctp-p384-alias",
    "v12-mctp-p384-sha3",
    "v12-mctp-p384-slot255-pubkey",
    "v13-mctp-p384-measraw-tcb",
    "v13-mctp-p384-mel-ep-keypair",
    "v13-mctp-p384-multikey-only",
    "v14-mctp-mldsa65-mlkem768-mut",
    "v14-mctp-pqcfirst-default",
    "all-mctp-default",
]
VCA = ("84>04", "e1>61", "e3>63")
LARGE_RESPONSE = b"\x7f\x0f"
"""What comes in chunks."""


def heard(run):
    """Plain messages of a run, and its padding."""
    for pair in run.whole_messages():
        if pair.session is None:
            yield pair.request, run.padding
            yield pair.response, run.padding


def imitation(run):
    return Imitation(record({0: heard(run)}), run.name, rsa_pool())


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Each run's imitation, and its profile as loaded."""
    found = {}
    for name in NAMES:
        one = imitation(RUNS[name])
        folder = tmp_path_factory.mktemp("recorded")
        for path, content in one.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        one.profile["spdm"]["allow_inconsistent"] = True
        file = folder / f"{name}.toml"
        file.write_text(toml_text(one.profile))
        found[name] = (one, load_profile(str(file)))
    return found


def responder(profile):
    return Responder(profile.device, profile.policy, RandomTree(b""))


def say(peer, request, padding=0):
    (answer,) = (
        e.message for e in peer.receive(request, 0.0, padding=padding) if isinstance(e, Send)
    )
    return answer


def say_large(peer, request, padding):
    """As ``say``; an answer in chunks is put together (1.4 layout)."""
    answer = say(peer, request, padding)
    if answer[1:3] != LARGE_RESPONSE:
        return answer
    handle, whole, number, last = answer[4], b"", 0, False
    while not last:
        asked = bytes([0x14, 0x86, 0, handle]) + number.to_bytes(4, "little")
        chunk = say(peer, asked)
        last, size = chunk[2] & 1, int.from_bytes(chunk[8:12], "little")
        whole += chunk[12 if number else 16 :][:size]
        number += 1
    return whole


@pytest.mark.parametrize("name", NAMES)
def test_version_capabilities_and_algorithms_are_the_recorded_bytes(name, made):
    run, (_, profile) = RUNS[name], made[name]
    peer, count = responder(profile), 0
    for pair in run.whole_messages():
        if pair.session is None and pair.name in VCA:
            answer = say(peer, pair.request, run.padding)
            assert pair.response.startswith(answer), pair.name
            assert not pair.response[len(answer) :].strip(b"\0")
            count += 1
    assert count >= 3


@pytest.mark.parametrize("name", NAMES)
def test_measurements_are_the_recorded_blocks(name, made):
    """MeasurementRecordLength and record of every answer outside sessions."""
    run, (one, profile) = RUNS[name], made[name]
    left_out = any("left out: its log" in note for note in one.notes)
    peer = responder(profile)
    for pair in run.whole_messages():
        if pair.session is not None or not (pair.name in VCA or pair.name == "e0>60"):
            continue
        answer = say_large(peer, pair.request, run.padding)
        if pair.name == "e0>60" and not (left_out and pair.request[3] in {0x00, 0x11, 0xFF}):
            size = int.from_bytes(pair.response[5:8], "little")
            assert answer[4 : 8 + size] == pair.response[4 : 8 + size]


@pytest.mark.parametrize("name", NAMES)
def test_certificates_have_the_recorded_shape_and_other_keys(name, made):
    one, profile = made[name]
    device = record({0: heard(RUNS[name])})
    recorded = {
        (PublicKey.from_certificate(chain[-1]).kind, slot_id): chain
        for slot_id, slot in device.slots.items()
        for size, structure in slot.chains
        for chain in [split_certificates(structure[4 + size :])]
    }
    assert recorded or "PUB_KEY_ID" in one.profile["spdm"]["capabilities"]
    for (kind, slot_id), chain in recorded.items():
        path = profile.path.parent / f"{name}-certs" / kind / f"slot{slot_id}.pem"
        identity = read_identity(path)
        public = load_private_key(identity.key).public_key_der()
        assert public == PublicKey.from_certificate(identity.chain[-1]).der()
        like(identity.chain, chain)


def like(made, recorded):
    made = [x509.load_der_x509_certificate(der) for der in made]
    recorded = [x509.load_der_x509_certificate(der) for der in recorded]
    for ours, theirs in zip(made, recorded, strict=True):
        assert (ours.subject, ours.issuer) == (theirs.subject, theirs.issuer)
        assert ours.serial_number == theirs.serial_number
        assert ours.public_key() != theirs.public_key()
        assert PublicKey(ours.public_key()).kind == PublicKey(theirs.public_key()).kind
        assert [e.oid for e in ours.extensions] == [e.oid for e in theirs.extensions]
    for issuer, subject in zip(made[:1] + made, made, strict=False):
        subject.verify_directly_issued_by(issuer)


def test_the_same_recording_gives_the_same_files():
    run = RUNS["v12-mctp-p384-alias"]
    first, second = imitation(run), imitation(run)
    assert (first.profile, first.files) == (second.profile, second.files)


def test_what_is_missing_is_noted(made):
    notes = {name: " ".join(one.notes) for name, (one, _) in made.items()}
    assert "the provisioned public key is not in it" in notes["v12-mctp-p384-slot255-pubkey"]
    assert (
        "measurement 0x11 is left out: its log is not in it"
        in notes["v14-mctp-mldsa65-mlkem768-mut"]
    )
    assert notes["v13-mctp-p384-mel-ep-keypair"] == ""


def test_a_recording_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="there is no VERSION"):
        Imitation(RecordedDevice(), "nothing", rsa_pool())
