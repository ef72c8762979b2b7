"""The options of ``attest`` that say what is done: steps, sessions, and who the requester is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.cli.algorithm_names import algorithm_in
from responder.errors import ConfigError, suggest
from responder.spec.algorithms import AEADS, DHE_GROUPS, KEMS, TABLE_AEAD, TABLE_DHE, TABLE_KEM
from responder.spec.flags import Cap
from responder.spec.limits import (
    MIN_DATA_TRANSFER_SIZE,
    SLOT_COUNT,
    SUMMARY_ALL,
    SUMMARY_NONE,
    SUMMARY_TCB,
)

if TYPE_CHECKING:
    from responder.requester.options import AttestOptions, NewChain, Offer, OwnIdentity, Psk
    from responder.requester.plan import SessionPlan

AnyOption = Callable[[Any], Any]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_KINDS = ("kex", "psk")
_SUMMARIES = {"none": SUMMARY_NONE, "tcb": SUMMARY_TCB, "all": SUMMARY_ALL}
_MICROSECONDS = 1_000_000
_SECURED = {f"1.{minor}": 0x1000 | minor << 8 for minor in range(4)}
_IN_SESSIONS = (
    Cap.ENCRYPT | Cap.MAC | Cap.KEY_EX | Cap.HBEAT | Cap.KEY_UPD | Cap.HANDSHAKE_IN_THE_CLEAR
    | Cap.ENCAP | Cap.EVENT | Cap.CHUNK | Cap.LARGE_RESP
)  # fmt: skip
_WITH_CHAIN = Cap.CERT | Cap.CHAL | Cap.MUT_AUTH | Cap.ENCAP | Cap.EP_INFO_SIG | Cap.MULTI_KEY_NEG
_WITH_PUBLIC_KEY = Cap.PUB_KEY_ID | Cap.CHAL | Cap.MUT_AUTH | Cap.ENCAP | Cap.EP_INFO_SIG


def _steps(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _session(text: str) -> "SessionPlan":
    from responder.requester.plan import SessionPlan  # noqa: PLC0415 - not for --help

    kind, _, steps = text.partition(":")
    kind, _, slot = kind.partition("@")
    known = kind in _KINDS and (not slot or (slot.isdecimal() and int(slot) < SLOT_COUNT))
    if not known:
        raise click.BadParameter(f"{text!r} is not kex[@SLOT][:STEP,...] or psk[:STEP,...]")
    return SessionPlan(_steps(steps), psk=kind == "psk", slot=int(slot) if slot else None)


def _psk(text: str) -> "Psk":
    from responder.requester.options import Psk  # noqa: PLC0415 - not for --help

    hint, _, key = text.partition(":")
    try:
        return Psk(bytes.fromhex(hint), bytes.fromhex(key))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not HINT:KEY in hexadecimal") from None


def _hexadecimal(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not hexadecimal") from None


def _caps(text: str) -> Cap:
    flags = Cap(0)
    for name in _steps(text):
        found = Cap.__members__.get(name.upper())
        if found is None:
            near = suggest(name, Cap.__members__)
            meant = f"; did you mean {near!r}?" if near else ""
            raise click.BadParameter(f"there is no capability {name!r}{meant}")
        flags |= found
    return flags


PLAN_OPTIONS = (
    click.option(
        "--do",
        "steps",
        type=_steps,
        metavar="STEP,...",
        help="What to do outside of sessions. "
        "[default: authenticate,challenge,measurements,vendor]",
    ),
    click.option(
        "--session",
        "sessions",
        type=_session,
        multiple=True,
        metavar="KIND[:STEP,...]",
        help="Open a session by kex or psk, do these steps in it, and end it; kex@1 takes slot 1. "
        "May be repeated.",
    ),
    click.option(
        "--application",
        type=_hexadecimal,
        default="",
        metavar="HEX",
        help="What the step application sends, such as 01800002: PLDM's GetTID over MCTP.",
    ),
    click.option(
        "--stay",
        type=click.FloatRange(min=0),
        default=0.0,
        metavar="SECONDS",
        help="How long the step stay keeps a session open.",
    ),
    click.option("--leave-open", is_flag=True, help="Do not end the sessions."),
    click.option(
        "--summary",
        type=click.Choice(list(_SUMMARIES)),
        help="The summary of measurements that CHALLENGE and sessions ask for. [default: all]",
    ),
    click.option("--parallel", is_flag=True, help="Open all sessions before any is used."),
    click.option("--psk", type=_psk, metavar="HINT:KEY", help="A pre-shared key, in hexadecimal."),
    click.option(
        "--new-chain",
        type=(click.IntRange(0, SLOT_COUNT - 1), _FILE),
        metavar="SLOT FILE",
        help="What the step set-certificate writes: a chain (PEM, or DER root first).",
    ),
    click.option("--csr-info", type=_FILE,
                 help="RequesterInfo of the step csr: a CertificationRequestInfo (DER)."),
)  # fmt: skip


SESSION_OPTIONS = (
    click.option(
        "--identity",
        type=_FILE,
        metavar="FILE",
        help="Who the requester is: its private key and its chain (PEM); without certificates the "
        "device knows its public key.",
    ),
    click.option(
        "--demand-mutual", is_flag=True, help="Refuse sessions that do not ask who we are."
    ),
    click.option(
        "--caps",
        type=_caps,
        metavar="NAME,...",
        help="Announce exactly these capabilities. [default: what the plan needs]",
    ),
    click.option("--dhe", type=algorithm_in(DHE_GROUPS), multiple=True, metavar="NAME",
                 help="Offer only this group; may be repeated."),
    click.option("--kem", type=algorithm_in(KEMS), multiple=True, metavar="NAME",
                 help="Offer this KEM instead of groups; may be repeated."),
    click.option("--aead", type=algorithm_in(AEADS), multiple=True, metavar="NAME",
                 help="Offer only this cipher; may be repeated."),
    click.option(
        "--secured",
        type=click.Choice(list(_SECURED)),
        multiple=True,
        help="Offer only this version of DSP0277; may be repeated.",
    ),
    click.option(
        "--transfer-size",
        type=click.IntRange(min=MIN_DATA_TRANSFER_SIZE),
        help="DataTransferSize in bytes. [default: 4600]",
    ),
    click.option("--multi-key", is_flag=True, help="Ask for a multi-key connection."),
    click.option(
        "--ask-algorithms", is_flag=True, help="Ask for the algorithms in CAPABILITIES (1.3)."
    ),
)  # fmt: skip


def with_options(options: Sequence[AnyOption]) -> AnyOption:
    """Give a command all of these options, in their order."""

    def give(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return give


def planned(options: "AttestOptions", given: dict[str, Any]) -> "AttestOptions":
    """The options of an attestation with what the command line says of its plan.

    Raises:
        click.UsageError: the plan does not make sense.
    """
    from responder.requester.run_plan import check_plan  # noqa: PLC0415 - not for --help

    if given["summary"]:
        options = replace(options, summary=_SUMMARIES[given["summary"]])
    sessions = tuple(
        replace(session, end=not given["leave_open"], summary=options.summary)
        for session in given["sessions"]
    )
    plan = replace(options.plan, sessions=sessions, parallel=given["parallel"])
    if given["steps"] is not None:
        plan = replace(plan, connection=given["steps"])
    try:
        check_plan(plan)
        new_chain, csr_info = _new_chain(given), _csr_info(given)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    if any(session.psk for session in plan.sessions) and given["psk"] is None:
        raise click.UsageError("a session by psk needs --psk")
    offer = options.offer
    if given["psk"]:
        offer = replace(offer, flags=offer.flags | Cap.PSK)
    if given["steps"] or given["sessions"]:
        offer = replace(offer, mel_specification=1)
    options = replace(
        options,
        plan=plan,
        offer=offer,
        psk=given["psk"],
        new_chain=new_chain,
        csr_info=csr_info,
        application=given["application"],
        stay=round(given["stay"] * _MICROSECONDS),
    )
    return with_sessions(options, given)


def with_sessions(options: "AttestOptions", given: dict[str, Any]) -> "AttestOptions":
    """The options of an attestation whose plan stands, with what sessions are to be like.

    Raises:
        click.UsageError: the requester's identity has no key.
    """
    try:
        identity = _identity(given)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    return replace(
        options,
        offer=_offer(options, given, identity),
        identity=identity,
        demand_mutual=given["demand_mutual"],
    )


def _identity(given: dict[str, Any]) -> "OwnIdentity | None":
    from responder.pki.sets import pem_blocks  # noqa: PLC0415 - not for --help
    from responder.requester.options import OwnIdentity  # noqa: PLC0415

    file = given["identity"]
    if file is None:
        return None
    blocks = list(pem_blocks(file.read_bytes(), str(file)))
    keys = [der for label, der in blocks if label.endswith("PRIVATE KEY")]
    if not keys:
        raise ConfigError("no private key", where=str(file))
    return OwnIdentity(keys[0], _root_first([d for label, d in blocks if label == "CERTIFICATE"]))


def _root_first(chain: list[bytes]) -> tuple[bytes, ...]:
    """Certificates from the root to the leaf; files have them in either order."""
    from responder.requester.chain import load_root  # noqa: PLC0415 - not for --help

    reverse = len(chain) > 1 and not load_root(chain[0]).self_issued
    return tuple(reversed(chain)) if reverse else tuple(chain)


def _new_chain(given: dict[str, Any]) -> "NewChain | None":
    from responder.requester.options import NewChain  # noqa: PLC0415 - not for --help

    if not given["new_chain"]:
        return None
    slot, chain = given["new_chain"]
    return NewChain(slot, _certificates(chain))


def _csr_info(given: dict[str, Any]) -> bytes:
    from responder.requester.provisioning import requested_subject  # noqa: PLC0415 - not for --help

    file = given["csr_info"]
    data = file.read_bytes() if file else b""
    requested_subject(data)
    return bytes(data)


def _certificates(file: Path) -> tuple[bytes, ...]:
    """The certificates of a file, PEM or DER one after the other, root first."""
    from responder.pki.sets import pem_blocks  # noqa: PLC0415 - not for --help
    from responder.requester.der import split_certificates  # noqa: PLC0415

    data = file.read_bytes()
    if b"-----BEGIN" in data:
        blocks = pem_blocks(data, str(file))
        return _root_first([der for label, der in blocks if label == "CERTIFICATE"])
    found, fault = split_certificates(data)
    if fault:
        raise ConfigError(fault, where=str(file))
    return tuple(found)


def _offer(
    options: "AttestOptions", given: dict[str, Any], identity: "OwnIdentity | None"
) -> "Offer":
    """What is announced: algorithms as asked for, and the capabilities that the plan needs."""
    offer = options.offer
    structures = dict(offer.structures)
    for kind, name in ((TABLE_DHE, "dhe"), (TABLE_KEM, "kem"), (TABLE_AEAD, "aead")):
        if given[name]:
            structures[kind] = sum({row.bit for row in given[name]})
    if given["kem"] and not given["dhe"]:
        structures.pop(TABLE_DHE, None)
    offer = replace(
        offer,
        structures=structures,
        flags=_flags(options, given, identity) if given["caps"] is None else given["caps"],
        multi_key=given["multi_key"],
        ask_algorithms=given["ask_algorithms"],
    )
    if given["secured"]:
        offer = replace(offer, secured_versions=tuple(_SECURED[name] for name in given["secured"]))
    if given["transfer_size"]:
        offer = replace(offer, data_transfer_size=given["transfer_size"])
    return offer


def _flags(options: "AttestOptions", given: dict[str, Any], identity: "OwnIdentity | None") -> Cap:
    flags = options.offer.flags
    if options.plan.sessions:
        flags |= _IN_SESSIONS
    if given["transfer_size"] or given["ask_algorithms"]:
        flags |= Cap.CHUNK
    if identity is not None:
        flags |= _WITH_CHAIN if identity.chain else _WITH_PUBLIC_KEY
    return flags
