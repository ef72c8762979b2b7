"""The words of ``spdm_responder_emu``'s command line: options, values, what they are here.

Where a value is a list, the order of the words is that program's order of preference.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from responder.profiles.names import RAW_ONLY
from responder.transport.uri import BindingName

TRANSPORTS: dict[str, BindingName] = {
    "MCTP": "mctp",
    "PCI_DOE": "doe",
    "TCP": "tcp",
    "NONE": "none",
}
VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4")

HASHES = {
    "SHA_512": "SHA-512",
    "SHA_384": "SHA-384",
    "SHA_256": "SHA-256",
    "SHA3_512": "SHA3-512",
    "SHA3_384": "SHA3-384",
    "SHA3_256": "SHA3-256",
    "SM3_256": "SM3-256",
}
MEASUREMENT_HASHES = HASHES | {"RAW_BIT": RAW_ONLY}
SIGNATURES = {
    "ECDSA_P521": "ECDSA-P521",
    "ECDSA_P384": "ECDSA-P384",
    "ECDSA_P256": "ECDSA-P256",
    "RSAPSS_4096": "RSAPSS-4096",
    "RSAPSS_3072": "RSAPSS-3072",
    "RSAPSS_2048": "RSAPSS-2048",
    "RSASSA_4096": "RSASSA-4096",
    "RSASSA_3072": "RSASSA-3072",
    "RSASSA_2048": "RSASSA-2048",
    "EDDSA_448": "Ed448",
    "EDDSA_25519": "Ed25519",
    "SM2_P256": "SM2-P256",
}
DHE_GROUPS = {
    "SECP_521_R1": "SECP521R1",
    "SECP_384_R1": "SECP384R1",
    "SECP_256_R1": "SECP256R1",
    "FFDHE_4096": "FFDHE4096",
    "FFDHE_3072": "FFDHE3072",
    "FFDHE_2048": "FFDHE2048",
    "SM2_P256": "SM2-P256",
}
AEADS = {
    "AES_256_GCM": "AES-256-GCM",
    "AES_128_GCM": "AES-128-GCM",
    "CHACHA20_POLY1305": "CHACHA20-POLY1305",
    "SM4_128_GCM": "SM4-GCM",
}
KEY_SCHEDULES = {"HMAC_HASH": "SPDM"}
POST_QUANTUM = {
    "ML_DSA_87": "ML-DSA-87",
    "ML_DSA_65": "ML-DSA-65",
    "ML_DSA_44": "ML-DSA-44",
    **{
        f"SLH_DSA_{hash_name}_{size}{speed}": f"SLH-DSA-{hash_name}-{size}{speed.lower()}"
        for size in (128, 192, 256)
        for speed in "SF"
        for hash_name in ("SHA2", "SHAKE")
    },
}
KEMS = {"ML_KEM_1024": "ML-KEM-1024", "ML_KEM_768": "ML-KEM-768", "ML_KEM_512": "ML-KEM-512"}
ALGORITHMS: Mapping[str, Mapping[str, str]] = {
    "--asym": SIGNATURES,
    "--req_asym": SIGNATURES,
    "--dhe": DHE_GROUPS,
    "--pqc_asym": POST_QUANTUM,
    "--req_pqc_asym": POST_QUANTUM,
    "--kem": KEMS,
}
"""Options whose values may be what cannot be computed."""
SPECIFICATIONS = {"DMTF": "DMTF"}
NONE = "NONE"

_COMMON_CAPABILITIES = (
    "CERT", "CHAL", "ENCRYPT", "MAC", "MUT_AUTH", "KEY_EX", "PSK", "ENCAP", "HBEAT", "KEY_UPD",
    "HANDSHAKE_IN_CLEAR", "PUB_KEY_ID", "CHUNK", "EP_INFO_NO_SIG", "EP_INFO_SIG", "EVENT",
    "MULTI_KEY_ONLY", "MULTI_KEY_NEG", "LARGE_RESP",
)  # fmt: skip
REQUESTER_CAPABILITIES = _COMMON_CAPABILITIES
RESPONDER_CAPABILITIES = {
    name: "HANDSHAKE_IN_THE_CLEAR" if name == "HANDSHAKE_IN_CLEAR" else name
    for name in (
        *_COMMON_CAPABILITIES,
        "CACHE", "MEAS_NO_SIG", "MEAS_SIG", "MEAS_FRESH", "PSK_WITH_CONTEXT", "ALIAS_CERT",
        "SET_CERT", "CSR", "CERT_INSTALL_RESET", "MEL", "GET_KEY_PAIR_INFO", "SET_KEY_PAIR_INFO",
        "SET_KEY_PAIR_RESET",
    )
}  # fmt: skip

DEFAULTS = {
    "--ver": ",".join(VERSIONS),
    "--cap": (
        "CACHE,CERT,CHAL,MEAS_SIG,MEAS_FRESH,ENCRYPT,MAC,MUT_AUTH,KEY_EX,PSK_WITH_CONTEXT,ENCAP,"
        "HBEAT,KEY_UPD,HANDSHAKE_IN_CLEAR,CHUNK,SET_CERT,CSR,EP_INFO_SIG,MEL,MULTI_KEY_NEG,"
        "GET_KEY_PAIR_INFO,SET_KEY_PAIR_INFO,LARGE_RESP"
    ),
    "--hash": "SHA_384,SHA_256",
    "--meas_spec": "DMTF",
    "--meas_hash": "SHA_512,SHA_384,SHA_256",
    "--mel_spec": "DMTF",
    "--asym": "ECDSA_P384,ECDSA_P256",
    "--req_asym": "RSAPSS_3072,RSAPSS_2048,RSASSA_3072,RSASSA_2048",
    "--dhe": "SECP_384_R1,SECP_256_R1,FFDHE_3072,FFDHE_2048",
    "--aead": "AES_256_GCM,CHACHA20_POLY1305",
    "--pqc_asym": "ML_DSA_44,ML_DSA_65,ML_DSA_87",
    "--req_pqc_asym": "ML_DSA_44,ML_DSA_65,ML_DSA_87",
    "--kem": "ML_KEM_512,ML_KEM_768,ML_KEM_1024",
    "--key_schedule": "HMAC_HASH",
    "--other_param": "OPAQUE_FMT_1,MULTI_KEY_CONN",
}
"""That program's defaults."""


