"""GET_CAPABILITIES: announce, and check that what the responder claims is consistent."""

from collections.abc import Callable
from dataclasses import dataclass

from responder.requester.conversation import Conversation, Flow
from responder.requester.report import CapabilityReport
from responder.spec.flags import (
    ANY_PSK,
    EP_INFO,
    MEAS,
    MULTI_KEY,
    REQUESTER_FLAGS,
    RESPONDER_FLAGS,
    SESSION,
    Cap,
    ExtCap,
)
from responder.spec.limits import MAX_CT_EXPONENT, MIN_DATA_TRANSFER_SIZE
from responder.spec.versions import V10, V11, V12, V13, V14, SpdmVersion
from responder.wire.algorithms import BLOCK_FIXED_SIZE, AlgorithmOffer
from responder.wire.capabilities import SUPPORTED_ALGORITHMS, Capabilities, GetCapabilities
from responder.wire.errors import WireError

_PROTECTION = Cap.MAC | Cap.ENCRYPT
_ONLY_IN_SESSIONS = _PROTECTION | Cap.HANDSHAKE_IN_THE_CLEAR | Cap.HBEAT | Cap.KEY_UPD
_IDENTITY = Cap.CERT | Cap.PUB_KEY_ID
_EXT_FLAGS = ExtCap(sum(ExtCap))
_SIZE = 20
"""Bytes of CAPABILITIES without the algorithms block, from 1.2 on."""
_BLOCK_LENGTH = slice(2, 4)


@dataclass(frozen=True, slots=True)
class FlagRule:
    """A rule for the responder's flags, and the versions that have it.

    Attributes:
        check: id of the check.
        holds: whether flags obey it.
        since, until: first and last version.
    """

    check: str
    holds: Callable[[Cap], bool]
    since: SpdmVersion = V11
    until: SpdmVersion = V14


def _implies(condition: Cap, *consequences: Cap) -> Callable[[Cap], bool]:
    """Any bit of ``condition`` needs at least one bit of each of ``consequences``."""
    return lambda flags: not flags & condition or all(flags & c for c in consequences)


def _not_both(mask: Cap, other: Cap | None = None) -> Callable[[Cap], bool]:
    """Not all bits of ``mask``; with ``other``, not any bit of each."""
    if other is None:
        return lambda flags: flags & mask != mask
    return lambda flags: not (flags & mask and flags & other)


def _cert_equals_chal(flags: Cap) -> bool:
    return bool(flags & Cap.MEAS_SIG or bool(flags & Cap.CERT) == bool(flags & Cap.CHAL))


_USES = Cap.CHAL | Cap.KEY_EX | Cap.MEAS_SIG
_NEEDS = _USES | Cap.MUT_AUTH
_KEY_PAIRS = MULTI_KEY | Cap.GET_KEY_PAIR_INFO | Cap.SET_KEY_PAIR_INFO

RULES: tuple[FlagRule, ...] = (
    FlagRule("cap.meas-reserved", _not_both(MEAS), V10),
    FlagRule("cap.meas-fresh", _implies(Cap.MEAS_FRESH, MEAS), V10),
    FlagRule("cap.cert-is-chal", _cert_equals_chal, V10, V10),
    FlagRule("cap.signed-meas-cert", _implies(Cap.MEAS_SIG, Cap.CERT), V10, V10),
    FlagRule("cap.psk-reserved", _not_both(ANY_PSK)),
    FlagRule("cap.session-protection", _implies(SESSION, _PROTECTION)),
    FlagRule("cap.protection-session", _implies(_ONLY_IN_SESSIONS, SESSION)),
    FlagRule("cap.event-session", _implies(Cap.EVENT, SESSION), V13),
    FlagRule(
        "cap.clear-psk",
        lambda f: not f & ANY_PSK or _implies(Cap.HANDSHAKE_IN_THE_CLEAR, Cap.KEY_EX)(f),
    ),
    FlagRule("cap.cert-or-public-key", _not_both(_IDENTITY)),
    FlagRule("cap.cert-used", _implies(_IDENTITY, _USES), V11, V12),
    FlagRule("cap.cert-used", _implies(_IDENTITY, _USES | Cap.EP_INFO_SIG), V13),
    FlagRule("cap.cert-needed", _implies(_NEEDS, _IDENTITY), V11, V12),
    FlagRule("cap.cert-needed", _implies(_NEEDS | Cap.EP_INFO_SIG, _IDENTITY), V13),
    FlagRule("cap.mut-auth-carrier", _implies(Cap.MUT_AUTH, Cap.KEY_EX | Cap.CHAL)),
    FlagRule("cap.mut-auth-encap", _implies(Cap.MUT_AUTH, Cap.ENCAP), V11, V11),
    FlagRule("cap.certs-cert", _implies(Cap.ALIAS_CERT | Cap.SET_CERT, Cap.CERT), V12),
    FlagRule("cap.csr-set-cert", _implies(Cap.CSR, Cap.SET_CERT), V12),
    FlagRule("cap.install-reset", _implies(Cap.CERT_INSTALL_RESET, Cap.CSR | Cap.SET_CERT), V12),
    FlagRule("cap.ep-info-reserved", _not_both(EP_INFO), V13),
    FlagRule("cap.multi-key-reserved", _not_both(MULTI_KEY), V13),
    FlagRule("cap.multi-key-needs", _implies(MULTI_KEY, Cap.CERT, Cap.GET_KEY_PAIR_INFO), V13),
    FlagRule("cap.public-key-pairs", _not_both(Cap.PUB_KEY_ID, _KEY_PAIRS), V13),
    FlagRule("cap.key-pair-reset", _implies(Cap.SET_KEY_PAIR_RESET, Cap.SET_KEY_PAIR_INFO), V14),
)
"""DSP0274 "CAPABILITIES response message", as the table of capability flags words it."""


