"""What verbs that attest a device have in common: whom to trust, how to reach it, what to print."""

import asyncio
import sys
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from responder.cli.algorithm_names import algorithm_in
from responder.cli.exits import Exit
from responder.cli.output import reader_may_leave
from responder.errors import ConfigError, suggest
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, PQC_ASYM
from responder.spec.limits import SLOT_COUNT
from responder.spec.versions import ALL_VERSIONS
from responder.transport.socket_frame import Command, TransportType
from responder.transport.uri import Endpoint, parse_uri

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from responder.client.channel import Channel
    from responder.requester.options import AttestOptions
    from responder.requester.report import Report
    from responder.transport.pci_address import PciAddress

_EXITS = {"attested": Exit.OK, "refused": Exit.FINDING, "failed": Exit.ENVIRONMENT}
_FAREWELLS = {"shutdown": Command.SHUTDOWN, "continue": Command.CONTINUE}
_SEED_SIZE = 32
_AUTO = "auto"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def endpoint(text: str) -> "Endpoint | PciAddress":
    """A URI on the command line, or a function of this machine."""
    from responder.transport.pci_address import is_pci, parse_pci_address  # noqa: PLC0415 - rare

    try:
        return parse_pci_address(text) if is_pci(text) else parse_uri(text)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from None


def hexadecimal(text: str) -> bytes:
    """Bytes on the command line."""
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


TRUST_OPTIONS = (
    click.option(
        "--root",
        type=_FILE,
        multiple=True,
        metavar="FILE",
        help="Trust this root certificate (PEM or DER); may be repeated. "
        "[default: the shipped test roots]",
    ),
    click.option(
        "--public-key",
        type=_FILE,
        metavar="FILE",
        help="The device's provisioned public key (PEM or DER), instead of certificates.",
    ),
    click.option(
        "--slot",
        type=_slot,
        default="0",
        show_default=True,
        metavar="N|auto",
        help="The slot to authenticate; auto takes the first whose chain is valid.",
    ),
    click.option(
        "--version",
        "version",
        type=click.Choice([v.label for v in ALL_VERSIONS]),
        help="Use this SPDM version only. [default: the highest common one]",
    ),
    click.option(
        "--asym",
        type=algorithm_in((*BASE_ASYM, *PQC_ASYM)),
        multiple=True,
        metavar="NAME",
        help="Offer only this signature algorithm, such as ECDSA-P384; may be repeated.",
    ),
    click.option(
        "--hash",
        type=algorithm_in(BASE_HASHES),
        multiple=True,
        metavar="NAME",
        help="Offer only this hash, such as SHA-384; may be repeated.",
    ),
    click.option("--san", metavar="TEXT", help="Demand this otherName 2.23.147 (PCIe CMA)."),
    click.option(
        "--pci",
        type=_pci,
        metavar="Vendor=..:Device=..",
        help="Demand the name of the function with these configuration space values.",
    ),
    click.option(
        "--without",
        multiple=True,
        metavar="CHECK",
        help="Leave out a check, by the id that a refusal names, such as chal.signature; "
        "may be repeated.",
    ),
)
CHANNEL_OPTIONS = (
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=5.0,
        show_default=True,
        help="Seconds for each message.",
    ),
    click.option(
        "--seed",
        type=hexadecimal,
        metavar="HEX",
        help="Root of nonces and contexts. [default: a random one]",
    ),
    click.option("--hello", is_flag=True, help="Send TEST first (spdm-emu)."),
    click.option(
        "--discover", is_flag=True, help="Ask first what the device carries (DOE, storage)."
    ),
    click.option(
        "--farewell",
        type=click.Choice(list(_FAREWELLS)),
        help="Send this at the end (spdm-emu). [default: nothing]",
    ),
    click.option(
        "--capture",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write what is sent and answered to this file, as `serve --capture` does.",
    ),
)
JSON_OPTION = click.option(
    "--json", "as_json", is_flag=True, help="Print the report as a JSON document."
)


def default_options(given: dict[str, Any], **more: Any) -> "AttestOptions":
    """The options of an attestation by this project's requester, narrowed as ``narrowed`` does."""
    from responder.requester.options import (  # noqa: PLC0415 - not for --help
        VERIFIED_PQC_ASYM,
        AttestOptions,
        Offer,
    )

    slot = given["slot"]
    options = AttestOptions(
        **trust(given),
        slot=None if slot == _AUTO else slot,
        offer=Offer(pqc_asym=VERIFIED_PQC_ASYM),
        public_key=_public_key(given["public_key"]),
        **more,
    )
    return narrowed(options, given)


def trust(given: dict[str, Any]) -> dict[str, Any]:
    """Arguments of ``AttestOptions`` that every requester has."""
    from responder.requester.check_table import CHECKS  # noqa: PLC0415 - not for --help

    unknown = [check for check in given["without"] if check not in CHECKS]
    if unknown:
        near = suggest(unknown[0], CHECKS)
        meant = f"; did you mean {near!r}?" if near else ""
        raise click.BadParameter(f"there is no check {unknown[0]!r}{meant}", param_hint="--without")
    return {
        "roots": _roots(given["root"]),
        "time": datetime.now(UTC),
        "san": given["san"] or given["pci"],
        "without": frozenset(given["without"]),
    }


def narrowed(options: "AttestOptions", given: dict[str, Any]) -> "AttestOptions":
    """The options with the versions and algorithms that the command line restricts them to."""
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
    return replace(options, offer=offer)


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


def attested(
    uri: "Endpoint | PciAddress", options: "AttestOptions", given: dict[str, Any]
) -> "Report":
    """The report of an attestation, whatever it came to."""
    return asyncio.run(_attest(uri, options, given))


def print_and_exit(report: "Report", given: dict[str, Any]) -> NoReturn:
    """Print the report, and exit by its verdict."""
    with reader_may_leave():
        _print(report, as_json=given["as_json"])
    sys.exit(_EXITS[report.verdict])


def _print(report: "Report", *, as_json: bool) -> None:
    if as_json:
        import json  # noqa: PLC0415 - only here

        click.echo(json.dumps(report.document(), indent=2))
    else:
        from responder.cli.attest_report import print_report  # noqa: PLC0415 - not for --json

        print_report(report)


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
        with _perhaps_captured(channel, uri, given.get("capture")) as seen:
            return await drive(attestation, seen, target=str(uri))
    finally:
        await channel.close()


def _perhaps_captured(
    channel: "Channel", uri: "Endpoint | PciAddress", path: Path | None
) -> "AbstractContextManager[Channel]":
    if path is None:
        return nullcontext(channel)
    from responder.cli.attest_capture import captured  # noqa: PLC0415 - only if asked for
    from responder.client.socket import DEFAULT_BINDING  # noqa: PLC0415 - as above

    bound = uri.transport if isinstance(uri, Endpoint) else TransportType.PCI_DOE
    return captured(channel, uri, DEFAULT_BINDING if bound is None else bound, path)


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
