"""Fields and extensions of defective leaves and authorities, as an X.509 library reads them."""

import warnings

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID
from pki.defective import SUITES, certificates, identity

LEAF, INTERMEDIATE, ROOT = 2, 1, 0
SPDM = x509.ObjectIdentifier("1.3.6.1.4.1.412.274.6")
HARDWARE_IDENTITY = bytes.fromhex("300c060a2b06010401831c821202")
MUTABLE = HARDWARE_IDENTITY[:-1] + b"\x05"
TLS = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]
RESPONDER, REQUESTER = "1.3.6.1.4.1.412.274.3", "1.3.6.1.4.1.412.274.4"

CHANGED = {
    "version-1": LEAF,
    "serial-zero": LEAF,
    "serial-negative": LEAF,
    "serial-21-bytes": LEAF,
    "expired": LEAF,
    "not-yet-valid": LEAF,
    "intermediate-expired": INTERMEDIATE,
    "time-2050-9999": LEAF,
    "intermediate-not-ca": INTERMEDIATE,
    "intermediate-no-bc": INTERMEDIATE,
    "root-bc-noncritical": ROOT,
    "intermediate-no-certsign": INTERMEDIATE,
    "path-length-exceeded": ROOT,
    "leaf-no-bc": LEAF,
    "leaf-certsign": LEAF,
    "leaf-ca-true": LEAF,
    "ku-no-digitalsig": LEAF,
    "ku-absent": LEAF,
    "eku-requester-only": LEAF,
    "eku-both": LEAF,
    "eku-none": LEAF,
    "eku-unknown": LEAF,
    "unknown-critical-ext-leaf": LEAF,
    "unknown-critical-ext-intermediate": INTERMEDIATE,
    "unknown-critical-ext-root": ROOT,
    "hwid-oid-missing-device": LEAF,
    "dice-tcbinfo-missing": LEAF,
    "dice-tcbinfo-bad": LEAF,
    "crl-dp-unreachable": LEAF,
}
"""Which certificate of three is another than the healthy one."""


def load(name, number, kind="ecp384"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return x509.load_der_x509_certificate(certificates(name, kind)[number])


def extension(certificate, kind):
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def usages(name):
    found = extension(load(name, LEAF), x509.ExtendedKeyUsage)
    return found and [one.dotted_string for one in found.value]


def oids(certificate):
    return [one.oid.dotted_string for one in certificate.extensions]


def spdm_value(certificate):
    return next((one.value.value for one in certificate.extensions if one.oid == SPDM), None)


@pytest.mark.parametrize("kind", SUITES)
@pytest.mark.parametrize("name", CHANGED)
def test_one_certificate_is_another_and_its_signature_is_right(name, kind):
    found, own = certificates(name, kind), identity(kind).chain

    assert [at for at in range(3) if found[at] != own[at]] == [CHANGED[name]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chain = [x509.load_der_x509_certificate(der) for der in found]
        for issuer, subject in zip([chain[0], *chain], chain, strict=False):
            subject.verify_directly_issued_by(issuer)


def test_version_1_keeps_its_extensions():
    leaf = load("version-1", LEAF)

    assert leaf.version is x509.Version.v1
    assert oids(leaf) == oids(load("expired", LEAF))


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("serial-zero", "020100"),
        ("serial-negative", "0202a113"),
        ("serial-21-bytes", "021501" + 20 * "00"),
    ],
)
def test_serial_numbers(name, octets):
    tbs = load(name, LEAF).tbs_certificate_bytes

    assert tbs[4:].startswith(bytes.fromhex("a003020102" + octets))


@pytest.mark.parametrize(
    ("name", "number", "begin", "end"),
    [
        ("expired", LEAF, "2020-01-01", "2021-01-01"),
        ("intermediate-expired", INTERMEDIATE, "2020-01-01", "2021-01-01"),
        ("not-yet-valid", LEAF, "2199-01-01", "9999-12-31"),
        ("time-2050-9999", LEAF, "2020-01-01", "2050-01-01"),
        ("time-2050-9999", INTERMEDIATE, "2020-01-01", "9999-12-31"),
    ],
)
def test_dates(name, number, begin, end):
    certificate = load(name, number)

    assert certificate.not_valid_before_utc.date().isoformat() == begin
    assert certificate.not_valid_after_utc.date().isoformat() == end


