"""``spdm-responder attest``: be the requester, and report what the device is."""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.cli.algorithm_names import algorithm_in
from responder.cli.attest_plan import PLAN_OPTIONS, planned, with_options
from responder.cli.attest_state import STATE_OPTIONS, keep_state, with_state
from responder.cli.exits import Exit
from responder.cli.output import reader_may_leave
from responder.errors import ConfigError, suggest
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, PQC_ASYM
from responder.spec.limits import SLOT_COUNT
from responder.spec.versions import ALL_VERSIONS
from responder.transport.socket_frame import Command, TransportType
from responder.transport.uri import Endpoint, parse_uri

if TYPE_CHECKING:
    from responder.client.channel import Channel
    from responder.requester.options import AttestOptions, VendorRequest
    from responder.requester.report import Report
    from responder.transport.pci_address import PciAddress

_EXITS = {"attested": Exit.OK, "refused": Exit.FINDING, "failed": Exit.ENVIRONMENT}
_FAREWELLS = {"shutdown": Command.SHUTDOWN, "continue": Command.CONTINUE}
_SEED_SIZE = 32
_AUTO = "auto"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_VENDOR_PARTS = 3


def _uri(text: str) -> "Endpoint | PciAddress":
    from responder.transport.pci_address import is_pci, parse_pci_address  # noqa: PLC0415 - rare

    try:
        return parse_pci_address(text) if is_pci(text) else parse_uri(text)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from None


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not hexadecimal") from None


def _slot(text: str) -> int | str:
    if text == _AUTO or (text.isdecimal() and int(text) < SLOT_COUNT):
        return text if text == _AUTO else int(text)
    raise click.BadParameter(f"{text!r} is no slot, 0 to {SLOT_COUNT - 1}, nor {_AUTO}")


def _pci(text: str) -> str:
    from responder.requester.linux_cma import parse_pci  # noqa: PLC0415 - not for --help

    try:
        return parse_pci(text)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from None


def _vendor(text: str) -> "VendorRequest":
    from responder.requester.options import VendorRequest  # noqa: PLC0415 - not for --help

    parts = text.split(":")
    if len(parts) != _VENDOR_PARTS or not parts[0].isdecimal():
        raise click.BadParameter(f"{text!r} is not STANDARD:VENDOR:PAYLOAD, such as 3:0100:00")
    return VendorRequest(int(parts[0]), _hex(parts[1]), _hex(parts[2]))


