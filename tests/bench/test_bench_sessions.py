"""CPU inside the core for a session, against the cryptography that it cannot avoid."""

import statistics
import sys

import pytest
from core import raw_requests as raw
from core.dialogue import messages_of
from core.session_dialogue import Form, Secured, SessionDialogue, key_exchange
from measuring import cpu_seconds, median_of, within

from responder.core.responder import Responder
from responder.crypto import aead, hashing, hkdf, key_agreement
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PrivateKey
from responder.profiles.load import load_profile
from responder.spec.algorithms import AEADS, BASE_ASYM, DHE_GROUPS, KEMS, PQC_ASYM, by_name

CRYPTO = {
    "digest": hashing.digest,
    "hmac": hkdf.hmac,
    "extract": hkdf.extract,
    "expand": hkdf.expand,
    "respond": key_agreement.respond,
    "seal": aead.seal,
    "unseal": aead.unseal,
}
"""What the core calls, by the name that its modules import it under."""
KEY_EX, ENCRYPT, MAC = 1 << 9, 1 << 6, 1 << 7
SHA_384 = 1 << 1
RECORDS = 200
EXCHANGES = {"FFDHE2048": 3.0, "SECP256R1": 3.0, "SECP384R1": 3.0, "SECP521R1": 3.0,
             "ML-KEM-768": 3.0, "ML-KEM-1024": 3.0}  # fmt: skip
"""The most that a handshake takes over its cryptography."""
SIGNATURES = {"ECDSA-P256": 3.0, "ECDSA-P384": 3.0, "ECDSA-P521": 3.0, "Ed25519": 3.0,
              "RSAPSS-3072": 2.0, "RSASSA-2048": 2.0, "ML-DSA-65": 3.0}  # fmt: skip


class Timed:
    """A responder whose CPU time is counted."""

    def __init__(self, responder):
        self.responder = responder
        self.device = responder.device
        self.seconds = 0.0

    def receive(self, *arguments, **named):
        effects = []
        self.seconds += cpu_seconds(
            lambda: effects.extend(self.responder.receive(*arguments, **named))
        )
        return effects


def meet(asym, exchange, suite="AES-256-GCM"):
    """A negotiated connection of 1.4 to the shipped device, with these algorithms."""
    signature, table = by_name((*BASE_ASYM, *PQC_ASYM), asym), 2 if exchange[0] in "FS" else 7
    profile = load_profile(
        "default",
        {
            "spdm": {
                "versions": ["1.4"],
                "capabilities": ["CERT", "CHAL", "MEAS_SIG", "KEY_EX", "ENCRYPT", "MAC"],
                "data_transfer_size": 0x8000,
            },
            "algorithms": {
                "base_asym": [] if signature.post_quantum else [asym],
                "pqc_asym": [asym] if signature.post_quantum else [],
                "dhe": [exchange] if table == 2 else [],
                "kem": [exchange] if table == 7 else [],
                "aead": [suite],
                "key_schedule": ["SPDM"],
            },
        },
    )
    peer = Timed(Responder(profile.device, profile.policy, RandomTree(b"bench")))
    rows = [(table, by_name((*DHE_GROUPS, *KEMS), exchange).bit), (3, by_name(AEADS, suite).bit)]
    tables = [raw.structure(*row) for row in sorted([*rows, (5, 1)])]
    dialogue = SessionDialogue(
        peer,
        0x14,
        signature.bit << 32 if signature.post_quantum else signature.bit,
        SHA_384,
        offer={"flags": 0x6 | KEY_EX | ENCRYPT | MAC, "transfer": 0x8000},
        algorithms={"tables": tables},
    )
    return dialogue.reach("negotiated")


def handshake(dialogue, asym, exchange):
    """KEY_EXCHANGE to FINISH; the requester's own work is not counted."""
    offer = key_agreement.begin(exchange, RandomTree(b"requester"))
    asked = key_exchange(0x14, share=offer.exchange_data)
    (answer,) = messages_of(dialogue.responder.receive(asked, 0.0))
    assert answer[1] == 0x64, answer.hex()
    session_id = int.from_bytes(answer[4:6], "little") << 16 | 0xABCD
    chain = dialogue.responder.device.slot(0).digest(asym, hashing_of(dialogue))
    size, before = 48, len(answer) - 48
    th = dialogue.a + chain + asked + answer[:before]
    session = Secured(dialogue, session_id, th, Form())
    session.start(offer.finish(answer[40 : 40 + exchange.response_size]))
    session.th += answer[-size:]
    header = bytes([0x14, 0xE5, 0, 0, 0, 0])
    session.th += header
    mine = session.verify_data("request")
    session.th += mine
    effects = dialogue.responder.receive(session.seal(header + mine), 0.0, secured=session.form)
    (record,) = messages_of(effects)
    session.th += session.open(record)
    session.establish()
    return session


