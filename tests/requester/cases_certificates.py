"""Lies in DIGESTS, CERTIFICATE and in the chain."""

from collections.abc import Callable
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from requester import chains
from requester.cases import Case, Change, at, draft, offer, patience, put, raw
from requester.chains import INTERMEDIATE, LEAF, ROOT, chain, default_chain, patched
from requester.peer import FLAGS

from responder.errors import data_root
from responder.requester.plan import Plan
from responder.spec.codes import ResponseCode
from responder.spec.flags import Cap
from responder.spec.versions import V11, V12, V13, V14

DIGESTS, CERTIFICATE = ResponseCode.DIGESTS, ResponseCode.CERTIFICATE
MULTI_KEY = FLAGS | Cap.MULTI_KEY_ONLY | Cap.GET_KEY_PAIR_INFO


def digests(check: str, change: Change, **peer: object) -> Case:
    return Case(check, "GET_DIGESTS", {**draft(DIGESTS, change), **peer})


def multi_key(check: str, change: Change, slots: tuple[int, ...] = (0,)) -> Case:
    per_slot = {slot: default_chain() for slot in slots}
    return digests(check, change, versions=(V13,), flags=MULTI_KEY, chains=per_slot)


DIGEST = [
    digests("dig.empty", put(provisioned_slot_mask=0, digest=b"")),
    Case("dig.slot-provisioned", "GET_DIGESTS", {}, {"slot": 3}),
    digests("dig.subset", put(supported_slot_mask=0x02), versions=(V13,)),
    multi_key("dig.model", put(certificate_info=[5])),
    multi_key("dig.slot0-generic", put(certificate_info=[3])),
    multi_key("dig.slot0-usage", put(key_usage_mask=[0x8000])),
    multi_key("dig.none-digest", put(certificate_info=[1, 0]), (0, 1)),
]


def certificate(check: str, change: Change = lambda m: m, peer=None, options=None) -> Case:
    arguments = {**draft(CERTIFICATE, change), **(peer or {})}
    return Case(check, "GET_CERTIFICATE", arguments, options or {})


def growing(message):
    """The remainder after the second portion grows by one."""
    left = message.remainder_length
    return message.replace(remainder_length=left + 1 if left < 300 else left)


NOTHING = draft(DIGESTS, put(certificate_info=[0], digest=bytes(32)))

TRANSFER = [
    certificate("cert.slot", put(slot=1)),
    Case(
        "cert.large",
        "GET_CERTIFICATE",
        at(V14, **raw(CERTIFICATE, lambda r: r[:2] + b"\x80" + r[3:])),
    ),
    Case("cert.model", "GET_CERTIFICATE", at(V13, flags=MULTI_KEY, **NOTHING)),
    certificate("cert.info", put(certificate_info=1), at(V13)),
    certificate("cert.portion-empty", put(cert_chain=b""), options=patience(exchanges=20)),
    certificate(
        "cert.portion-size",
        lambda m: m.replace(
            cert_chain=m.cert_chain + bytes(m.remainder_length)[:1],
            remainder_length=max(0, m.remainder_length - 1),
        ),
        at(V11),
        offer(data_transfer_size=1008),
    ),
    certificate("cert.total", growing, {"portion": 500}),
    certificate("cert.chain-limit", options=patience(chain=100)),
    Case(
        "cert.slot-size",
        "GET_CERTIFICATE",
        at(V13, storage={0: 100}),
        {"plan": Plan(("authenticate", "slot-sizes", "challenge"))},
    ),
    Case("cert.digest", "GET_CERTIFICATE", draft(DIGESTS, put(digest=bytes(32)))),
]


def x5(check: str, ders: tuple[bytes, ...] | None = None, peer=None, options=None) -> Case:
    """A chain in slot 0 of a peer."""
    arguments = {} if ders is None else {"chains": {0: ders}}
    return Case(check, "GET_CERTIFICATE", {**arguments, **(peer or {})}, options or {})


def leaf(spec: chains.Spec) -> tuple[bytes, ...]:
    return chain(leaf=spec)


def rebuilt(change: Callable[[bytes], bytes]) -> Change:
    """Change what follows RootHash, and keep Length right."""

    def change_chain(structure: bytes) -> bytes:
        body = structure[4:36] + change(structure[36:])
        return (4 + len(body)).to_bytes(4, "little") + body

    return change_chain


@cache
def sha1_chain() -> tuple[bytes, ...]:
    """An RSA root that signs its intermediate over SHA-1."""
    pem = (data_root("certs") / "roots" / "rsa2048.key.pem").read_bytes()
    signer = serialization.load_pem_private_key(pem, None)
    root = ROOT.change(public=signer.public_key(), signer=signer).build()
    intermediate = INTERMEDIATE.change(signer=signer).build()
    weak = patched(intermediate, chains.SHA256_WITH_RSA, chains.SHA1_WITH_RSA, signer)
    return (root, weak, default_chain()[2])


