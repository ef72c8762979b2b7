"""Whole attestations, told as conversations, with every algorithm and every version.

The requester here is the test: it lays out each request by hand, keeps the transcripts itself and
checks the signatures with ``cryptography`` alone.
"""

import struct

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue, cut_challenge_auth, cut_measurements, signature_size
from core.fakes import (
    CERT,
    CHAL,
    ED25519,
    KEY_OF,
    MEAS_SIG,
    MEASUREMENTS,
    ML_DSA_44,
    NONCE,
    OTHER_NONCE,
    P256,
    P384,
    P521,
    PUB_KEY_ID,
    RSAPSS_2048,
    RSASSA_2048,
    SHA3_256,
    SHA3_384,
    SHA3_512,
    SHA_256,
    SHA_384,
    SHA_512,
    VERSIONS,
    FakeDevice,
    FakeSlot,
    block_of,
    chain_of,
    hashed,
    policy,
    responder,
    signing_key,
)

ALGORITHMS = tuple(KEY_OF)
HASHES = (SHA_256, SHA_384, SHA_512, SHA3_256, SHA3_384, SHA3_512)
COMBINATIONS = [
    (version, asym, base_hash)
    for version in VERSIONS
    for position, asym in enumerate(ALGORITHMS)
    for place, base_hash in enumerate(HASHES)
    # Every hash with P-256, every algorithm with two of the hashes, in every version.
    if (asym == P256 or place in (position % 6, (position + 3) % 6))
    and (asym != ED25519 or version >= 0x12)
    and (asym < ML_DSA_44 or version >= 0x14)
]
every_version = pytest.mark.parametrize("version", VERSIONS, ids="1.{0.real}".format)


def meet(version, asym=P256, base_hash=SHA_256, **kwargs):
    """A dialogue with a responder that measures with the same hash."""
    its_policy = policy(algorithms={"measurement_hash": [base_hash << 1]})
    kwargs.setdefault("offer", {"transfer": 0x4000})  # ML-DSA-87 has large signatures
    return Dialogue(responder(its_policy=its_policy), version, asym, base_hash, **kwargs)


def read_chain(dialogue, slot, step):
    """GET_CERTIFICATE from the first byte to the last, ``step`` bytes at a time."""
    chain, remainder = b"", 1
    while remainder:
        request = raw.get_certificate(dialogue.version, slot, offset=len(chain), length=step)
        answer = dialogue.took(request, dialogue.ask(request, 0x02), "certificate")
        portion, remainder = struct.unpack("<HH", answer[4:8])
        assert 0 < portion == len(answer) - 8 <= step
        chain += answer[8:]
    return chain


@pytest.mark.parametrize(("version", "asym", "base_hash"), COMBINATIONS)
def test_a_device_is_attested(version, asym, base_hash):
    dialogue = meet(version, asym, base_hash).reach("negotiated")
    blocks = [block_of(measurement, base_hash) for measurement in MEASUREMENTS]

    request = raw.get_digests(version)
    digests = dialogue.took(request, dialogue.ask(request, 0x01), "digests")
    chain = chain_of(FakeSlot(0).certificates, base_hash)
    assert digests[4:].startswith(hashed(base_hash, chain))
    assert read_chain(dialogue, 0, step=301) == chain

    answer = dialogue.authenticate(0, summary=0xFF)
    auth = cut_challenge_auth(dialogue, answer, summary=True)
    assert auth.chain_hash == hashed(base_hash, chain)
    assert auth.summary == hashed(base_hash, *blocks)

    request = raw.get_measurements(version, 0)
    exchanges = [(request, dialogue.ask(request, 0x60))]
    assert cut_measurements(dialogue, exchanges[0][1], signed=False).param1 == len(blocks)
    request = raw.get_measurements(version, 0xFF, attributes=1, nonce=OTHER_NONCE)
    exchanges.append((request, dialogue.ask(request, 0x60)))
    measured = cut_measurements(dialogue, exchanges[1][1], signed=True)
    assert measured.record == b"".join(blocks)
    dialogue.check_measurements(exchanges)


