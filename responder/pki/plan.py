"""Which certificate sets there are, and how a set becomes files."""

from collections.abc import Iterable, Mapping

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from responder.crypto.random_tree import RandomTree
from responder.pki import builder
from responder.pki.builder import Credential, Template
from responder.pki.extensions import Name, device_info, parse_name
from responder.pki.keys import Keys, private_pem
from responder.pki.sets import AUTHORITIES, KINDS, ROOTS
from responder.spec.limits import SLOT_COUNT
from responder.spec.registries import CertificateModel

SHIPPED_SEED = b"spdm-responder test certificates"
"""The seed of the committed sets; it is public on purpose."""

QEMU_NVME = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"
"""The CMA identity of QEMU's NVMe controller."""

TDISP_FUNCTIONS = 5
"""Those of profile ``tdisp-device``, one physical and four virtual; each has a set of its own."""

_MANUFACTURER = "SPDM-RESPONDER"
_SERIAL_NUMBER = "00000001"
_REQUESTER = (device_info(_MANUFACTURER, "REQUESTER", _SERIAL_NUMBER),)


class SetSpec(msgspec.Struct, frozen=True):
    """A set: one device, with a chain for each kind of key and slot.

    Attributes:
        name: the folder.
        model: the certificate model of every slot.
        slots: kind of key to number of slots, from slot 0 on.
        names: otherNames of the leaves.
        issuers: kind of a leaf's key to that of the authorities above it, where they differ.
    """

    name: str
    model: CertificateModel
    slots: Mapping[str, int]
    names: tuple[Name, ...] = ()
    issuers: Mapping[str, str] = {}


def default_names(set_name: str) -> tuple[Name, ...]:
    """DMTF's otherName for the device of a set."""
    return (device_info(_MANUFACTURER, set_name, _SERIAL_NUMBER),)


def tdisp_names(function: int) -> tuple[Name, ...]:
    """The names of a function of profile ``tdisp-device``: its device id and serial number."""
    device_id = "5bd1" if function else "5bd0"
    cma = f"Vendor=1b36:Device={device_id}:CC=120000:REV=01:SSVID=1af4:SSID=1100"
    serial = f"{0x5BD0_0000 + function:016x}"
    return (
        device_info(_MANUFACTURER, f"tdisp-device-{function}", _SERIAL_NUMBER),
        parse_name(f"{cma}:{serial}"),
    )


_TWO_SLOTS = dict.fromkeys(KINDS, 2)

SHIPPED = (
    SetSpec(
        "device",
        CertificateModel.DEVICE,
        {**_TWO_SLOTS, "ecp256": SLOT_COUNT, "ecp384": SLOT_COUNT},
        default_names("device"),
    ),
    SetSpec("alias", CertificateModel.ALIAS, {"ecp384": 2}, default_names("alias")),
    SetSpec("generic", CertificateModel.GENERIC, {"ecp384": SLOT_COUNT}, default_names("generic")),
    SetSpec(
        "qemu-nvme",
        CertificateModel.DEVICE,
        {"ecp256": 1, "ecp384": 1, "rsa3072": 1},
        (*default_names("qemu-nvme"), parse_name(QEMU_NVME)),
    ),
    SetSpec(
        "mixed",
        CertificateModel.DEVICE,
        {"mldsa65": 1, "ecp384": 1},
        default_names("mixed"),
        {"mldsa65": "ecp384", "ecp384": "mldsa65"},
    ),
    *(
        SetSpec(
            f"tdisp-device-{function}",
            CertificateModel.DEVICE,
            {"ecp256": 1, "ecp384": 1},
            tdisp_names(function),
        )
        for function in range(TDISP_FUNCTIONS)
    ),
)
"""The committed sets."""


class Authorities(msgspec.Struct, frozen=True):
    """Who signs chains of one kind of key; all sets share them."""

    root: Credential
    second_root: Credential
    intermediate: Credential
    device_ca: Credential
    requester: Credential


class Kept:
    """Certificates that are there already, in the place of new ones that say the same.

    ML-DSA signs differently each time, and certificates that nothing else changes are to stay.
    """

    def __init__(self, certificates: Iterable[bytes] = ()) -> None:
        loaded = map(x509.load_der_x509_certificate, certificates)
        self._by_content = {one.tbs_certificate_bytes: one for one in loaded}

    def instead_of(self, new: Credential) -> Credential:
        """The same credential, with the certificate that is kept if there is one."""
        made = new.certificate
        kept = self._by_content.get(made.tbs_certificate_bytes, made)
        return Credential(new.key, (*new.chain[:-1], kept))


