"""Computes once with every algorithm of SPDM that ``cryptography`` is known to have."""

from collections.abc import Callable, Iterator
from functools import partial

from responder.crypto import aead, key_agreement
from responder.crypto.hashing import digest
from responder.crypto.lacking import reason_to_refuse
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import load_private_key
from responder.pki.sets import identity_path, read_identity
from responder.spec.algorithms import (
    AEADS,
    BASE_ASYM,
    BASE_HASHES,
    DHE_GROUPS,
    KEMS,
    PQC_ASYM,
    Aead,
    Algorithm,
    Exchange,
    Hash,
    Signature,
)

_KEYS = "device"
"""The shipped set with keys of every kind."""


def failures() -> tuple[dict[str, str], int]:
    """Why what should be computed is not, by algorithm; and how many algorithms are."""
    broken: dict[str, str] = {}
    count = 0
    for row, compute in _all():
        try:
            compute()
            count += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is to be told
            broken[row.name] = f"{type(error).__name__}: {error}"
    return broken, count


def _all() -> Iterator[tuple[Algorithm, Callable[[], object]]]:
    random = RandomTree(b"doctor")
    for base_hash in BASE_HASHES:
        yield base_hash, partial(digest, base_hash, b"doctor")
    for scheme in (*BASE_ASYM, *PQC_ASYM):
        if not reason_to_refuse(scheme):
            yield scheme, partial(_sign, scheme)
    for exchange in (*DHE_GROUPS, *KEMS):
        if not reason_to_refuse(exchange):
            yield exchange, partial(_agree, exchange, random)
    for suite in AEADS:
        yield suite, partial(_seal, suite)


def _sign(scheme: Signature) -> None:
    """Raises ``SignatureError`` if the signature is not that of the key."""
    key = load_private_key(read_identity(identity_path(_KEYS, scheme.key, 0)).key)
    base_hash: Hash = BASE_HASHES[1]
    signature = key.sign(scheme, base_hash, b"doctor", "context")
    key.public_key().verify(scheme, base_hash, b"doctor", signature, "context")


def _agree(exchange: Exchange, random: RandomTree) -> None:
    offer = key_agreement.begin(exchange, random)
    agreed = key_agreement.respond(exchange, offer.exchange_data, random)
    if offer.finish(agreed.exchange_data) != agreed.secret:
        raise key_agreement.KeyAgreementError("both sides have different secrets")


def _seal(suite: Aead) -> None:
    key, iv = bytes(suite.key_size), bytes(12)
    sealed = aead.seal(suite, key, iv, b"doctor", b"")
    aead.unseal(suite, key, iv, sealed, b"")