@click.command("attest")
@click.argument("uri", type=_uri)
@click.option(
    "--root",
    type=_FILE,
    multiple=True,
    metavar="FILE",
    help="Trust this root certificate (PEM or DER); may be repeated. "
    "[default: the shipped test roots]",
)
@click.option(
    "--public-key",
    type=_FILE,
    metavar="FILE",
    help="The device's provisioned public key (PEM or DER), instead of certificates.",
)
@click.option(
    "--slot",
    type=_slot,
    default="0",
    show_default=True,
    metavar="N|auto",
    help="The slot to authenticate; auto takes the first whose chain is valid.",
)
@click.option(
    "--version",
    "version",
    type=click.Choice([v.label for v in ALL_VERSIONS]),
    help="Use this SPDM version only. [default: the highest common one]",
)
@click.option(
    "--asym",
    type=algorithm_in((*BASE_ASYM, *PQC_ASYM)),
    multiple=True,
    metavar="NAME",
    help="Offer only this signature algorithm, such as ECDSA-P384; may be repeated.",
)
@click.option(
    "--hash",
    type=algorithm_in(BASE_HASHES),
    multiple=True,
    metavar="NAME",
    help="Offer only this hash, such as SHA-384; may be repeated.",
)
@click.option(
    "--meas",
    type=click.Choice(["all", "each", "none"]),
    help="Measurements: all at once, each by itself. [default: all; none with --as]",
)
@click.option("--raw", is_flag=True, help="Ask for raw bit streams.")
@click.option(
    "--vendor",
    type=_vendor,
    metavar="STANDARD:VENDOR:PAYLOAD",
    help="Send a vendor-defined request at the end; the last two in hexadecimal.",
)
@click.option(
    "--as",
    "as_",
    type=click.Choice(["linux-cma"]),
    help="Be another requester: send what it sends, check what it checks.",
)
@click.option("--san", metavar="TEXT", help="Demand this otherName 2.23.147 (PCIe CMA).")
@click.option(
    "--pci",
    type=_pci,
    metavar="Vendor=..:Device=..",
    help="Demand the name of the function with these configuration space values.",
)
@click.option(
    "--without",
    multiple=True,
    metavar="CHECK",
    help="Leave out a check, by the id that a refusal names, such as chal.signature; "
    "may be repeated.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    help="Seconds for each message.",
)
@click.option(
    "--seed", type=_hex, metavar="HEX", help="Root of nonces and contexts. [default: a random one]"
)
@click.option("--hello", is_flag=True, help="Send TEST first (spdm-emu).")
@click.option("--discover", is_flag=True, help="Ask first what the device carries (DOE, storage).")
@click.option(
    "--farewell",
    type=click.Choice(list(_FAREWELLS)),
    help="Send this at the end (spdm-emu). [default: nothing]",
)
@with_options((*PLAN_OPTIONS, *STATE_OPTIONS))
@click.option("--json", "as_json", is_flag=True, help="Print the report as a JSON document.")
def command(uri: "Endpoint | PciAddress", **given: Any) -> None:
    """Authenticate the device at URI and read its measurements.

    URI is such as spdm-emu+doe://127.0.0.1:2323 or dsp0287://127.0.0.1:4194; or pci:0000:00:04.0,
    the DOE mailbox of a function of this machine, which needs root.

    Exits 0 when the device was attested, 1 when it was refused, 4 when no answer came.
    """
    options = _options(given)
    report = asyncio.run(_attest(uri, options, given))
    keep_state(report, given)
    with reader_may_leave():
        _print(report, as_json=given["as_json"])
    sys.exit(_EXITS[report.verdict])


def _print(report: "Report", *, as_json: bool) -> None:
    if as_json:
        import json  # noqa: PLC0415 - only here

        click.echo(json.dumps(report.document(), indent=2))
    else:
        from responder.cli.report import print_report  # noqa: PLC0415 - not for --json

        print_report(report)


def _options(given: dict[str, Any]) -> "AttestOptions":
    from responder.requester.check_table import CHECKS  # noqa: PLC0415 - not for --help
    from responder.requester.linux_cma import linux_cma_options  # noqa: PLC0415
    from responder.requester.options import (  # noqa: PLC0415
        VERIFIED_PQC_ASYM,
        AttestOptions,
        Offer,
    )

    unknown = [check for check in given["without"] if check not in CHECKS]
    if unknown:
        near = suggest(unknown[0], CHECKS)
        meant = f"; did you mean {near!r}?" if near else ""
        raise click.BadParameter(f"there is no check {unknown[0]!r}{meant}", param_hint="--without")
    common: dict[str, Any] = {
        "roots": _roots(given["root"]),
        "time": datetime.now(UTC),
        "san": given["san"] or given["pci"],
        "without": frozenset(given["without"]),
    }
    if given["as_"]:
        if given["raw"] or given["public_key"] or given["steps"] or given["sessions"]:
            reason = "--raw, --public-key, --do and --session are not for --as linux-cma"
            raise click.UsageError(reason)
        options = linux_cma_options(**common, measurements=given["meas"] or "none")
    else:
        slot = given["slot"]
        options = AttestOptions(
            **common,
            measurements=given["meas"] or "all",
            slot=None if slot == _AUTO else slot,
            offer=Offer(pqc_asym=VERIFIED_PQC_ASYM),
            raw=given["raw"],
            public_key=_public_key(given["public_key"]),
        )
    return _narrowed(options, given)