def get_capabilities(c: Conversation) -> Flow[None]:
    """Exchange GET_CAPABILITIES and CAPABILITIES."""
    version = c.agreed.version
    request = _request(c)
    sent = request.build()
    raw = yield from c.exchange(sent)
    message, response = _read(c, raw, asked=bool(request.param1 & SUPPORTED_ALGORITHMS))
    c.enter(sent, response)
    flags = Cap(message.flags) & RESPONDER_FLAGS[version]
    c.agreed.flags = flags
    if version >= V14:
        c.agreed.ext_flags = ExtCap(message.ext_flags) & _EXT_FLAGS
    c.report.capabilities = CapabilityReport(
        flag_names(flags) + ext_flag_names(c.agreed.ext_flags),
        int(flags),
        message.ct_exponent,
        message.data_transfer_size or 0,
        message.max_spdm_msg_size or 0,
    )
    if version >= V11:
        c.require(
            "cap.ct-exponent",
            message.ct_exponent <= MAX_CT_EXPONENT,
            f"CTExponent is {message.ct_exponent}",
        )
    if version >= V12:
        _check_sizes(c, message)
        c.agreed.transfer_size = message.data_transfer_size
        c.agreed.message_size = message.max_spdm_msg_size
    for rule in RULES:
        if rule.since <= version <= rule.until:
            c.require(rule.check, rule.holds(flags), f"flags 0x{flags:08x}: {_list(flags)}")
    missing = c.options.required & ~flags
    c.require("cap.required", not missing, f"missing: {_list(missing)}")


def _request(c: Conversation) -> GetCapabilities:
    version, offer = c.agreed.version, c.options.offer
    c.agreed.own_flags = offer.flags & REQUESTER_FLAGS[version]
    request = GetCapabilities(spdm_version=version)
    if version >= V11:
        request.reserved = 0
        request.ct_exponent = offer.ct_exponent
        request.ext_flags = 0
        request.flags = c.agreed.own_flags
    if version >= V12:
        # Without CHUNK_CAP both sizes are the same.
        request.data_transfer_size = request.max_spdm_msg_size = offer.data_transfer_size
        if c.agreed.own_flags & Cap.CHUNK:
            request.max_spdm_msg_size = max(offer.max_message_size, offer.data_transfer_size)
    if version >= V13 and offer.ask_algorithms and c.agreed.own_flags & Cap.CHUNK:
        request.param1 = SUPPORTED_ALGORITHMS
    return request


def _read(c: Conversation, raw: bytes, *, asked: bool) -> tuple[Capabilities, bytes]:
    """Read CAPABILITIES, with its algorithms block if that was asked for.

    A block that nobody asked for counts to the message. Param1 is reserved in an answer to a
    request that did not ask, so its bit 0 alone means nothing: the block is taken for one only if
    it fills the rest of the message.
    """
    claimed = c.agreed.version >= V13 and raw[2] & SUPPORTED_ALGORITHMS
    if claimed and asked:
        return _with_block(c, raw)
    if not claimed:
        message, response = c.read(Capabilities, raw, c.agreed.wire())
        told = asked and Cap(message.flags) & Cap.CHUNK
        c.require("cap.block-missing", not told, "no algorithms, though they were asked for")
        return message, response
    plain = raw[:2] + bytes((raw[2] & ~SUPPORTED_ALGORITHMS,)) + raw[3:]
    block = raw[_SIZE:]
    length = int.from_bytes(block[_BLOCK_LENGTH], "little")
    if length >= BLOCK_FIXED_SIZE and 0 <= len(block) - length <= c.options.padding:
        c.report.observe("capabilities.unasked-algorithms", f"a block of {length} bytes")
        message, _ = c.read(Capabilities, plain[:_SIZE], c.agreed.wire())
        return message, raw[: _SIZE + length]
    message, response = c.read(Capabilities, plain, c.agreed.wire())
    return message, raw[: len(response)]


def _with_block(c: Conversation, raw: bytes) -> tuple[Capabilities, bytes]:
    """CAPABILITIES with the supported algorithms, whose Length may lie."""
    message, response = c.read(Capabilities, raw, c.agreed.wire())
    block, fault = message.supported_algorithms, ""
    try:
        told = AlgorithmOffer.parse(block)
        told.structures()
        c.agreed.announced = told
    except WireError as error:
        fault = str(error)
    c.require("cap.block-structures", not fault, fault)
    return message, response


def _check_sizes(c: Conversation, message: Capabilities) -> None:
    transfer, largest = message.data_transfer_size or 0, message.max_spdm_msg_size or 0
    c.require(
        "cap.transfer-size", transfer >= MIN_DATA_TRANSFER_SIZE, f"DataTransferSize {transfer}"
    )
    sizes = f"DataTransferSize {transfer}, MaxSPDMmsgSize {largest}"
    c.require("cap.message-size", largest >= transfer, sizes)
    if not message.flags & Cap.CHUNK:
        c.require("cap.chunkless-sizes", largest <= transfer, sizes)


def flag_names(flags: Cap) -> list[str]:
    """The names of set flags, as profiles write them."""
    return [str(flag.name) for flag in Cap if flag in flags]


def ext_flag_names(flags: ExtCap) -> list[str]:
    """The same for ExtFlags."""
    return [str(flag.name) for flag in ExtCap if flag in flags]


def _list(flags: Cap) -> str:
    return ", ".join(flag_names(flags)) or "none"