def hashing_of(dialogue):
    return dialogue.responder.responder.connection.selected.base_hash


def end(session):
    """END_SESSION; what it takes is not counted."""
    before = session.dialogue.responder.seconds
    effects = session.dialogue.responder.receive(
        session.seal(bytes([0x14, 0xEC, 0, 0])), 0.0, secured=session.form
    )
    assert session.open(messages_of(effects)[0])[1] == 0x6C
    session.dialogue.responder.seconds = before


def recorded_crypto(action, monkeypatch):
    """Every call of the cryptography that ``action`` makes in the core, to be made again alone."""
    calls = []
    made = set()

    def spy_on(function):
        def spy(*arguments):
            made.add(function)
            calls.append(lambda: function(*arguments))
            return function(*arguments)

        return spy

    with monkeypatch.context() as patch:
        patch.setattr(PrivateKey, "sign", spy_on(PrivateKey.sign))
        for name, module in list(sys.modules.items()):
            if name.startswith(("responder.core.", "responder.device.")):
                for what, function in CRYPTO.items():
                    if getattr(module, what, None) is function:
                        patch.setattr(module, what, spy_on(function))
        action()
    assert {PrivateKey.sign, key_agreement.respond} <= made, "the spies see what costs most"
    return calls


PAIRS = [
    *((asym, "SECP384R1", limit) for asym, limit in SIGNATURES.items()),
    *(("ECDSA-P384", exchange, limit) for exchange, limit in EXCHANGES.items()),
]


@pytest.mark.parametrize(("asym", "exchange", "limit"), dict.fromkeys(PAIRS))
def test_a_handshake_costs_little_beside_its_cryptography(
    asym, exchange, limit, report, monkeypatch
):
    dialogue = meet(asym, exchange)
    peer = dialogue.responder
    rows = by_name((*BASE_ASYM, *PQC_ASYM), asym), by_name((*DHE_GROUPS, *KEMS), exchange)
    end(handshake(dialogue, *rows))
    calls = recorded_crypto(lambda: end(handshake(dialogue, *rows)), monkeypatch)
    assert len(calls) > 10

    def core() -> float:
        peer.seconds = 0.0
        for _ in range(3):
            end(handshake(dialogue, *rows))
        return peer.seconds / 3

    def crypto() -> float:
        return cpu_seconds(lambda: [[call() for call in calls] for _ in range(3)]) / 3

    measured = within(limit, lambda: median_of(lambda: core() / crypto(), 9))
    each = statistics.median(core() for _ in range(5))
    name = f"{asym}, {exchange}"
    report.add(f"KEY_EXCHANGE to FINISH / crypto, {name}", f"{measured:.2f}", f"at most {limit}")
    report.add(f"KEY_EXCHANGE to FINISH, {name}", f"{each * 1e6:.0f} us", "")
    assert measured <= limit


@pytest.mark.parametrize("suite", ["AES-256-GCM"])
def test_records_per_second(suite, report):
    dialogue = meet("ECDSA-P384", "SECP384R1", suite)
    rows = by_name(BASE_ASYM, "ECDSA-P384"), by_name(DHE_GROUPS, "SECP384R1")
    session = handshake(dialogue, *rows)
    peer = dialogue.responder

    def seconds() -> float:
        records = [session.seal(raw.get_digests(0x14)) for _ in range(RECORDS)]
        peer.seconds = 0.0
        for record in records:
            (answer,) = messages_of(peer.receive(record, 0.0, secured=session.form))
            assert session.open(answer)[1] == 0x01
        return peer.seconds

    rate = RECORDS / median_of(seconds, 9)
    report.add(f"records per second, in and out, {suite}", f"{rate:.0f}", "")
    assert rate > 500
