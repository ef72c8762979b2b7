"""``spdm-responder tdi``: bring the interface of a device to run, as a host and its guest do."""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from responder.cli.attest_plan import SESSION_OPTIONS, with_options, with_sessions
from responder.cli.attesting import (
    CHANNEL_OPTIONS,
    JSON_OPTION,
    TRUST_OPTIONS,
    attested,
    default_options,
    endpoint,
    hexadecimal,
    print_and_exit,
)
from responder.errors import suggest
from responder.spec.ide import KeySet
from responder.spec.limits import SUMMARY_NONE
from responder.spec.tdisp import PAGE_SIZE, SEGMENT_SHIFT, SEGMENT_VALID, LockFlag, TdiState

if TYPE_CHECKING:
    from responder.requester.options import AttestOptions
    from responder.requester.tdi_options import TdiOptions
    from responder.transport.pci_address import PciAddress
    from responder.transport.uri import Endpoint

_IDE = "ide"
PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        _IDE: ("ide-query", "ide-keys", "ide-go", "ide-query"),
        "version": ("tdisp-version", "tdisp-capabilities"),
        "config": ("tdisp-config",),
        "lock": ("tdisp-lock",),
        "report": ("tdisp-report",),
        "measurements": ("tdisp-measured",),
        "wrong-nonce": ("tdisp-wrong-nonce",),
        "start": ("tdisp-start", "tdisp-report", "tdisp-state"),
        "p2p": ("tdisp-p2p",),
        "attribute": ("tdisp-mmio-attribute",),
        "vdm": ("tdisp-vdm",),
        "refresh": ("ide-refresh",),
        "state": ("tdisp-state",),
        "stop": ("tdisp-stop", "ide-stop"),
    }
)
"""What can be done, in order, and the steps of each."""
_DEFAULT = (_IDE, "version", "lock", "report", "measurements", "start", "stop")
_ANY_STATE = "any"
_STATES = {"unlocked": TdiState.CONFIG_UNLOCKED, _ANY_STATE: None}
_BDF = re.compile(r"(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2}):([01]?[0-9a-f])\.([0-7])", re.IGNORECASE)
_HEX = re.compile(r"(0x)?[0-9a-f]+", re.IGNORECASE)
_MAX_SEGMENT = 0xFF
_MAX_FUNCTION_ID = 0xFFFFFFFF
_BAR_PARTS = 3
_VDM_PARTS = 2


def function_id(text: str) -> int:
    """FUNCTION_ID: [segment:]bus:device.function, or a number in hexadecimal; segment 0 is none."""
    found = _BDF.fullmatch(text)
    if found:
        segment, bus, device, function = (int(part or "0", 16) for part in found.groups())
        if segment <= _MAX_SEGMENT:
            valid = SEGMENT_VALID if segment else 0
            return valid | segment << SEGMENT_SHIFT | bus << 8 | device << 3 | function
    number = _hex_number(text)
    if number is None or number > _MAX_FUNCTION_ID:
        reason = "[SEGMENT:]BUS:DEVICE.FUNCTION, such as 01:00.0, nor hexadecimal"
        raise click.BadParameter(f"{text!r} is not {reason}")
    return number


def _hex_number(text: str) -> int | None:
    return int(text, 16) if _HEX.fullmatch(text) else None


def _number(text: str) -> int:
    number = _hex_number(text)
    if number is None:
        raise click.BadParameter(f"{text!r} is not a number in hexadecimal")
    return number


def _lock_flags(text: str) -> int:
    number = _hex_number(text)
    if number is not None and number >> 16 == 0:
        return number
    flags = 0
    for name in filter(None, text.split(",")):
        found = LockFlag.__members__.get(name.upper().replace("-", "_"))
        if found is None:
            near = suggest(name.upper(), LockFlag.__members__)
            meant = f"; did you mean {near!r}?" if near else ""
            raise click.BadParameter(f"there is no lock flag {name!r}{meant}")
        flags |= found
    return flags


def _bar(text: str) -> tuple[int, tuple[int, int]]:
    parts = text.split(":")
    numbers = [_hex_number(part) for part in parts]
    if len(parts) != _BAR_PARTS or None in numbers:
        raise click.BadParameter(f"{text!r} is not BAR:ADDRESS:SIZE in hexadecimal")
    bar, address, size = (number or 0 for number in numbers)
    return bar, (address, size)


def _vdm(text: str) -> tuple[bytes, bytes]:
    parts = text.split(":")
    if len(parts) != _VDM_PARTS:
        raise click.BadParameter(f"{text!r} is not VENDOR:DATA in hexadecimal, such as 0100:00")
    return hexadecimal(parts[0]), hexadecimal(parts[1])


def _parts(text: str) -> tuple[str, ...]:
    wanted = tuple(filter(None, text.split(",")))
    for name in wanted:
        if name not in PARTS:
            near = suggest(name, PARTS)
            meant = f"; did you mean {near!r}?" if near else ""
            raise click.BadParameter(f"there is no part {name!r}{meant}")
    return wanted


