"""Lies in any message, in ERROR, and from VERSION to ALGORITHMS."""

from requester.cases import Case, Change, at, draft, offer, patience, put, raw
from requester.chains import default_chain
from requester.peer import FLAGS, error
from requester.session_peer import OWN_KEY

from responder.requester.options import OwnIdentity
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.versions import V10, V11, V12, V13, V14
from responder.wire.algorithms import AlgorithmStructure

VERSION, CAPABILITIES, ALGORITHMS, DIGESTS = (
    ResponseCode.VERSION,
    ResponseCode.CAPABILITIES,
    ResponseCode.ALGORITHMS,
    ResponseCode.DIGESTS,
)

ANY = [
    Case("any.header", "GET_VERSION", raw(VERSION, lambda _: b"\x10\x04")),
    Case("any.version", "NEGOTIATE_ALGORITHMS", draft(ALGORITHMS, put(spdm_version=0x11))),
    Case("any.response-code", "GET_DIGESTS", raw(DIGESTS, lambda r: r[:1] + b"\x02" + r[2:])),
    Case("any.size-short", "GET_DIGESTS", raw(DIGESTS, lambda r: r[:-1])),
    Case("any.size-trailing", "NEGOTIATE_ALGORITHMS", raw(ALGORITHMS, lambda r: r + b"\0")),
    Case("any.transfer-size", "GET_MEASUREMENTS", {}, offer(data_transfer_size=200)),
    Case(
        "any.request-fits",
        "NEGOTIATE_ALGORITHMS",
        draft(CAPABILITIES, put(data_transfer_size=42, max_spdm_msg_size=42)),
    ),
    Case("any.exchange-limit", "NEGOTIATE_ALGORITHMS", {}, patience(exchanges=2)),
]

BUSY = error(V12, ErrorCode.BUSY)
RESYNCH = error(V12, ErrorCode.REQUEST_RESYNCH)


def not_ready(
    exponent: int = 1, code: int = RequestCode.GET_DIGESTS, token: int = 7, rdtm: int = 2
) -> bytes:
    return error(V12, ErrorCode.RESPONSE_NOT_READY, 0, bytes((exponent, code, token, rdtm)))


def first(*answers: bytes, code: int = RequestCode.GET_DIGESTS) -> dict[str, object]:
    return {"first": {code: list(answers)}}


NEGOTIATE = RequestCode.NEGOTIATE_ALGORITHMS
TWICE_NOT_READY = {
    "first": {RequestCode.GET_DIGESTS: [not_ready()], RequestCode.RESPOND_IF_READY: [not_ready()]}
}

ERROR = [
    Case("err.refused", "GET_DIGESTS", first(error(V12, ErrorCode.UNSPECIFIED))),
    Case("err.extended-size", "GET_DIGESTS", first(error(V12, ErrorCode.BUSY, extended=bytes(1)))),
    Case("err.busy-limit", "GET_DIGESTS", first(*[BUSY] * 5)),
    Case("err.resynch-limit", "GET_DIGESTS", first(RESYNCH, RESYNCH)),
    Case(
        "err.not-ready-allowed",
        "NEGOTIATE_ALGORITHMS",
        first(not_ready(code=NEGOTIATE), code=NEGOTIATE),
    ),
    Case("err.not-ready-size", "GET_DIGESTS", first(not_ready()[:-1])),
    Case("err.not-ready-code", "GET_DIGESTS", first(not_ready(code=RequestCode.CHALLENGE))),
    Case("err.not-ready-rdtm", "GET_DIGESTS", first(not_ready(rdtm=1))),
    Case("err.not-ready-exponent", "GET_DIGESTS", first(not_ready(exponent=32))),
    Case("err.not-ready-wait", "GET_DIGESTS", first(not_ready(exponent=31))),
    Case("err.not-ready-limit", "GET_DIGESTS", TWICE_NOT_READY, patience(not_ready=1)),
]

VERSIONS = [
    Case("ver.header-version", "GET_VERSION", draft(VERSION, put(spdm_version=0x11))),
    Case("ver.entries", "GET_VERSION", draft(VERSION, put(version_number_entry=[]))),
    Case("ver.common", "GET_VERSION", at(0x20)),
]


def flags(check: str, version: int, value: Cap) -> Case:
    return Case(check, "GET_CAPABILITIES", at(version, flags=value))


