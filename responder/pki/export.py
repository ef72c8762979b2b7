"""Lays certificate sets out as other requesters and responders want to find them.

Every function takes the folder of the sets and returns path to content; nothing is written here.
"""

from pathlib import Path

from responder.pki import sets
from responder.pki.builder import certificates_pem
from responder.pki.plan import QEMU_NVME
from responder.spec.algorithms import BASE_ASYM

Files = dict[str, bytes]

LINUX_CMA_ALGORITHMS = 0x1B5
"""BaseAsymAlgo of the in-kernel requester: RSASSA and ECDSA."""

LINUX_CMA_KINDS = tuple(
    kind
    for kind in sets.KINDS
    if any(row.key == kind and row.bit & LINUX_CMA_ALGORITHMS for row in BASE_ASYM)
)
"""Kinds of keys that the in-kernel requester verifies."""

_LINUX_README = """\
TEST KEY - DO NOT TRUST: roots made by spdm-responder for tests. Use them in a throw-away machine.

Linux (with the patches of PCI CMA-SPDM) verifies a device's chain with the keys in the .cma
keyring. As root, load the root of the kind of key that the device is to use:

{commands}

and have a device authenticated again, then look:

    echo re > /sys/bus/pci/devices/0000:00:01.0/authenticated
    cat /sys/bus/pci/devices/0000:00:01.0/authenticated

The leaf has to name the device: the set "qemu-nvme" carries

    {identity}

for QEMU's NVMe controller. For any other device make a set of its own with

    spdm-responder certs build DIR --set NAME --kind ecp384 --san Vendor=…
"""

_PEM_README = """\
TEST KEY - DO NOT TRUST: certificates made by spdm-responder for tests.

roots.pem             all roots, one after another
roots/KIND.pem        the root of the chains with that kind of key
chains/KIND/slotN.pem the chain of a slot, leaf first; no private keys here
chains/KIND/requester.pem the chain of the requester that the responder's profiles trust
"""


def export_pem(set_name: str, certs: Path) -> Files:
    """Roots and chains in PEM, without private keys.

    Raises:
        ConfigError: no such set, or a file of it cannot be read.
    """
    kinds = sets.list_kinds(set_name, certs)
    files: Files = {"README.txt": _PEM_README.encode()}
    for kind in kinds:
        paths = [
            sets.identity_path(set_name, kind, slot, certs)
            for slot in sets.list_slots(set_name, kind, certs)
        ]
        root = sets.read_identity(paths[0]).chain[0]
        files[f"roots/{kind}.pem"] = certificates_pem([root], f"Root of the {kind} chains.")
        for path in (*paths, sets.requester_path(set_name, kind, certs)):
            chain = sets.read_identity(path).chain
            text = f"{set_name}/{kind} {path.stem}: leaf to root."
            files[f"chains/{kind}/{path.name}"] = certificates_pem(chain, text)
    files["roots.pem"] = b"".join(files[f"roots/{kind}.pem"] for kind in kinds)
    return files


def export_linux_cma(set_name: str, certs: Path) -> Files:
    """Roots in DER for the ``.cma`` keyring, and how to load them.

    Args:
        set_name: the set whose kinds of keys are wanted.
        certs: the folder of the sets.

    Raises:
        ConfigError: no such set, or a root cannot be read.
    """
    roots = sets.shipped_roots(certs)
    kinds = [kind for kind in sets.list_kinds(set_name, certs) if kind in LINUX_CMA_KINDS]
    commands = "\n".join(f'    keyctl padd asymmetric "" %:.cma < {kind}.der' for kind in kinds)
    text = _LINUX_README.format(commands=commands, identity=QEMU_NVME)
    return {"README.txt": text.encode(), **{f"{kind}.der": roots[kind] for kind in kinds}}
