"""``spdm-responder certs``: make certificate sets, and lay them out for other programs."""

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from responder.errors import ConfigError, data_root
from responder.pki import sets
from responder.spec.limits import SLOT_COUNT

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from responder.pki.keys import RsaSource
    from responder.pki.plan import SetSpec

_MODELS = ("device", "alias", "generic")


class _Certs(click.Group):
    """What is wrong here is a file or an option, not a profile."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise click.UsageError(str(error)) from None


@click.group(cls=_Certs)
def command() -> None:
    """Make and export certificate sets: test keys, which nothing real may trust."""


@command.command()
@click.argument("folder", metavar="[DIR]", default="certs", type=click.Path(path_type=Path))
@click.option("--set", "names", multiple=True, metavar="NAME", help="A set; all if not given.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(sets.KINDS), help="Kind of key.")
@click.option("--slots", type=click.IntRange(1, SLOT_COUNT), help="Slots of each kind of key.")
@click.option("--model", type=click.Choice(_MODELS), help="Certificate model of a new set.")
@click.option(
    "--san",
    "sans",
    multiple=True,
    metavar="TEXT",
    help="Name in the leaf: Vendor=… (PCIe CMA) or manufacturer:product:serial.",
)
@click.option("--seed", metavar="HEX", help="What keys derive from; the shipped sets' by default.")
@click.option("--fresh-keys", is_flag=True, help="New random keys, RSA ones too.")
def build(  # noqa: PLR0913, PLR0917 - one parameter for each option
    folder: Path,
    names: tuple[str, ...],
    kinds: tuple[str, ...],
    slots: int | None,
    model: str | None,
    sans: tuple[str, ...],
    seed: str | None,
    fresh_keys: bool,
) -> None:
    """Write certificate sets to DIR ("certs" by default).

    The same options and seed write the same bytes, but for signatures by ML-DSA: a certificate
    that differs in nothing else stays as it is. Without options they write the shipped sets.
    """
    from responder.crypto.random_tree import RandomTree  # noqa: PLC0415 - serve needs none of it
    from responder.pki.keyring import rsa_pool  # noqa: PLC0415
    from responder.pki.keys import Keys  # noqa: PLC0415
    from responder.pki.plan import SHIPPED_SEED, Kept, build_sets  # noqa: PLC0415

    if fresh_keys and seed is not None:
        raise click.UsageError("--fresh-keys and --seed exclude each other")
    specs = [_adjusted(spec, slots, sans) for spec in _chosen(names, kinds, model)]
    entropy = secrets.token_bytes(32) if fresh_keys else _seed(seed, SHIPPED_SEED)
    tree = RandomTree(entropy)
    source = _fresh_rsa() if fresh_keys else rsa_pool()
    there = [path for path in folder.rglob("*.pem") if b"BEGIN CERTIFICATE" in path.read_bytes()]
    kept = Kept(der for path in there for der in sets.read_certificates(path))
    _write(folder, build_sets(specs, tree, Keys(tree, source), kept))


@command.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--for",
    "target",
    required=True,
    type=click.Choice(("spdm-emu", "linux-cma", "pem")),
    help="Whose layout.",
)
@click.option("--set", "name", help="The set; device, or qemu-nvme for linux-cma, by default.")
@click.option(
    "--from",
    "certs",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the sets are; the shipped ones by default.",
)
def export(folder: Path, target: str, name: str | None, certs: Path | None) -> None:
    """Lay certificates out in DIR as another program wants to find them.

    spdm-emu: the key folder of spdm_requester_emu and spdm_responder_emu. linux-cma: roots for the
    .cma keyring. pem: roots and chains.
    """
    from responder.pki import export as layouts  # noqa: PLC0415 - serve needs none of it
    from responder.pki.spdm_emu import export_spdm_emu  # noqa: PLC0415

    source = certs or data_root("certs")
    if target == "spdm-emu":
        files = export_spdm_emu(name or "device", source)
    elif target == "linux-cma":
        files = layouts.export_linux_cma(name or "qemu-nvme", source)
    else:
        files = layouts.export_pem(name or "device", source)
    _write(folder, files)


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
def show(file: Path) -> None:
    """Say what the certificates in FILE (PEM or DER, one or a chain) say."""
    from responder.pki.describe import describe_file  # noqa: PLC0415 - serve needs none of it

    for line in describe_file(file):
        click.echo(line)


def _chosen(names: tuple[str, ...], kinds: tuple[str, ...], model: str | None) -> list["SetSpec"]:
    """The sets of those names, shipped or new; without names the shipped ones of those kinds."""
    from responder.pki.plan import SHIPPED, SetSpec  # noqa: PLC0415

    if not names:
        if model:
            raise click.UsageError("--model belongs to a new set: name it with --set")
        some = [
            replace(spec, slots={kind: spec.slots[kind] for kind in kinds if kind in spec.slots})
            for spec in SHIPPED
        ]
        return [spec for spec in some if spec.slots] if kinds else list(SHIPPED)
    shipped: dict[str, SetSpec] = {spec.name: spec for spec in SHIPPED}
    specs = []
    for name in names:
        spec = shipped.get(name) if model is None else None
        spec = spec or _new_set(name, model or "device")
        slots = {kind: spec.slots.get(kind, 1) for kind in kinds or spec.slots}
        specs.append(replace(spec, slots=slots))
    return specs


def _new_set(name: str, model: str) -> "SetSpec":
    from responder.pki.plan import SetSpec, default_names  # noqa: PLC0415
    from responder.spec.registries import CertificateModel  # noqa: PLC0415

    reserved = (sets.ROOTS, sets.AUTHORITIES, sets.RSA_POOL)
    if name in reserved or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise ConfigError(f"{name!r} is no name for a set", where="--set")
    return SetSpec(name, CertificateModel[model.upper()], {"ecp384": 1}, default_names(name))


def _adjusted(spec: "SetSpec", slots: int | None, sans: tuple[str, ...]) -> "SetSpec":
    from responder.pki.extensions import parse_name  # noqa: PLC0415

    wanted = dict.fromkeys(spec.slots, slots) if slots else spec.slots
    names = tuple(parse_name(text) for text in sans) or spec.names
    return replace(spec, slots=wanted, names=names)


def _seed(text: str | None, default: bytes) -> bytes:
    if text is None:
        return default
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is not hexadecimal", where="--seed") from error


def _fresh_rsa() -> "RsaSource":
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    def make(kind: str, role: str) -> "rsa.RSAPrivateKey":
        click.echo(f"making the {kind} key of {role}", err=True)
        return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))

    return make


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in sorted(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    click.echo(f"wrote {len(files)} files to {folder}", err=True)