SESSION = FLAGS | Cap.KEY_EX | Cap.MAC | Cap.ENCRYPT
PUBLIC_KEY = Cap.PUB_KEY_ID | Cap.CHAL

CAPABILITY_RULES = [
    flags("cap.meas-reserved", V10, FLAGS | Cap.MEAS_NO_SIG),
    flags("cap.meas-fresh", V10, Cap.CERT | Cap.CHAL | Cap.MEAS_FRESH),
    flags("cap.cert-is-chal", V10, Cap.CERT | Cap.MEAS_NO_SIG),
    flags("cap.signed-meas-cert", V10, Cap.MEAS_SIG),
    flags("cap.psk-reserved", V11, SESSION | Cap.PSK | Cap.PSK_WITH_CONTEXT),
    flags("cap.session-protection", V11, FLAGS | Cap.KEY_EX),
    flags("cap.protection-session", V11, FLAGS | Cap.MAC),
    flags("cap.event-session", V13, FLAGS | Cap.EVENT),
    flags("cap.clear-psk", V11, FLAGS | Cap.PSK | Cap.MAC | Cap.HANDSHAKE_IN_THE_CLEAR),
    flags("cap.cert-or-public-key", V11, FLAGS | Cap.PUB_KEY_ID),
    flags("cap.cert-used", V12, Cap.CERT),
    flags("cap.cert-needed", V12, Cap.CHAL),
    flags("cap.mut-auth-carrier", V12, Cap.CERT | Cap.MEAS_SIG | Cap.MUT_AUTH),
    flags("cap.mut-auth-encap", V11, FLAGS | Cap.MUT_AUTH),
    flags("cap.ep-info-reserved", V13, FLAGS | Cap.EP_INFO_NO_SIG | Cap.EP_INFO_SIG),
    flags(
        "cap.multi-key-reserved",
        V13,
        FLAGS | Cap.MULTI_KEY_ONLY | Cap.MULTI_KEY_NEG | Cap.GET_KEY_PAIR_INFO,
    ),
    flags("cap.multi-key-needs", V13, FLAGS | Cap.MULTI_KEY_NEG),
    flags("cap.public-key-pairs", V13, PUBLIC_KEY | Cap.GET_KEY_PAIR_INFO),
    flags("cap.certs-cert", V12, PUBLIC_KEY | Cap.ALIAS_CERT),
    flags("cap.csr-set-cert", V12, FLAGS | Cap.CSR),
    flags("cap.install-reset", V12, FLAGS | Cap.CERT_INSTALL_RESET),
    flags("cap.key-pair-reset", V14, FLAGS | Cap.SET_KEY_PAIR_RESET),
]


def sizes(check: str, transfer: int, largest: int) -> Case:
    change = put(data_transfer_size=transfer, max_spdm_msg_size=largest)
    return Case(check, "GET_CAPABILITIES", draft(CAPABILITIES, change))


CAPABILITY = [
    *CAPABILITY_RULES,
    Case("cap.ct-exponent", "GET_CAPABILITIES", draft(CAPABILITIES, put(ct_exponent=32))),
    sizes("cap.transfer-size", 41, 41),
    sizes("cap.message-size", 0x1200, 0x1000),
    sizes("cap.chunkless-sizes", 0x1200, 0x1300),
    Case("cap.required", "GET_CAPABILITIES", {}, {"required": Cap.MUT_AUTH}),
]


def algorithms(
    check: str,
    change: Change = lambda message: message,
    version: int = V12,
    flags: Cap = FLAGS,
    **offered: object,
) -> Case:
    peer = at(version, flags=flags, **draft(ALGORITHMS, change))
    return Case(check, "NEGOTIATE_ALGORITHMS", peer, offer(**offered) if offered else {})


def both(check: str, change: Change, flags: Cap, own: Cap) -> Case:
    """A case where the requester has capabilities too."""
    peer = at(V12, flags=flags, **draft(ALGORITHMS, change))
    identity = {"identity": OwnIdentity(OWN_KEY, default_chain())}
    return Case(check, "NEGOTIATE_ALGORITHMS", peer, offer(flags=own) | identity)