def _narrowed(options: "AttestOptions", given: dict[str, Any]) -> "AttestOptions":
    """The options with what the command line restricts or adds."""
    if given["version"]:
        wanted = tuple(v for v in options.versions if v.label == given["version"])
        if not wanted:
            raise click.UsageError(f"that requester does not speak {given['version']}")
        options = replace(options, versions=wanted)
    offer = options.offer
    if given["asym"]:
        chosen = set(given["asym"])
        offer = replace(
            offer,
            base_asym=sum(row.bit for row in chosen if not row.post_quantum),
            pqc_asym=sum(row.bit for row in chosen if row.post_quantum),
        )
    if given["hash"]:
        offer = replace(offer, base_hash=sum({row.bit for row in given["hash"]}))
    options = planned(replace(options, offer=offer, vendor=given["vendor"]), given)
    return with_state(options, given)


def _roots(files: tuple[Path, ...]) -> tuple[bytes, ...]:
    from responder.pki.sets import shipped_roots  # noqa: PLC0415 - not for --help
    from responder.requester.chain import load_root  # noqa: PLC0415

    if not files:
        click.echo("no --root given: trusting the shipped test roots", err=True)
        return tuple(shipped_roots().values())
    roots = []
    for file in files:
        for der in _der_blocks(file):
            try:
                load_root(der)
            except ConfigError as error:
                raise click.BadParameter(f"{file}: {error.reason}", param_hint="--root") from None
            roots.append(der)
    return tuple(roots)


def _public_key(file: Path | None) -> bytes | None:
    from responder.crypto.signing import PublicKey, UnsupportedKeyError  # noqa: PLC0415

    if file is None:
        return None
    der = _der_blocks(file)[0]
    try:
        PublicKey.from_der(der)
    except UnsupportedKeyError as error:
        raise click.BadParameter(f"{file}: {error}", param_hint="--public-key") from None
    return der


def _der_blocks(file: Path) -> list[bytes]:
    """The DER of a file: of each PEM block, or the file itself."""
    from responder.pki.sets import pem_blocks  # noqa: PLC0415 - not for --help

    data = file.read_bytes()
    if b"-----BEGIN" not in data:
        return [data]
    try:
        return [der for _, der in pem_blocks(data, str(file))]
    except ConfigError as error:
        raise click.BadParameter(str(error)) from None


async def _attest(
    uri: "Endpoint | PciAddress", options: "AttestOptions", given: dict[str, Any]
) -> "Report":
    import secrets  # noqa: PLC0415 - not for --help
    import time  # noqa: PLC0415

    from responder.client.channel import ChannelError  # noqa: PLC0415
    from responder.client.drive import drive  # noqa: PLC0415
    from responder.crypto.random_tree import RandomTree  # noqa: PLC0415
    from responder.requester.attestation import attest, unreached  # noqa: PLC0415

    try:
        channel = await _open(uri, given)
    except ChannelError as error:
        return unreached(str(uri), error.kind, error.reason)
    seed = given["seed"] or secrets.token_bytes(_SEED_SIZE)
    try:
        options = replace(options, padding=channel.padding, records=channel.records)
        attestation = attest(options, RandomTree(seed), clock=time.monotonic)
        return await drive(attestation, channel, target=str(uri))
    finally:
        await channel.close()


async def _open(uri: "Endpoint | PciAddress", given: dict[str, Any]) -> "Channel":
    if not isinstance(uri, Endpoint):
        from responder.client.sysfs import open_function  # noqa: PLC0415 - rare

        return await open_function(uri.name)
    from responder.client.socket import (  # noqa: PLC0415 - not for --help
        DEFAULT_BINDING,
        SocketOptions,
        open_channel,
    )

    if uri.framing == "spdm-emu" and uri.binding is None:
        name = TransportType(DEFAULT_BINDING).name
        click.echo(f"{uri} takes any binding: speaking {name}", err=True)
    sockets = SocketOptions(
        timeout=given["timeout"],
        hello=given["hello"],
        discover=given["discover"],
        farewell=_FAREWELLS.get(given["farewell"]),
    )
    return await open_channel(str(uri), options=sockets)
