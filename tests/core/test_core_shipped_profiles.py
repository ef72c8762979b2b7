"""Every shipped profile attests, or lies as it says, in every version that it offers.

The test lays out requests by hand, takes the leaf's key from the certificate chain that it reads,
and checks signatures with ``cryptography`` alone.
"""

import struct

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue
from core.fakes import CERT, CHAL, KEY_OF, SHA_384, hashed
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.profiles.load import list_profiles, load_profile
from responder.wire.chain import split_certificates

LIARS = {"bad-signature", "stale-nonce"}
MULTI_KEY_ONLY = 1 << 26
UNSIGNED, SIGNED = 0x08, 0x10


@pytest.fixture(scope="module")
def profiles():
    """The shipped profiles by name."""
    return {name: load_profile(name) for name in list_profiles()}


def meet(profile, version):
    """A dialogue with the profile's device, which may choose among all algorithms."""
    random = RandomTree(b"seed")
    peer = Responder(profile.device, profile.policy, random, profile.hooks(random))
    multi_key = profile.policy.flags & MULTI_KEY_ONLY and version >= 0x13
    offer = {"asym": sum(KEY_OF) & 0xFFFFFFFF, "hashes": 0x3F}
    if version >= 0x14:
        offer["pqc"] = sum(KEY_OF) >> 32
    if multi_key:
        offer["other"] = 2 | 1 << 4
    large = {"transfer": 0x4000}
    dialogue = Dialogue(peer, version, offer=large, algorithms=offer).reach("negotiated")
    tables = len(raw.TABLES) if version >= 0x11 else 0
    algorithms = dialogue.a[-(36 + 4 * tables) :]
    asym, dialogue.base_hash, pqc = struct.unpack("<III", algorithms[12:24])
    dialogue.asym = asym | pqc << 32
    assert dialogue.asym.bit_count() == 1
    return dialogue


def read_chain(dialogue, slot):
    """The chain of a slot, in as many portions as it takes."""
    chain, remainder = b"", 1
    while remainder:
        request = raw.get_certificate(dialogue.version, slot, offset=len(chain))
        answer = dialogue.took(request, dialogue.ask(request, 0x02), "certificate")
        _, remainder = struct.unpack("<HH", answer[4:8])
        chain += answer[8:]
    return chain


def leaf_key(chain, base_hash):
    """The public key of a chain whose every certificate is signed by the one before it."""
    size = len(hashed(base_hash, b""))
    certificates = split_certificates(chain[4 + size :])
    assert int.from_bytes(chain[:4], "little") == len(chain)
    assert chain[4 : 4 + size] == hashed(base_hash, certificates[0])
    parsed = [x509.load_der_x509_certificate(certificate) for certificate in certificates]
    for issuer, subject in zip(parsed[:1] + parsed, parsed, strict=False):
        subject.verify_directly_issued_by(issuer)
    return parsed[-1].public_key()


@pytest.mark.parametrize("name", list_profiles())
def test_a_profile_in_every_version(name, profiles):
    profile = profiles[name]
    for version in profile.policy.versions:
        dialogue = meet(profile, int(version))
        request = raw.get_digests(version)
        digests = dialogue.took(request, dialogue.ask(request, 0x01), "digests")
        size = len(hashed(dialogue.base_hash, b""))
        slots = [slot for slot in range(8) if digests[3] >> slot & 1]
        for place, slot in enumerate(slots):
            chain = read_chain(dialogue, slot)
            told = digests[4 + place * size :][:size]
            assert told == hashed(dialogue.base_hash, chain)
            dialogue.key = leaf_key(chain, dialogue.base_hash)
            challenged = raw.challenge(version, slot, summary=0xFF, nonce=bytes([0x40 + slot]) * 32)
            answer = dialogue.ask(challenged, 0x03)
            nonce = bytes([0x80 + slot]) * 32
            measured = raw.get_measurements(version, attributes=1, slot=slot, nonce=nonce)
            signed = profile.policy.flags & SIGNED and (version >= 0x11 or slot == 0)
            exchanges = [(measured, dialogue.ask(measured, 0x60))] if signed else []
            check(dialogue, (challenged, answer), exchanges, lies=name in LIARS)


def check(dialogue, challenged, measured, *, lies):
    """Both signatures are good, or neither is."""
    for verify, arguments in (
        (dialogue.check_challenge, challenged),
        *((dialogue.check_measurements, ([exchange],)) for exchange in measured),
    ):
        if lies:
            with pytest.raises(InvalidSignature):
                verify(*arguments)
        else:
            verify(*arguments)
    dialogue.b = b""


def test_post_quantum_comes_first_where_a_profile_says_so(profiles):
    """And only from 1.4 on, where the requester offers it."""
    expected = {"ml-dsa-44": 32, "ml-dsa-65": 33, "ml-dsa-87": 34, "post-quantum": 34}
    expected |= {"mixed-chain": 33, "default": 8}
    for name, bit in expected.items():
        assert meet(profiles[name], 0x14).asym == 1 << bit, name
    assert meet(profiles["post-quantum"], 0x13).asym == 1 << 8


def test_unsigned_measurements_are_all_that_the_old_device_gives(profiles):
    dialogue = meet(profiles["minimal-1.0"], 0x10)
    assert profiles["minimal-1.0"].policy.flags & (UNSIGNED | SIGNED) == UNSIGNED
    signed = raw.get_measurements(0x10, attributes=1)
    assert dialogue.say(signed) == bytes([0x10, 0x7F, 0x01, 0])
    dialogue.ask(raw.get_measurements(0x10), 0x60)


def test_the_cma_requester_of_linux_is_content_with_the_qemu_profile(profiles):
    """CTExponent 20, CERT and CHAL, 1048568 bytes; it takes P-384 and SHA-384 if it may."""
    profile = profiles["qemu-nvme"]
    offer = {"flags": CERT | CHAL, "transfer": 1_048_568}
    random = RandomTree(b"seed")
    peer = Responder(profile.device, profile.policy, random, profile.hooks(random))
    dialogue = Dialogue(peer, 0x13, 1 << 7, SHA_384, offer=offer).reach("digests")
    dialogue.key = leaf_key(read_chain(dialogue, 0), SHA_384)
    answer = dialogue.authenticate()
    assert len(answer) + 8 <= 4_608