def structure(number: int, **changes: int) -> Change:
    """Change one algorithm structure of the response."""

    def change(message):
        found = message.structures()
        found[number] = found[number].replace(**changes)
        return message.replace(trailer=b"".join(s.build() for s in found))

    return change


def structures(*rows: tuple[int, int]) -> Change:
    """Answer these structures: type and bits."""
    trailer = b"".join(
        AlgorithmStructure(alg_type=kind, alg_supported=bits).build() for kind, bits in rows
    )
    return put(algorithm_structure_count=len(rows), trailer=trailer)


def extended(**count: int) -> Change:
    return lambda message: message.replace(**count, trailer=bytes(4) + message.trailer)


MEL = FLAGS | Cap.MEL
BOTH_SESSION = Cap.KEY_EX | Cap.MAC | Cap.ENCRYPT
MUTUAL = FLAGS | Cap.MUT_AUTH | Cap.ENCAP

ALGORITHM = [
    algorithms("alg.length", put(length=35)),
    algorithms("alg.extended-asym", extended(ext_asym_sel_count=1)),
    algorithms("alg.extended-hash", extended(ext_hash_sel_count=1)),
    algorithms("alg.one-measurement-specification", put(measurement_specification_sel=3)),
    algorithms("alg.one-opaque-format", put(other_params_selection=3), opaque_formats=3),
    algorithms("alg.one-measurement-hash", put(measurement_hash_algo=6)),
    algorithms("alg.one-asym", put(base_asym_sel=0x90)),
    algorithms("alg.one-hash", put(base_hash_sel=3)),
    algorithms("alg.one-pqc", put(pqc_asym_sel=3), V14, pqc_asym=3),
    algorithms(
        "alg.one-mel-specification", put(mel_specification_sel=3), V13, MEL, mel_specification=3
    ),
    algorithms("alg.offered-measurement-specification", put(measurement_specification_sel=2)),
    algorithms("alg.offered-opaque-format", put(other_params_selection=2), opaque_formats=0),
    algorithms("alg.offered-asym", base_asym=0x80),
    algorithms("alg.offered-hash", base_hash=2),
    algorithms("alg.offered-pqc", put(pqc_asym_sel=1), V14),
    algorithms("alg.offered-mel-specification", put(mel_specification_sel=1), V13, MEL),
    algorithms("alg.asym-needed", put(base_asym_sel=0)),
    algorithms("alg.asym-exclusive", put(pqc_asym_sel=1), V14, pqc_asym=1),
    algorithms("alg.hash-needed", put(base_hash_sel=0)),
    algorithms("alg.measurement-specification-needed", put(measurement_specification_sel=0)),
    algorithms(
        "alg.measurement-specification-unsupported",
        put(measurement_specification_sel=1),
        flags=Cap.CERT | Cap.CHAL,
    ),
    algorithms("alg.measurement-hash-needed", put(measurement_hash_algo=0)),
    algorithms("alg.measurement-hash-known", put(measurement_hash_algo=0x100)),
    algorithms("alg.mel-needed", version=V13, flags=MEL, mel_specification=1),
    algorithms("alg.mel-unsupported", put(mel_specification_sel=1), V13, mel_specification=1),
    algorithms("alg.multi-key-selected", put(other_params_selection=0x12), V13),
    algorithms("alg.structure-size", structure(0, alg_count=0x10)),
    algorithms("alg.structure-type", structures((2, 1), (8, 1))),
    algorithms("alg.structure-order", structures((3, 1), (2, 1))),
    algorithms("alg.structure-asked", structures((2, 1), (7, 1)), V14),
    algorithms("alg.one-structure", structure(0, alg_supported=3)),
    algorithms("alg.offered-structure", structure(0, alg_supported=1 << 6)),
    both("alg.exchange-needed", structure(0, alg_supported=0), SESSION, BOTH_SESSION),
    algorithms("alg.exchange-exclusive", version=V14, structures={2: 1, 7: 1}),
    both("alg.aead-needed", structure(1, alg_supported=0), SESSION, BOTH_SESSION),
    both("alg.key-schedule-needed", structure(3, alg_supported=0), SESSION, BOTH_SESSION),
    both("alg.requester-asym-needed", structure(2, alg_supported=0), MUTUAL, Cap.MUT_AUTH),
    algorithms("alg.requester-asym-exclusive", version=V14, structures={4: 1, 6: 1}),
]
