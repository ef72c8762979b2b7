"""Which certificate sets there are, and how a set becomes files."""

from collections.abc import Iterable, Mapping

import msgspec
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
    """

    name: str
    model: CertificateModel
    slots: Mapping[str, int]
    names: tuple[Name, ...] = ()


def default_names(set_name: str) -> tuple[Name, ...]:
    """DMTF's otherName for the device of a set."""
    return (device_info(_MANUFACTURER, set_name, _SERIAL_NUMBER),)


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
)
"""The committed sets."""


class Authorities(msgspec.Struct, frozen=True):
    """Who signs chains of one kind of key; all sets share them."""

    root: Credential
    second_root: Credential
    intermediate: Credential
    device_ca: Credential
    requester: Credential


def build_authorities(kind: str, keys: Keys, serials: RandomTree) -> Authorities:
    """Roots, intermediate, Device Certificate CA and requester of one kind of key."""

    def make(template: Template, role: str, issuer: Credential | None) -> Credential:
        return builder.issue(template, keys.key(kind, role), issuer, serials.child(kind, role))

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


def build_sets(specs: Iterable[SetSpec], tree: RandomTree, keys: Keys) -> dict[str, bytes]:
    """All files of the sets and of the authorities above them.

    Args:
        specs: the sets.
        tree: gives serial numbers.
        keys: gives keys.

    Returns:
        Path below the certificates' folder to content.
    """
    files: dict[str, bytes] = {}
    known: dict[str, Authorities] = {}
    serials = tree.child("serial")
    for spec in specs:
        for kind, slots in spec.slots.items():
            if kind not in known:
                known[kind] = build_authorities(kind, keys, serials)
                files |= _authority_files(kind, known[kind])
            folder = f"{spec.name}/{kind}"
            requester = builder.identity_pem(
                known[kind].requester, f"Requester for {folder}: private key, then leaf to root."
            )
            files[f"{folder}/requester.pem"] = requester
            for slot in range(slots):
                credential = _slot(spec, kind, slot, known[kind], keys, serials)
                text = f"{folder} slot {slot}: private key, then leaf to root."
                files[f"{folder}/slot{slot}.pem"] = builder.identity_pem(credential, text)
    return files


def _slot(
    spec: SetSpec, kind: str, slot: int, above: Authorities, keys: Keys, serials: RandomTree
) -> Credential:
    role = f"slot{slot}"
    template = builder.leaf_template(spec.model, f"{kind} {spec.name} slot {slot}", spec.names)
    issuer = above.device_ca if spec.model is CertificateModel.ALIAS else above.intermediate
    key = keys.key(kind, role, spec.name)
    return builder.issue(template, key, issuer, serials.child(kind, role, spec.name))


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