@every_version
def test_the_requester_context_comes_back(version):
    dialogue = meet(version).reach("certificate")
    auth = cut_challenge_auth(dialogue, dialogue.authenticate(), summary=False)
    assert auth.context == (b"context!" if version >= 0x13 else b"")
    for attributes in (0, 1):
        answer = dialogue.ask(raw.get_measurements(version, attributes=attributes), 0x60)
        measured = cut_measurements(dialogue, answer, signed=bool(attributes))
        assert measured.context == (b"context!" if version >= 0x13 else b"")


@every_version
def test_each_measurement_by_its_index(version):
    dialogue = meet(version, base_hash=SHA_384).reach("negotiated")
    exchanges = []
    for measurement in MEASUREMENTS:
        request = raw.get_measurements(version, measurement.index)
        exchanges.append((request, dialogue.ask(request, 0x60)))
        measured = cut_measurements(dialogue, exchanges[-1][1], signed=False)
        assert (measured.param1, measured.param2, measured.count) == (0, 0, 1)
        assert measured.record == block_of(measurement, SHA_384)
    nonces = {cut_measurements(dialogue, answer, signed=False).nonce for _, answer in exchanges}
    assert len(nonces) == len(exchanges)
    request = raw.get_measurements(version, 0xFD, attributes=1)
    exchanges.append((request, dialogue.ask(request, 0x60)))
    dialogue.check_measurements(exchanges)


@pytest.mark.parametrize("version", VERSIONS[2:])
@pytest.mark.parametrize("attributes", [2, 3])
def test_raw_measurements(version, attributes):
    """RawBitStreamRequested is defined from 1.2 on."""
    dialogue = meet(version).reach("negotiated")
    request = raw.get_measurements(version, attributes=attributes)
    answer = dialogue.ask(request, 0x60)
    measured = cut_measurements(dialogue, answer, signed=attributes == 3)
    expected = [block_of(measurement, SHA_256, raw=True) for measurement in MEASUREMENTS]
    assert measured.record == b"".join(expected)
    if attributes == 3:
        dialogue.check_measurements([(request, answer)])


@every_version
def test_a_raw_only_measurement_hash_makes_every_block_raw(version):
    its_policy = policy(algorithms={"measurement_hash": [1]})
    dialogue = Dialogue(responder(its_policy=its_policy), version).reach("negotiated")
    algorithms = dialogue.a[-(36 + 4 * len(raw.TABLES) if version >= 0x11 else 36) :]
    assert algorithms[1] == 0x63
    assert int.from_bytes(algorithms[8:12], "little") == 1
    record = b"".join(block_of(measurement, None) for measurement in MEASUREMENTS)
    answer = dialogue.ask(raw.get_measurements(version), 0x60)
    assert cut_measurements(dialogue, answer, signed=False).record == record
    dialogue.b = b""
    auth = cut_challenge_auth(dialogue, dialogue.authenticate(summary=0xFF), summary=True)
    assert auth.summary == hashed(SHA_256, record)


@every_version
@pytest.mark.parametrize("changed", [0, 1, 2])
def test_content_changed_is_told_with_signatures_from_1_2_on(version, changed):
    device = FakeDevice(content_changed=changed)
    dialogue = Dialogue(responder(device), version).reach("negotiated")
    for attributes in (0, 1):
        answer = dialogue.ask(raw.get_measurements(version, 1, attributes=attributes), 0x60)
        told = changed << 4 if attributes and version >= 0x12 else 0
        assert cut_measurements(dialogue, answer, signed=bool(attributes)).param2 == told


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_a_provisioned_public_key_takes_the_place_of_certificates(version):
    its_policy = policy(flags=PUB_KEY_ID | CHAL | MEAS_SIG)
    device = FakeDevice({}, public_key=True)
    dialogue = Dialogue(responder(device, its_policy), version, P384, SHA_384)
    dialogue.reach("negotiated")
    auth = cut_challenge_auth(dialogue, dialogue.authenticate(0xFF), summary=False)
    assert (auth.slot, auth.mask) == (0x0F, 0)
    assert auth.chain_hash == hashed(SHA_384, signing_key("ecp384").public_key_der())
    request = raw.get_measurements(version, attributes=1, slot=0x0F)
    answer = dialogue.ask(request, 0x60)
    assert answer[3] & 0xF == 0x0F
    dialogue.check_measurements([(request, answer)])