def build_authorities(kind: str, keys: Keys, serials: RandomTree, kept: Kept) -> Authorities:
    """Roots, intermediate, Device Certificate CA and requester of one kind of key."""

    def make(template: Template, role: str, issuer: Credential | None) -> Credential:
        key = keys.key(kind, role)
        return kept.instead_of(builder.issue(template, key, issuer, serials.child(kind, role)))

    root = make(builder.root_template(kind), "root", None)
    second = make(builder.root_template(kind, "second root CA"), "second-root", None)
    intermediate = make(builder.intermediate_template(kind), "intermediate", root)
    return Authorities(
        root,
        second,
        intermediate,
        make(builder.device_ca_template(kind), "device-ca", intermediate),
        make(builder.requester_template(kind, _REQUESTER), "requester", intermediate),
    )


def build_sets(
    specs: Iterable[SetSpec], tree: RandomTree, keys: Keys, kept: Kept | None = None
) -> dict[str, bytes]:
    """All files of the sets and of the authorities above them.

    Args:
        specs: the sets.
        tree: gives serial numbers.
        keys: gives keys.
        kept: the certificates that are there already.

    Returns:
        Path below the certificates' folder to content.
    """
    files: dict[str, bytes] = {}
    known: dict[str, Authorities] = {}
    serials, kept = tree.child("serial"), kept or Kept()
    for spec in specs:
        for kind, slots in spec.slots.items():
            above = spec.issuers.get(kind, kind)
            if above not in known:
                known[above] = build_authorities(above, keys, serials, kept)
                files |= _authority_files(above, known[above])
            leaves = _Leaves(spec, kind, known[above], keys, serials, kept)
            folder = f"{spec.name}/{kind}"
            requester = builder.identity_pem(
                leaves.requester(), f"Requester for {folder}: private key, then leaf to root."
            )
            files[f"{folder}/requester.pem"] = requester
            for slot in range(slots):
                text = f"{folder} slot {slot}: private key, then leaf to root."
                files[f"{folder}/slot{slot}.pem"] = builder.identity_pem(leaves.slot(slot), text)
    return files


class _Leaves(msgspec.Struct, frozen=True):
    """Makes the leaves of one kind of key of a set."""

    spec: SetSpec
    kind: str
    above: Authorities
    keys: Keys
    serials: RandomTree
    kept: Kept

    def slot(self, number: int) -> Credential:
        spec, role = self.spec, f"slot{number}"
        name = f"{self.kind} {spec.name} slot {number}"
        template = builder.leaf_template(spec.model, name, spec.names)
        alias = spec.model is CertificateModel.ALIAS
        return self._issue(template, role, self.above.device_ca if alias else self._issuer)

    def requester(self) -> Credential:
        """That of the authorities, which all sets share, if its key is of the right kind."""
        if self.kind not in self.spec.issuers:
            return self.above.requester
        template = builder.requester_template(self.kind, _REQUESTER)
        return self._issue(template, "requester", self._issuer)

    @property
    def _issuer(self) -> Credential:
        return self.above.intermediate

    def _issue(self, template: Template, role: str, issuer: Credential) -> Credential:
        key = self.keys.key(self.kind, role, self.spec.name)
        serials = self.serials.child(self.kind, role, self.spec.name)
        return self.kept.instead_of(builder.issue(template, key, issuer, serials))


def _authority_files(kind: str, authorities: Authorities) -> dict[str, bytes]:
    root = authorities.root
    root_pem = root.certificate.public_bytes(serialization.Encoding.PEM)
    named = {
        "second-root": authorities.second_root,
        "intermediate": authorities.intermediate,
        "device-ca": authorities.device_ca,
    }
    return {
        f"{ROOTS}/{kind}.pem": builder.header(f"Root of the {kind} chains.") + root_pem,
        f"{ROOTS}/{kind}.key.pem": builder.header(f"Private key of the {kind} root.")
        + private_pem(root.key),
        **{
            f"{AUTHORITIES}/{kind}/{name}.pem": builder.identity_pem(
                credential, f"{name} of the {kind} chains: private key, then up to the root."
            )
            for name, credential in named.items()
        },
    }