@dataclass(frozen=True, slots=True)
class Option:
    """What values an option takes, and what to say to who uses it.

    Attributes:
        words: the values, or nothing if any will do.
        several: it takes a list with commas.
        number: it takes a number up to this.
        warning: what is missing here.
        quiet: values that need no warning.
    """

    words: tuple[str, ...] = ()
    several: bool = False
    number: int = 0
    warning: str = ""
    quiet: tuple[str, ...] = ()


def _words(words: Iterable[str], warning: str = "", *quiet: str) -> Option:
    return Option(tuple(words), warning=warning, quiet=quiet)


def _list(words: Iterable[str], warning: str = "", *quiet: str) -> Option:
    return Option(tuple(words), several=True, warning=warning, quiet=quiet)


_SLOTS = tuple(map(str, range(8)))
_EXECUTED = (
    "MEAS", "MEL", "DIGEST", "CERT", "GET_CSR", "SET_CERT", "GET_KEY_PAIR_INFO",
    "SET_KEY_PAIR_INFO", "EP_INFO",
)  # fmt: skip

OPTIONS: Mapping[str, Option] = {
    "--trans": _words(TRANSPORTS),
    "--tcp_sub": _words(("RI", "NO_RI")),
    "--ip": Option(),
    "--port": Option(number=0xFFFF),
    "--ver": _words(VERSIONS),
    "--sec_ver": _words(("1.0", "1.1", "1.2")),
    "--cap": _list(RESPONDER_CAPABILITIES),
    "--hash": _list(HASHES),
    "--meas_spec": _list(SPECIFICATIONS),
    "--meas_hash": _list(MEASUREMENT_HASHES),
    "--mel_spec": _list(SPECIFICATIONS),
    "--asym": _list((NONE, *SIGNATURES)),
    "--req_asym": _list((NONE, *SIGNATURES)),
    "--dhe": _list((NONE, *DHE_GROUPS)),
    "--aead": _list(AEADS),
    "--pqc_asym": _list((NONE, *POST_QUANTUM)),
    "--req_pqc_asym": _list((NONE, *POST_QUANTUM)),
    "--kem": _list((NONE, *KEMS)),
    "--key_schedule": _list(KEY_SCHEDULES),
    "--other_param": _list(("OPAQUE_FMT_1", "MULTI_KEY_CONN")),
    "--pqc_first": _words(("FALSE", "TRUE")),
    "--peer_cap": _list(REQUESTER_CAPABILITIES),
    "--basic_mut_auth": _words(("NO", "BASIC")),
    "--mut_auth": _words(("NO", "WO_ENCAP", "W_ENCAP", "DIGESTS")),
    "--meas_sum": _words(("NO", "TCB", "ALL")),
    "--meas_op": _words(("ONE_BY_ONE", "ALL")),
    "--meas_att": _words(("HASH", "RAW")),
    "--key_upd": _words(("REQ", "ALL", "RSP")),
    "--slot_id": _words((*_SLOTS, "0xFF")),
    "--slot_count": _words(map(str, range(1, 9))),
    "--req_slot_id": _words((*_SLOTS, "0xFF")),
    "--save_state": Option(),
    "--load_state": Option(),
    "--exe_mode": _words(("SHUTDOWN", "CONTINUE")),
    "--exe_conn": _list(("VER_ONLY", "VCA", "CHAL", *_EXECUTED)),
    "--exe_session": _list(
        ("KEY_EX", "PSK", "NO_END", "KEY_UPDATE", "HEARTBEAT", "APP", *_EXECUTED)
    ),
    "--pcap": Option(warning="no capture is written; see serve --journal"),
    "--priv_key_mode": _words(("PEM", "RAW")),
}
"""Every option that takes a value."""