@every_version
def test_challenge_names_the_slots_that_hold_certificates(version):
    slots = {0: FakeSlot(0), 5: FakeSlot(5), 6: FakeSlot(6, kinds=("ecp521",)), 7: FakeSlot(7)}
    dialogue = Dialogue(responder(FakeDevice(slots)), version).reach("negotiated")
    request = raw.get_digests(version)
    digests = dialogue.took(request, dialogue.ask(request, 0x01), "digests")
    assert digests[3] == 0b1010_0001
    assert len(digests) == 4 + 3 * 32
    chains = [chain_of(FakeSlot(slot).certificates, SHA_256) for slot in (0, 5, 7)]
    assert digests[4:] == b"".join(hashed(SHA_256, chain) for chain in chains)
    auth = cut_challenge_auth(dialogue, dialogue.authenticate(5), summary=False)
    assert (auth.slot, auth.mask) == (5, 0b1010_0001)


def converse(version, asym, seed, nonces=(NONCE, OTHER_NONCE)):
    """All that a responder says in a conversation of two connections, in order."""
    dialogue = Dialogue(responder(seed=seed), version, asym)
    said = []
    for nonce in nonces:
        dialogue.state = "nothing"
        dialogue.reach("certificate")
        said.append(dialogue.a + dialogue.b)
        said.append(dialogue.authenticate(nonce=nonce))
        for attributes in (0, 1):
            request = raw.get_measurements(version, attributes=attributes, nonce=nonce)
            said.append(dialogue.ask(request, 0x60))
    return said


@pytest.mark.parametrize(
    ("version", "asym"),
    [
        (version, asym)
        for version in VERSIONS
        for asym in (P256, P384, P521, ED25519, RSASSA_2048)
        if asym != ED25519 or version >= 0x12
    ],
)
def test_the_same_seed_gives_the_same_bytes(version, asym):
    assert converse(version, asym, b"one") == converse(version, asym, b"one")
    assert converse(version, asym, b"one")[1] != converse(version, asym, b"two")[1]


def test_the_same_seed_gives_the_same_bytes_but_for_salts_of_rsapss():
    size = signature_size(RSAPSS_2048)
    first, second = (converse(0x12, RSAPSS_2048, b"one") for _ in range(2))
    assert [message[:-size] for message in first] == [message[:-size] for message in second]


@every_version
def test_nonces_are_never_repeated(version):
    dialogue = Dialogue(responder(), version)
    nonces = []
    for _ in range(3):
        dialogue.state = "nothing"
        dialogue.reach("certificate")
        for _ in range(2):
            auth = cut_challenge_auth(dialogue, dialogue.authenticate(), summary=False)
            answer = dialogue.ask(raw.get_measurements(version, 1), 0x60)
            nonces += [auth.nonce, cut_measurements(dialogue, answer, signed=False).nonce]
    assert len(set(nonces)) == len(nonces) == 12


def test_one_more_request_shifts_no_later_nonce():
    """A branch of the random tree for each purpose: measurements do not move challenges."""
    plain, busy = (Dialogue(responder(), 0x12).reach("negotiated") for _ in range(2))
    for _ in range(3):
        busy.ask(raw.get_measurements(0x12), 0x60)
    assert plain.authenticate() == busy.authenticate()


@every_version
@pytest.mark.parametrize("flags", [CERT | CHAL, CERT | MEAS_SIG])
def test_the_profile_says_what_is_offered(version, flags):
    dialogue = Dialogue(responder(its_policy=policy(flags=flags)), version).reach("capabilities")
    capabilities = dialogue.a[-(12 if version < 0x12 else 20) :]
    assert int.from_bytes(capabilities[8:12], "little") == flags
