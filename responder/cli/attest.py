"""``spdm-responder attest``: be the requester, and report what the device is."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from responder.cli.attest_plan import PLAN_OPTIONS, SESSION_OPTIONS, planned, with_options
from responder.cli.attest_state import STATE_OPTIONS, keep_state, with_state
from responder.cli.attesting import (
    CHANNEL_OPTIONS,
    JSON_OPTION,
    TRUST_OPTIONS,
    attested,
    default_options,
    endpoint,
    hexadecimal,
    narrowed,
    print_and_exit,
    trust,
)

if TYPE_CHECKING:
    from responder.requester.options import AttestOptions, VendorRequest
    from responder.transport.pci_address import PciAddress
    from responder.transport.uri import Endpoint

_VENDOR_PARTS = 3


def _vendor(text: str) -> "VendorRequest":
    from responder.requester.options import VendorRequest  # noqa: PLC0415 - not for --help

    parts = text.split(":")
    if len(parts) != _VENDOR_PARTS or not parts[0].isdecimal():
        raise click.BadParameter(f"{text!r} is not STANDARD:VENDOR:PAYLOAD, such as 3:0100:00")
    return VendorRequest(int(parts[0]), hexadecimal(parts[1]), hexadecimal(parts[2]))


@click.command("attest")
@click.argument("uri", type=endpoint)
@with_options(TRUST_OPTIONS)
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
@with_options((*CHANNEL_OPTIONS, *PLAN_OPTIONS, *SESSION_OPTIONS, *STATE_OPTIONS, JSON_OPTION))
def command(uri: "Endpoint | PciAddress", **given: Any) -> None:
    """Authenticate the device at URI and read its measurements.

    URI is such as spdm-emu+doe://127.0.0.1:2323 or dsp0287://127.0.0.1:4194; or pci:0000:00:04.0,
    the DOE mailbox of a function of this machine, which needs root.

    Exits 0 when the device was attested, 1 when it was refused, 4 when no answer came.
    """
    report = attested(uri, _options(given), given)
    keep_state(report, given)
    print_and_exit(report, given)


def _options(given: dict[str, Any]) -> "AttestOptions":
    from responder.requester.linux_cma import linux_cma_options  # noqa: PLC0415 - not for --help

    if given["as_"]:
        if given["raw"] or given["public_key"] or given["steps"] or given["sessions"]:
            reason = "--raw, --public-key, --do and --session are not for --as linux-cma"
            raise click.UsageError(reason)
        options = linux_cma_options(**trust(given), measurements=given["meas"] or "none")
        options = narrowed(options, given)
    else:
        options = default_options(given, measurements=given["meas"] or "all", raw=given["raw"])
    return with_state(planned(replace(options, vendor=given["vendor"]), given), given)