def test_dates_from_2050_on_are_generalized_time():
    assert b"\x18\x0f20500101000000Z" in certificates("time-2050-9999")[LEAF]
    assert b"\x18\x0f21990101000000Z" in certificates("not-yet-valid")[LEAF]


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("intermediate-not-ca", INTERMEDIATE, (False, True)),
        ("root-bc-noncritical", ROOT, (True, False)),
        ("leaf-ca-true", LEAF, (True, True)),
    ],
)
def test_basic_constraints(name, number, expected):
    found = extension(load(name, number), x509.BasicConstraints)

    assert (found.value.ca, found.critical) == expected


def test_what_is_absent():
    assert extension(load("intermediate-no-bc", INTERMEDIATE), x509.BasicConstraints) is None
    assert extension(load("leaf-no-bc", LEAF), x509.BasicConstraints) is None
    assert extension(load("ku-absent", LEAF), x509.KeyUsage) is None
    assert spdm_value(load("hwid-oid-missing-device", LEAF)) is None


def test_a_key_usage_without_signatures():
    usage = extension(load("ku-no-digitalsig", LEAF), x509.KeyUsage).value

    assert usage.key_agreement
    assert not usage.digital_signature


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("leaf-certsign", LEAF, (True, True, False)),
        ("intermediate-no-certsign", INTERMEDIATE, (False, False, True)),
    ],
)
def test_who_may_sign_certificates(name, number, expected):
    usage = extension(load(name, number), x509.KeyUsage).value

    assert (usage.digital_signature, usage.key_cert_sign, usage.crl_sign) == expected


def test_a_root_that_allows_no_authority_below_it():
    found = extension(load("path-length-exceeded", ROOT), x509.BasicConstraints)

    assert (found.value.ca, found.value.path_length, found.critical) == (True, 0, True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("eku-requester-only", [REQUESTER]),
        ("eku-both", [RESPONDER, REQUESTER]),
        ("eku-none", None),
        ("eku-unknown", ["2.999.1"]),
        ("dice-tcbinfo-missing", [*TLS, RESPONDER, "2.23.133.5.4.100.9", "2.23.133.5.4.100.11"]),
    ],
)
def test_extended_key_usages(name, expected):
    assert usages(name) == expected


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("unknown-critical-ext-leaf", LEAF),
        ("unknown-critical-ext-intermediate", INTERMEDIATE),
        ("unknown-critical-ext-root", ROOT),
    ],
)
def test_an_extension_that_nobody_knows(name, number):
    last = load(name, number).extensions[-1]

    assert (last.oid.dotted_string, last.critical) == ("2.999.2", True)


@pytest.mark.parametrize(
    ("name", "marks"),
    [
        ("alias-vs-device-model", MUTABLE),
        ("hwid-oid-in-alias-leaf", HARDWARE_IDENTITY + MUTABLE),
    ],
)
@pytest.mark.parametrize("set_name", ["device", "alias"])
def test_alias_chains(name, marks, set_name):
    chain = [x509.load_der_x509_certificate(der) for der in certificates(name, set_name=set_name)]

    for issuer, subject in zip([chain[0], *chain], chain, strict=False):
        subject.verify_directly_issued_by(issuer)
    inner = [value and value[2:] for value in map(spdm_value, chain)]
    assert inner == [None, None, HARDWARE_IDENTITY, marks]


def test_dice():
    bad = load("dice-tcbinfo-bad", LEAF).extensions[-1]

    assert bad.oid.dotted_string == "2.23.133.5.4.1"
    assert bad.value.value.hex() == "3005827f312e30"
    assert "2.23.133.5.4.1" not in oids(load("dice-tcbinfo-missing", LEAF))


def test_addresses_where_nothing_answers():
    leaf = load("crl-dp-unreachable", LEAF)

    (point,) = extension(leaf, x509.CRLDistributionPoints).value
    access = extension(leaf, x509.AuthorityInformationAccess).value
    assert [name.value for name in point.full_name] == ["http://127.0.0.1:9/list.crl"]
    assert {one.access_method: one.access_location.value for one in access} == {
        AuthorityInformationAccessOID.OCSP: "http://127.0.0.1:9/ocsp",
        AuthorityInformationAccessOID.CA_ISSUERS: "http://127.0.0.1:9/issuer.cer",
    }