TDI_OPTIONS = (
    click.option(
        "--function",
        type=function_id,
        default="00:00.0",
        show_default=True,
        metavar="BDF|HEX",
        help="The interface: [SEGMENT:]BUS:DEVICE.FUNCTION, or FUNCTION_ID in hexadecimal.",
    ),
    click.option(
        "--port-index",
        type=click.IntRange(0, 0xFF),
        default=0,
        show_default=True,
        help="The port whose stream gets keys.",
    ),
    click.option(
        "--stream",
        type=click.IntRange(0, 0xFF),
        default=0,
        show_default=True,
        help="The stream that gets keys, and the default stream of the lock.",
    ),
    click.option(
        "--key-set",
        type=click.Choice([one.name for one in KeySet], case_sensitive=False),
        default=KeySet.K0.name,
        show_default=True,
        help="The key set that gets keys.",
    ),
    click.option(
        "--lock-flags",
        type=_lock_flags,
        metavar="NAME,...|HEX",
        help="Flags of the lock, such as no-fw-update. "
        "[default: all that the device supports but lock-msix]",
    ),
    click.option(
        "--reporting-offset",
        type=_number,
        default="0",
        metavar="HEX",
        help="MMIO_REPORTING_OFFSET of the lock, in bytes.",
    ),
    click.option(
        "--portion",
        type=click.IntRange(1, 0xFFFF),
        default=PAGE_SIZE,
        show_default=True,
        help="Bytes of the interface report that are asked for at once.",
    ),
    click.option(
        "--before",
        type=click.Choice(list(_STATES)),
        default="unlocked",
        show_default=True,
        help="The state that the interface has to be in before it is locked.",
    ),
    click.option(
        "--bar",
        "bars",
        type=_bar,
        multiple=True,
        metavar="BAR:ADDRESS:SIZE",
        help="Where a BAR is, in hexadecimal; ranges of the report have to lie in theirs. "
        "May be repeated.",
    ),
    click.option(
        "--non-tee",
        type=_number,
        multiple=True,
        metavar="ADDRESS",
        help="Where a range begins that is known to stay outside of the trusted environment, in "
        "hexadecimal. May be repeated.",
    ),
    click.option(
        "--p2p-stream",
        type=click.IntRange(0, 0xFF),
        default=1,
        show_default=True,
        help="The stream of the part p2p.",
    ),
    click.option(
        "--vdm",
        type=_vdm,
        default="0100:",
        metavar="VENDOR:DATA",
        help="What the part vdm sends, in hexadecimal.",
    ),
    click.option(
        "--only",
        type=_parts,
        metavar="PART,...",
        help=f"Do only these parts, in the order given, of: {', '.join(PARTS)}. "
        f"[default: {','.join(_DEFAULT)}]",
    ),
    click.option("--no-ide", is_flag=True, help="Program no keys."),
    click.option("--keep", is_flag=True, help="Do not stop the interface, nor end the session."),
)


@click.command("tdi")
@click.argument("uri", type=endpoint)
@with_options((*TDI_OPTIONS, *TRUST_OPTIONS, *SESSION_OPTIONS, *CHANNEL_OPTIONS, JSON_OPTION))
def command(uri: "Endpoint | PciAddress", **given: Any) -> None:
    """Lock, verify, start and stop an interface of the device at URI (TDISP).

    In one session a stream gets keys (IDE_KM); then the interface is locked, its report and the
    measurements are read, it is started, and stopped. URI is as for attest.

    Exits 0 when all went well, 1 when the device was refused, 4 when no answer came.
    """
    print_and_exit(attested(uri, _options(given), given), given)


def _options(given: dict[str, Any]) -> "AttestOptions":
    from responder.requester.plan import Plan, SessionPlan  # noqa: PLC0415 - not for --help

    session = SessionPlan(steps(given), summary=SUMMARY_NONE, end=not given["keep"])
    plan = Plan(("authenticate",), (session,))
    return with_sessions(replace(default_options(given), plan=plan, tdi=_tdi(given)), given)


def steps(given: dict[str, Any]) -> tuple[str, ...]:
    """The steps of the session."""
    wanted = list(given["only"] or _DEFAULT)
    if given["keep"] and not given["only"]:
        wanted.remove("stop")
    found = [step for part in wanted for step in PARTS[part]]
    return tuple(step for step in found if not (given["no_ide"] and step.startswith(_IDE)))


def _tdi(given: dict[str, Any]) -> "TdiOptions":
    from responder.requester.tdi_options import TdiOptions  # noqa: PLC0415 - not for --help

    return TdiOptions(
        function_id=given["function"],
        port_index=given["port_index"],
        stream_id=given["stream"],
        key_set=KeySet[given["key_set"]],
        lock_flags=given["lock_flags"],
        reporting_offset=given["reporting_offset"],
        portion=given["portion"],
        state_before=_STATES[given["before"]],
        bars=dict(given["bars"]),
        non_tee=frozenset(given["non_tee"]),
        p2p_stream_id=given["p2p_stream"],
        vdm_vendor=given["vdm"][0],
        vdm_data=given["vdm"][1],
    )