def off_curve() -> tuple[bytes, ...]:
    """An intermediate whose public key is no point."""
    numbers = chains.INTERMEDIATE_KEY.public_key().public_numbers()
    y = numbers.y.to_bytes(32, "big")
    wrong = (numbers.y ^ 1).to_bytes(32, "big")
    root, intermediate, last = default_chain()
    return (root, patched(intermediate, y, wrong, chains.ROOT_KEY), last)


def patched_leaf(old: str, new: str) -> tuple[bytes, ...]:
    root, intermediate, last = default_chain()
    changed = patched(last, bytes.fromhex(old), bytes.fromhex(new), chains.INTERMEDIATE_KEY)
    return (root, intermediate, changed)


def basic(ca: bool, length: int | None = None) -> x509.BasicConstraints:
    return x509.BasicConstraints(ca, length)


SERIAL = "02081122334455667788"
LONG_SERIAL = "0215" + "11" * 21
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\0")
BROKEN = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x05\0")
MUTABLE = x509.UnrecognizedExtension(chains.SPDM_EXTENSION, chains.MUTABLE)
LOOSE_ROOT = ROOT.without_extension(x509.BasicConstraints).with_extension(basic(ca=True))
WEAK = INTERMEDIATE.change(public=chains.rsa_public_key(1024))
OTHER_ROOT = ROOT.change(public=chains.OTHER_KEY.public_key(), signer=chains.OTHER_KEY)
SECP384 = chains.key(105, ec.SECP384R1)
NO_SIGNING = x509.KeyUsage(False, True, False, False, False, False, False, False, False)
ONLY_REQUESTER = x509.ExtendedKeyUsage([chains.REQUESTER_AUTH])
ROOT_DER, INTERMEDIATE_DER, LEAF_DER = default_chain()

CHAIN = [
    x5("x5.header-size", peer={"chain_change": lambda c: c[:20]}),
    x5("x5.header-length", peer={"chain_change": lambda c: bytes((c[0] ^ 1,)) + c[1:]}),
    x5("x5.framing", peer={"chain_change": rebuilt(lambda ders: ders + b"\x30\x80\0\0")}),
    x5("x5.count", options=patience(certificates=2)),
    x5("x5.readable", (ROOT_DER, INTERMEDIATE_DER, b"\x30\x03\x02\x01\0")),
    x5("x5.extensions", leaf(LEAF.with_extension(BROKEN))),
    x5("x5.version", patched_leaf("a003020102", "")),
    x5("x5.serial", patched_leaf(SERIAL, LONG_SERIAL)),
    x5("x5.names-present", leaf(LEAF.change(subject=""))),
    x5("x5.duplicate", (ROOT_DER, ROOT_DER, INTERMEDIATE_DER, LEAF_DER)),
    x5("x5.not-before", leaf(LEAF.change(begin=chains.END, end=chains.END))),
    x5("x5.not-after", chain(intermediate=INTERMEDIATE.change(end=chains.BEGIN))),
    x5("x5.critical-extension", leaf(LEAF.with_extension(UNKNOWN, critical=True))),
    x5("x5.signature-algorithm", sha1_chain(), options={"roots": (sha1_chain()[0],)}),
    x5("x5.public-key", off_curve()),
    x5("x5.weak-key", chain(intermediate=WEAK)),
    x5("x5.trusted-root", options={"roots": (OTHER_ROOT.build(),)}),
    x5("x5.root-hash", peer={"root_hash": bytes(32)}),
    x5("x5.name-chaining", leaf(LEAF.change(issuer="Somebody"))),
    x5("x5.signature", leaf(LEAF.change(signer=chains.OTHER_KEY))),
    x5("x5.issuer-ca", chain(intermediate=INTERMEDIATE.with_extension(basic(ca=False)))),
    x5("x5.root-critical", chain(root=LOOSE_ROOT), options={"roots": (LOOSE_ROOT.build(),)}),
    x5("x5.cert-sign", chain(intermediate=INTERMEDIATE.with_extension(chains.LEAF_USAGE))),
    x5(
        "x5.path-length",
        chain(root=(limited := ROOT.with_extension(basic(True, 0), critical=True))),
        options={"roots": (limited.build(),)},
    ),
    x5("x5.leaf-ca", leaf(LEAF.with_extension(basic(ca=True)))),
    x5("x5.leaf-constraints", leaf(LEAF.without_extension(x509.BasicConstraints)), at(V13)),
    x5("x5.leaf-key-usage", leaf(LEAF.with_extension(NO_SIGNING))),
    x5("x5.leaf-cert-sign", leaf(LEAF.with_extension(chains.CA_USAGE))),
    x5("x5.leaf-eku", leaf(LEAF.with_extension(ONLY_REQUESTER))),
    x5("x5.alias-hardware-identity", peer=at(V12, flags=FLAGS | Cap.ALIAS_CERT)),
    x5("x5.device-mutable", leaf(LEAF.with_extension(MUTABLE))),
    x5("x5.key-algorithm", leaf(LEAF.change(public=SECP384.public_key()))),
    x5("cma.san", options={"san": chains.SAN.upper()}),
]
