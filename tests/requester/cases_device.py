"""Lies about the log, endpoint information, key pairs, provisioning and events."""

from dataclasses import dataclass, field, replace
from typing import Any

from requester.cases import Case, Change, draft, put
from requester.chains import OTHER_KEY, default_chain
from requester.device_peer import DEVICE_FLAGS, DevicePeer, certificate_request
from requester.peer import converse, default_options, error
from requester.session_peer import OWN_FLAGS, session_options

from responder.requester.options import NewChain, Patience
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.versions import V13, V14

CAPABILITIES, ALGORITHMS = ResponseCode.CAPABILITIES, ResponseCode.ALGORITHMS
MEL, EPI, KPI = (
    ResponseCode.MEASUREMENT_EXTENSION_LOG,
    ResponseCode.ENDPOINT_INFO,
    ResponseCode.KEY_PAIR_INFO,
)
CERTIFICATE, CSR = ResponseCode.CERTIFICATE, ResponseCode.CSR
SET_RSP, TYPES = ResponseCode.SET_CERTIFICATE_RSP, ResponseCode.SUPPORTED_EVENT_TYPES
RESET = error(V13, ErrorCode.RESET_REQUIRED)


def device_options(
    *connection: str, session: tuple[str, ...] | None = None, **changes: Any
) -> dict[str, Any]:
    """Arguments of ``AttestOptions`` for steps outside of sessions, and perhaps one session."""
    offer = {"mel_specification": 1, "flags": OWN_FLAGS | Cap.EVENT, **changes.pop("offer", {})}
    if session is None:
        changes.setdefault("sessions", ())
    return session_options(
        *(session or ()),
        connection=("authenticate", "challenge", *connection),
        offer=offer,
        new_chain=NewChain(0, default_chain()),
        **changes,
    )


@dataclass(frozen=True)
class DeviceCase(Case):
    """A case against a ``DevicePeer``."""

    connection: tuple[str, ...] = ()
    session: tuple[str, ...] | None = None
    plan: dict[str, Any] = field(default_factory=dict)

    def run(self, *without: str) -> Any:
        first = {code: list(found) for code, found in self.peer.get("first", {}).items()}
        peer = DevicePeer(**{"versions": (V13,), **self.peer, "first": first})
        options = device_options(*self.connection, session=self.session, **self.plan)
        return converse(peer, default_options(**options, without=frozenset(without))), peer


def case(name: str, step: str, check: str, change: Change, code: int, **peer: Any) -> DeviceCase:
    plan = peer.pop("plan", {})
    return DeviceCase(check, step, {**draft(code, change), **peer}, {}, (name,), None, plan)


def log(check: str, change: Change, **peer: Any) -> DeviceCase:
    return case("extension-log", "GET_MEASUREMENT_EXTENSION_LOG", check, change, MEL, **peer)


def info(check: str, change: Change, **peer: Any) -> DeviceCase:
    return case("endpoint-info", "GET_ENDPOINT_INFO", check, change, EPI, **peer)


def pair(check: str, change: Change, **peer: Any) -> DeviceCase:
    return case("key-pairs", "GET_KEY_PAIR_INFO", check, change, KPI, **peer)


def flip(data: bytes) -> bytes:
    return data[:-1] + bytes((data[-1] ^ 1,))


def only_first(change: Change) -> Change:
    return lambda m: change(m) if m.remainder_length else m


def refused(check: str, name: str, code: RequestCode, answer: bytes, **peer: Any) -> DeviceCase:
    return DeviceCase(check, code.name, {"first": {code: [answer]}, **peer}, {}, (name,))


def nothing(message: Any) -> Any:
    return message


CHANGED_LOG = put(portion_length=None, remainder_length=0)


