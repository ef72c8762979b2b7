"""A responder with a CXL port that takes keys, and a memory target."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from requester.peer import converse, default_options
from requester.session_peer import SessionPeer, session_options

from responder.requester.cxl_options import TspOptions
from responder.requester.plan import SessionPlan
from responder.requester.tdi_options import TdiOptions
from responder.spec.cxl import CxlQueryCaps, EncryptionAlgorithm, EncryptionSupport, TspState
from responder.wire import cxl_ide_km as ide
from responder.wire import cxl_tsp as tsp
from responder.wire.family import Coded
from responder.wire.vendor_defined import VendorDefinedRequest, VendorDefinedResponse
from responder.wire.vendor_payload import parse_payload

Change = Callable[[Any], Any]
STREAM, PORT = 3, 1
ALL_CAPS = 1 | sum(CxlQueryCaps)
KEY_ANSWERS = {
    tsp.SetTargetCkidSpecificKey: tsp.SetTargetCkidSpecificKeyRsp,
    tsp.SetTargetCkidRandomKey: tsp.SetTargetCkidRandomKeyRsp,
    tsp.ClearTargetCkidKey: tsp.ClearTargetCkidKeyRsp,
    tsp.SetTargetRangeSpecificKey: tsp.SetTargetRangeSpecificKeyRsp,
    tsp.SetTargetRangeRandomKey: tsp.SetTargetRangeRandomKeyRsp,
    tsp.ClearTargetRangeKey: tsp.ClearTargetRangeKeyRsp,
    tsp.SetTargetTeState: tsp.SetTargetTeStateRsp,
    tsp.CheckTargetDelayedCompletion: tsp.CheckTargetDelayedCompletionRsp,
}


def cxl_options(
    *steps: str, patience: Any = None, tdi: Any = None, portion: int = 4096, **target: Any
) -> Any:
    """Arguments of ``AttestOptions`` for one session with these steps."""
    more = {"patience": patience} if patience else {}
    return {
        **session_options(sessions=(SessionPlan(steps),), **more),
        "tdi": tdi or TdiOptions(stream_id=STREAM, port_index=PORT, portion=portion),
        "tsp": TspOptions(**target),
    }


def talk(peer: Any, *steps: str, **options: Any) -> Any:
    return converse(peer, default_options(**cxl_options(*steps, **options)))


@dataclass
class CxlPeer(SessionPeer):
    """A ``SessionPeer`` that answers CXL_IDE_KM and TSP.

    Attributes:
        says: changes an answer, by its class.
        sends: changes the payload of an answer, ProtocolID included, by its class.
        refuses: answers that are sent instead of the first ones, by request class.
        asked: the messages that came, in order.
    """

    says: dict[type, Change] = field(default_factory=dict)
    sends: dict[type, Callable[[bytes], bytes]] = field(default_factory=dict)
    refuses: dict[type, list[Any]] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)
    made: int = 0
    state: int = TspState.CONFIG_UNLOCKED
    configured: dict[str, int] = field(default_factory=dict)
    report: bytes = bytes(40)

    def vendor(self, request: bytes) -> bytes:
        asked = VendorDefinedRequest.parse(request)
        message = parse_payload(asked.standard_id, asked.vendor_id, asked.payload)
        self.asked.append(message)
        waiting = self.refuses.get(type(message))
        answer = waiting.pop(0) if waiting else self.reply(message)
        answer = self.says.get(type(answer), lambda one: one)(answer)
        payload = self.sends.get(type(answer), bytes)(asked.payload[:1] + answer.build())
        return self.build(
            VendorDefinedResponse(
                spdm_version=request[0],
                standard_id=asked.standard_id,
                vendor_id=asked.vendor_id,
                payload=payload,
            )
        )

    def reply(self, message: Any) -> Coded:
        if isinstance(message, ide.CxlIdeKmMessage):
            return self.port(message)
        if type(message) in KEY_ANSWERS:
            return KEY_ANSWERS[type(message)]()
        handlers = {
            tsp.GetTargetTspVersion: lambda _: tsp.GetTargetTspVersionRsp(),
            tsp.GetTargetCapabilities: self.target_capabilities,
            tsp.SetTargetConfiguration: self.configure,
            tsp.GetTargetConfiguration: self.configuration,
            tsp.GetTargetConfigurationReport: self.report_portion,
            tsp.LockTargetConfiguration: self.lock,
        }
        return handlers[type(message)](message)

    def port(self, message: Any) -> Coded:
        if isinstance(message, ide.CxlQuery):
            return ide.CxlQueryResp(
                port_index=message.port_index,
                bus_num=1,
                max_port_index=1,
                caps=ALL_CAPS,
                ide_registers=bytes(36),
            )
        echo = {
            "stream_id": message.stream_id,
            "key_sub_stream": message.key_sub_stream,
            "port_index": message.port_index,
        }
        if isinstance(message, ide.CxlGetKey):
            self.made += 1
            return ide.CxlGetKeyAck(**echo, key=bytes((self.made,)) * 32, iv=bytes(12))
        kind = ide.CxlKpAck if isinstance(message, ide.CxlKeyProg) else ide.CxlKGostopAck
        return kind(**echo)

    def target_capabilities(self, _: Any) -> Coded:
        features = EncryptionSupport.ENCRYPTION | EncryptionSupport.CKID_BASED
        return tsp.GetTargetCapabilitiesRsp(
            memory_encryption_features_supported=features | EncryptionSupport.RANGE_BASED,
            memory_encryption_algorithms_supported=sum(EncryptionAlgorithm),
            te_state_change_and_access_control_features_supported=0x16,
            supported_explicit_oob_te_state_granularity=0xC0,
            number_of_ckids=8,
        )

    def configure(self, message: tsp.SetTargetConfiguration) -> Coded:
        shared = tsp.GetTargetConfigurationRsp().__dict__.keys() & message.__dict__.keys()
        kept = [name for name in shared if name not in tsp.TspMessage().__dict__]
        self.configured = {
            name: message.__dict__[name] for name in kept if not name.startswith("reserved")
        }
        return tsp.SetTargetConfigurationRsp()

    def configuration(self, _: Any) -> Coded:
        return tsp.GetTargetConfigurationRsp(**self.configured, current_tsp_state=self.state)

    def report_portion(self, message: tsp.GetTargetConfigurationReport) -> Coded:
        data = self.sends.get(tsp.TargetConfigurationReport, bytes)(self.report)
        portion = data[message.offset : message.offset + message.length]
        rest = len(data) - message.offset - len(portion)
        return tsp.GetTargetConfigurationReportRsp(report_data=portion, remainder_length=rest)

    def lock(self, _: Any) -> Coded:
        self.state = TspState.CONFIG_LOCKED
        return tsp.LockTargetConfigurationRsp()
