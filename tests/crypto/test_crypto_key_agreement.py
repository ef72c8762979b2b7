"""Ground truth: RFC 5903, primes that OpenSSL has for RFC 7919, and its Diffie-Hellman."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from responder.crypto.key_agreement import (
    KeyAgreementError,
    begin,
    field_prime,
    respond,
)
from responder.crypto.random_tree import RandomTree
from responder.spec.algorithms import DHE_GROUPS, KEMS, by_name

FIELDS = [row for row in DHE_GROUPS if row.name.startswith("FFDHE")]
CURVES = [row for row in DHE_GROUPS if row.name.startswith("SECP")]
COMPUTED = [*FIELDS, *CURVES, *KEMS[1:]]
NOT_COMPUTED = [DHE_GROUPS[-1], KEMS[0]]
PRIME_DIGESTS = {
    "FFDHE2048": "9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966",
    "FFDHE3072": "0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17",
    "FFDHE4096": "4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e",
}
"""SHA-256 of the primes in ``openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048``."""
RFC_5903_8_1 = {
    "i": "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
    "gi": "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
    "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
    "r": "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
    "gr": "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
    "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
    "gir": "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de",
}

every = pytest.mark.parametrize("exchange", COMPUTED, ids=lambda row: row.name)
every_field = pytest.mark.parametrize("exchange", FIELDS, ids=lambda row: row.name)
every_curve = pytest.mark.parametrize("exchange", CURVES, ids=lambda row: row.name)


class Drawn:
    """A random source that gives one number."""

    def __init__(self, number):
        self.number = number

    def bytes(self, size):
        return self.number.to_bytes(size, "big")


@every
def test_both_sides_agree(exchange):
    offer = begin(exchange, RandomTree(b"requester"))
    agreed = respond(exchange, offer.exchange_data, RandomTree(b"responder"))
    assert offer.finish(agreed.exchange_data) == agreed.secret
    assert len(offer.exchange_data) == exchange.request_size
    assert len(agreed.exchange_data) == exchange.response_size


@every
def test_private_values_come_from_the_tree(exchange):
    first, again, other = (begin(exchange, RandomTree(seed)) for seed in (b"a", b"a", b"b"))
    assert first.exchange_data == again.exchange_data
    assert first.exchange_data != other.exchange_data


def test_encapsulation_takes_no_seed():
    """That it does not is written in the mask of journals; if it ever does, that row can go."""
    kem = by_name(KEMS, "ML-KEM-768")
    offer = begin(kem, RandomTree(b""))
    first, second = (respond(kem, offer.exchange_data, RandomTree(b"same")) for _ in range(2))
    assert first.exchange_data != second.exchange_data


def test_rfc_5903_group_19():
    numbers = {name: int(text, 16) for name, text in RFC_5903_8_1.items()}
    group = by_name(DHE_GROUPS, "SECP256R1")
    offer = begin(group, Drawn(numbers["i"] - 1))
    agreed = respond(group, offer.exchange_data, Drawn(numbers["r"] - 1))
    assert offer.exchange_data.hex() == RFC_5903_8_1["gi"]
    assert agreed.exchange_data.hex() == RFC_5903_8_1["gr"]
    assert agreed.secret.hex() == RFC_5903_8_1["gir"]


@pytest.mark.parametrize(("name", "expected"), PRIME_DIGESTS.items())
def test_primes_are_those_of_rfc_7919(name, expected):
    prime = field_prime(name)
    assert hashlib.sha256(prime.to_bytes(prime.bit_length() // 8, "big")).hexdigest() == expected


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@every_field
def test_openssl_agrees_over_a_field(exchange):
    from cryptography.hazmat.primitives.asymmetric import dh

    parameters = dh.DHParameterNumbers(field_prime(exchange.name), 2)
    theirs = parameters.parameters().generate_private_key()
    public = theirs.public_key().public_numbers().y.to_bytes(exchange.request_size, "big")
    agreed = respond(exchange, public, RandomTree(b""))
    ours = dh.DHPublicNumbers(int.from_bytes(agreed.exchange_data, "big"), parameters)
    assert theirs.exchange(ours.public_key()).rjust(exchange.request_size, b"\0") == agreed.secret


@every_field
def test_a_short_secret_keeps_its_leading_zeros(exchange):
    prime, number = field_prime(exchange.name), 12345
    size = len(begin_private_bytes(exchange))
    private = number | 1 << 8 * size - 1
    order = (prime - 1) // 2
    peer = pow(4, pow(private, -1, order), prime).to_bytes(exchange.request_size, "big")
    agreed = respond(exchange, peer, Drawn(number))
    assert agreed.secret == (4).to_bytes(exchange.request_size, "big")


def begin_private_bytes(exchange):
    drawn = []

    class Recording(RandomTree):
        def bytes(self, size):
            drawn.append(super().bytes(size))
            return drawn[-1]

    begin(exchange, Recording(b""))
    return drawn[0]


@every_field
@pytest.mark.parametrize("value", ["0", "1", "p-1", "p", "p+1", "all ones"])
def test_degenerate_values_of_a_field_are_refused(exchange, value):
    prime = field_prime(exchange.name)
    values = {"p-1": prime - 1, "p": prime, "p+1": prime + 1}
    number = values.get(value, (1 << 8 * exchange.request_size) - 1)
    number = int(value) if value.isdigit() else number
    data = number.to_bytes(exchange.request_size, "big")
    refused_by_both(exchange, data)


@every_curve
@pytest.mark.parametrize("value", ["zero", "off the curve", "beyond the field"])
def test_no_points_of_a_curve_are_refused(exchange, value):
    width = exchange.request_size // 2
    curve = {"SECP256R1": ec.SECP256R1, "SECP384R1": ec.SECP384R1, "SECP521R1": ec.SECP521R1}
    point = ec.derive_private_key(5, curve[exchange.name]()).public_key().public_numbers()
    data = {
        "zero": bytes(2 * width),
        "off the curve": point.x.to_bytes(width, "big") + (point.y ^ 1).to_bytes(width, "big"),
        "beyond the field": b"\xff" * width + point.y.to_bytes(width, "big"),
    }
    refused_by_both(exchange, data[value])


@every
@pytest.mark.parametrize("change", [-1, 1, None])
def test_data_of_another_size_is_refused(exchange, change):
    offer = begin(exchange, RandomTree(b""))
    agreed = respond(exchange, offer.exchange_data, RandomTree(b"1"))
    for data, use in (
        (agreed.exchange_data, offer.finish),
        (offer.exchange_data, lambda d: respond(exchange, d, RandomTree(b""))),
    ):
        changed = b"" if change is None else (data + b"\0" if change > 0 else data[:-1])
        with pytest.raises(KeyAgreementError):
            use(changed)


@pytest.mark.parametrize("kem", KEMS[1:], ids=lambda row: row.name)
def test_coefficients_beyond_the_modulus_are_no_encapsulation_key(kem):
    """FIPS 203 7.2, modulus check."""
    with pytest.raises(KeyAgreementError):
        respond(kem, b"\xff" * kem.request_size, RandomTree(b""))


@pytest.mark.parametrize("kem", KEMS[1:], ids=lambda row: row.name)
def test_a_changed_ciphertext_gives_another_secret(kem):
    """FIPS 203 6.3: rejection is implicit."""
    offer = begin(kem, RandomTree(b""))
    agreed = respond(kem, offer.exchange_data, RandomTree(b""))
    changed = bytes([agreed.exchange_data[0] ^ 1]) + agreed.exchange_data[1:]
    assert offer.finish(changed) != agreed.secret
    assert len(offer.finish(changed)) == len(agreed.secret)


@pytest.mark.parametrize("exchange", NOT_COMPUTED, ids=lambda row: row.name)
def test_what_the_library_lacks_is_refused(exchange):
    with pytest.raises(KeyAgreementError, match="cryptography has no"):
        begin(exchange, RandomTree(b""))
    with pytest.raises(KeyAgreementError, match="cryptography has no"):
        respond(exchange, bytes(exchange.request_size), RandomTree(b""))


def refused_by_both(exchange, data):
    with pytest.raises(KeyAgreementError):
        respond(exchange, data, RandomTree(b""))
    with pytest.raises(KeyAgreementError):
        begin(exchange, RandomTree(b"")).finish(data)