class SameCase(DeviceCase):
    """A case in which the chain is another one when it is read again."""

    def run(self, *without: str) -> Any:
        reads = []

        def another(message: Any) -> Any:
            reads.append(message)
            return (
                message if len(reads) == 1 else message.replace(cert_chain=message.cert_chain[::-1])
            )

        changed = replace(self, peer=draft(CERTIFICATE, another))
        return DeviceCase.run(changed, *without)


DEVICE = [
    SameCase("cert.same", "GET_CERTIFICATE", {}, {}, ("certificate",)),
    log("mel.portion-empty", put(mel=b"", remainder_length=86)),
    log(
        "mel.portion-size",
        lambda m: m.replace(mel=m.mel + bytes(9)),
        plan={"patience": Patience(log=102)},
    ),
    log(
        "mel.total",
        only_first(lambda m: m.replace(remainder_length=m.remainder_length + 1)),
        portion_limit=60,
    ),
    log("mel.limit", nothing, plan={"patience": Patience(log=50)}),
    log("mel.entries", lambda m: m.replace(mel=b"\x09" + m.mel[1:])),
    log("mel.index", lambda m: m.replace(mel=m.mel[:16] + b"\x09" + m.mel[17:])),
    info("epi.slot", put(slot=1)),
    info("epi.limit", nothing, plan={"patience": Patience(endpoint_info=4)}),
    info("epi.identifiers", put(ep_info=b"\x02\0\0\0")),
    DeviceCase("epi.signature", "GET_ENDPOINT_INFO", {"raw": {EPI: flip}}, {}, ("endpoint-info",)),
    pair("kpi.id", put(key_pair_id=2)),
    pair("kpi.total", put(total_key_pairs=0)),
    pair("kpi.capabilities", nothing, flags=DEVICE_FLAGS & ~Cap.SET_KEY_PAIR_INFO),
    pair("kpi.shareable", put(capabilities=0x20)),
    pair("kpi.usage-capabilities", put(key_usage_capabilities=0, current_key_usage=0)),
    pair("kpi.usage", put(current_key_usage=0x4003)),
    pair("kpi.algorithm-capabilities", put(asym_algo_capabilities=0, current_asym_algo=0)),
    pair("kpi.one-algorithm", put(current_asym_algo=0x18)),
    pair(
        "kpi.algorithm-exclusive",
        put(pqc_asym_capabilities=b"\x02", current_pqc_asym=b"\x02"),
        versions=(V14,),
    ),
    pair("kpi.algorithm", put(current_asym_algo=0x20)),
    pair("kpi.slots", put(capabilities=0, assoc_cert_slot_mask=3)),
    refused("skp.reset-required", "change-key-pair", RequestCode.SET_KEY_PAIR_INFO, RESET),
    case("csr", "GET_CSR", "csr.empty", put(csr=b""), CSR),
    case("csr", "GET_CSR", "csr.signature", put(csr=certificate_request(good=False)), CSR),
    case("csr", "GET_CSR", "csr.key", put(csr=certificate_request(key=OTHER_KEY)), CSR),
    refused("csr.reset-required", "csr", RequestCode.GET_CSR, RESET),
    refused(
        "csr.tracking-tag",
        "csr",
        RequestCode.GET_CSR,
        error(V13, ErrorCode.RESET_REQUIRED, 8),
        flags=DEVICE_FLAGS | Cap.CERT_INSTALL_RESET,
    ),
    case("set-certificate", "SET_CERTIFICATE", "setc.slot", put(slot=1), SET_RSP),
    refused("setc.reset-required", "set-certificate", RequestCode.SET_CERTIFICATE, RESET),
    DeviceCase(
        "evt.groups",
        "GET_SUPPORTED_EVENT_TYPES",
        draft(TYPES, put(event_group_count=0)),
        {},
        (),
        ("subscribe",),
    ),
    DeviceCase(
        "evt.list",
        "GET_SUPPORTED_EVENT_TYPES",
        draft(TYPES, put(supported_event_groups_list=b"")),
        {},
        (),
        ("subscribe",),
    ),
]
