"""A folder that holds all that a case needs: for a bug report, and to run it again elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from responder import __version__
from responder.campaign.plan import Case
from responder.campaign.rehearsal import setting_named
from responder.campaign.result import Result, Verdict
from responder.campaign.target import Target, read_target
from responder.campaign.written_device import Table, profile_text, written_device
from responder.errors import ConfigError, data_root
from responder.faults.written import written
from responder.pki.builder import header
from responder.pki.sets import pem, pem_blocks
from responder.profiles.device import key_kinds
from responder.profiles.load import load_profile
from responder.profiles.toml_text import toml_text

PROFILE, TARGET, MANIFEST = "profile.toml", "target.toml", "case.json"
CERTIFICATES = "certs"
_VERSION = 1


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the folder is about.

    Attributes:
        version: of this form of folder.
        program: the version of this program that wrote it.
        case, group, setting, expected: as the case has them.
        seed: of all randomness.
        verdict, text: what came of it.
    """

    version: int
    program: str
    case: str
    group: str
    setting: str
    expected: tuple[str, ...]
    seed: str
    verdict: Verdict
    text: str


class Exported(msgspec.Struct, frozen=True):
    """What a folder holds.

    Attributes:
        manifest: what it is about.
        case: with the device and the fault of the folder.
        target: the requester.
    """

    manifest: Manifest
    case: Case
    target: Target


def files_of(case: Case, target: Target, seed: str, result: Result) -> dict[str, bytes]:
    """What a folder holds, by paths in it: profile, certificates, target, and what it is about."""
    device = written_device(case.setting, narrowed=target.kind != "reference")
    certificates = dict(_certificates(device))
    manifest = Manifest(
        version=_VERSION,
        program=__version__,
        case=case.id,
        group=case.group,
        setting=case.setting.name,
        expected=case.expected,
        seed=seed,
        verdict=result.verdict,
        text=result.text,
    )
    profile = profile_text(_with_own_sets(device), written(case.fault))
    about = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    return {
        PROFILE: profile.encode(),
        TARGET: toml_text(msgspec.to_builtins(target)).encode(),
        MANIFEST: about,
        **certificates,
    }


def exported_in(folder: Path) -> Exported:
    """Read a folder again.

    Raises:
        ConfigError: it is none, or something in it is wrong.
    """
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"no folder of `campaign export`: {error}", where=str(path)) from None
    if manifest.version != _VERSION:
        reason = f"form {manifest.version} of such folders is not known, {_VERSION} is"
        raise ConfigError(reason, where=str(path))
    profile = load_profile(str(folder / PROFILE))
    if len(profile.spec.fault) != 1:
        raise ConfigError("it has one fault of its own", where=str(folder / PROFILE))
    (fault,) = (one for one in profile.faults if one.id == profile.spec.fault[0]["id"])
    changes = {"vendor": msgspec.to_builtins(profile.spec.vendor), "fault": []}
    setting = replace(
        setting_named(manifest.setting), profile=str(folder / PROFILE), overrides=changes
    )
    case = Case(manifest.case, fault, setting, manifest.group, manifest.expected)
    return Exported(manifest, case, read_target(str(folder / TARGET)))


def _with_own_sets(device: Table) -> Table:
    """The device with the certificates of its folder instead of those of the program."""

    def own(section: Table) -> Table:
        name = section.get("set")
        if name is None or "/" in name:
            return section
        return {**section, "set": f"{CERTIFICATES}/{name}"}

    moved: Table = {"slot": [own(one) for one in device.get("slot", ())]}
    if "public_key" in device:
        moved["public_key"] = own(device["public_key"])
    return {**device, **moved}


def _certificates(device: Table) -> Iterator[tuple[str, bytes]]:
    """The files of the sets that a device takes its identities from, and the roots of them."""
    shipped = data_root(CERTIFICATES)
    algorithms = device.get("algorithms", {})
    kinds = key_kinds([*algorithms.get("base_asym", ()), *algorithms.get("pqc_asym", ())])
    roots: dict[bytes, str] = {}
    for section in (*device.get("slot", ()), device.get("public_key", {})):
        name = section.get("set", "/")
        number = section.get("set_slot", section.get("id", 0))
        for kind in kinds if "/" not in name else ():
            path = f"{name}/{kind}/slot{number}.pem"
            content = (shipped / path).read_bytes()
            yield f"{CERTIFICATES}/{path}", content
            roots.setdefault(pem_blocks(content, path)[-1][1], kind)
    blocks = [pem("CERTIFICATE", der) for der in roots]
    yield f"{CERTIFICATES}/roots.pem", header("Roots to trust.") + b"".join(blocks)
    for number, (der, kind) in enumerate(roots.items()):
        yield f"{CERTIFICATES}/root-{number}-{kind}.der", der
