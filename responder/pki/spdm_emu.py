"""The key folder in which ``spdm_requester_emu`` and ``spdm_responder_emu`` are started.

For each kind of key they read files of fixed names: the requester two roots (``ca``, ``ca1``) and
its own identity, the responder the chains of slots 0, 1 and 4, the alias chain and two keys.
"""

from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from responder.crypto.hashing import digest
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PublicKey
from responder.errors import ConfigError
from responder.pki import sets
from responder.pki.builder import (
    WARNING,
    Credential,
    certificate_der,
    certificates_pem,
    header,
    intermediate_template,
    leaf_template,
    sign,
)
from responder.pki.keys import Key, load_key, private_der, private_pem, public_der
from responder.spec.algorithms import BASE_HASHES
from responder.spec.registries import CertificateModel

Files = dict[str, bytes]

FALLBACK_SET = "device"
"""Gives the kinds of keys that the exported set lacks: a requester reads more than one folder."""

_README = f"""\
{WARNING}: keys and certificates made by spdm-responder for tests.

The key folder of DMTF's spdm-emu. Start spdm_requester_emu or spdm_responder_emu with this folder
as the working directory:

    cd HERE && /path/to/spdm_requester_emu --asym ECDSA_P384 --hash SHA_384 …

ca.cert.der is the root of the chains that spdm-responder's profiles present, so the requester
trusts them; the requester's identity is signed by that root too, so the profiles trust it.
"""


def export_spdm_emu(set_name: str, certs: Path) -> Files:
    """The whole key folder: path to content.

    Args:
        set_name: the set whose slots become the responder's; kinds of keys that it lacks come
            from ``device``.
        certs: the folder of the sets.

    Raises:
        ConfigError: no such set, or a file of it cannot be read.
    """
    own = sets.list_kinds(set_name, certs)
    files: Files = {"README.txt": _README.encode()}
    for kind in sets.KINDS:
        source = set_name if kind in own else FALLBACK_SET
        if not sets.list_slots(source, kind, certs):
            continue
        content = _Folder.read(source, kind, certs).files()
        files |= {f"{kind}/{name}": data for name, data in content.items()}
    rsa = sets.identity_path(FALLBACK_SET, "rsa2048", 0, certs)
    if rsa.exists():
        files["test_csr/cached.csr"] = _signing_request(_credential(rsa).key)
    return files


class _Folder(msgspec.Struct, frozen=True):
    """What the folder of one kind of key is made of; its authorities may be of another kind."""

    kind: str
    issuers: str
    root: Credential
    second_root: Credential
    intermediate: Credential
    device_ca: Credential
    requester: Credential
    slot0: Credential
    slot4: Credential
    serials: RandomTree

    @classmethod
    def read(cls, set_name: str, kind: str, certs: Path) -> "_Folder":
        slots = sets.list_slots(set_name, kind, certs)
        path = sets.identity_path(set_name, kind, slots[0], certs)
        other = 4 if 4 in slots else slots[min(1, len(slots) - 1)]
        slot0 = _credential(path)
        issuers = PublicKey(slot0.chain[0].public_key()).kind
        above = certs / sets.AUTHORITIES / issuers
        root_key = certs / sets.ROOTS / f"{issuers}.key.pem"
        intermediate = _credential(above / "intermediate.pem")
        key = load_key(_text(root_key), str(root_key))
        # The same sets give the same folder: serial numbers come from the leaf itself.
        seed = digest(BASE_HASHES[0], certificate_der(slot0.certificate))
        return cls(
            kind,
            issuers,
            Credential(key, intermediate.chain[:1]),
            _credential(above / "second-root.pem"),
            intermediate,
            _credential(above / "device-ca.pem"),
            _credential(sets.requester_path(set_name, kind, certs)),
            slot0,
            _credential(sets.identity_path(set_name, kind, other, certs)),
            RandomTree(seed),
        )

    def files(self) -> Files:
        cross = self._cross_certificate()
        files: Files = {}
        files |= _authority("ca", self.root) | _authority("ca1", self.second_root)
        files |= _authority("inter", self.intermediate) | _certificate("inter1", cross)
        files |= _chains("responder", "", self.slot0.chain)
        files |= _chains("responder", "1", (*self._second_above(cross), *self.slot0.chain[2:]))
        files |= _chains("responder", "4", self.slot4.chain)
        files |= _keys("end_responder", self.slot0.key)
        files["end_responder4.key"] = _key_pem(self.slot4.key)
        files |= _chains("requester", "", self.requester.chain)
        files |= _chains("requester", "1", (*self._second_above(cross), *self.requester.chain[2:]))
        return files | _keys("end_requester", self.requester.key) | self._alias_files()

    def _second_above(self, cross: x509.Certificate) -> tuple[x509.Certificate, ...]:
        return (*self.second_root.chain, cross)

    def _cross_certificate(self) -> x509.Certificate:
        """The intermediate's key and name, certified by the second root."""
        template = intermediate_template(self.issuers)
        public_key = self.intermediate.key.public_key()
        return sign(template, public_key, self.second_root, self.serials.child("inter1"))

    def _alias_files(self) -> Files:
        """The alias chain: its leaf has slot 0's key, because the responder signs with that."""
        template = leaf_template(CertificateModel.ALIAS, f"{self.kind} alias")
        public_key = self.slot0.key.public_key()
        leaf = sign(template, public_key, self.device_ca, self.serials.child("alias"))
        partial = self.device_ca.chain
        return {
            **_certificate("end_responder_alias", leaf),
            **_certificate("end_responder_alias_cert_partial_set", partial[-1]),
            "end_responder_alias_partial.key": _key_pem(self.device_ca.key),
            "bundle_responder.certchain_alias.der": _bundle((*partial, leaf)),
            "bundle_responder.certchain_alias_cert_partial_set.der": _bundle(partial),
        }


def _credential(path: Path) -> Credential:
    identity = sets.read_identity(path)
    try:
        chain = tuple(x509.load_der_x509_certificate(der) for der in identity.chain)
    except ValueError as error:
        raise ConfigError(f"a certificate cannot be read: {error}", where=str(path)) from error
    return Credential(load_key(identity.key, str(path)), chain)


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error


def _authority(name: str, credential: Credential) -> Files:
    files = _certificate(name, credential.certificate)
    return {**files, f"{name}.key": _key_pem(credential.key)}


def _certificate(name: str, certificate: x509.Certificate) -> Files:
    der = certificate_der(certificate)
    return {
        f"{name}.cert": certificates_pem([der], f"{name}, for spdm-emu."),
        f"{name}.cert.der": der,
    }


def _chains(role: str, suffix: str, chain: tuple[x509.Certificate, ...]) -> Files:
    return {
        **_certificate(f"end_{role}{suffix}", chain[-1]),
        f"bundle_{role}.certchain{suffix}.der": _bundle(chain),
    }


def _bundle(chain: tuple[x509.Certificate, ...]) -> bytes:
    return b"".join(certificate_der(certificate) for certificate in chain)


def _keys(name: str, key: Key) -> Files:
    return {
        f"{name}.key": _key_pem(key),
        f"{name}.key.der": private_der(key),
        f"{name}.key.pub.der": public_der(key),
    }


def _key_pem(key: Key) -> bytes:
    return header("Private key, for spdm-emu.") + private_pem(key)


def _signing_request(key: Key) -> bytes:
    """What the responder returns after the reset that CERT_INSTALL_RESET_CAP asks for."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, WARNING),
            x509.NameAttribute(NameOID.COMMON_NAME, "cached request"),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    signed = request.sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)
