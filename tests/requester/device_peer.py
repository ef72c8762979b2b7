"""A responder with a log, key pairs, endpoint information, provisioning and events."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from requester.chains import LEAF_KEY, name
from requester.peer import SHA256, block
from requester.session_peer import SESSION_FLAGS, SessionPeer

from responder.crypto.hashing import digest
from responder.spec.codes import RequestCode
from responder.spec.flags import Cap
from responder.spec.registries import StandardId
from responder.wire.csr import Csr
from responder.wire.endpoint_info import (
    DeviceClass,
    DeviceClassIdentifier,
    DeviceClassIdentifiers,
    EndpointInfo,
    GetEndpointInfo,
)
from responder.wire.events import (
    EventGroup,
    EventType,
    SubscribeEventTypesAck,
    SupportedEventTypes,
)
from responder.wire.key_pair_info import GetKeyPairInfo, KeyPairInfo, SetKeyPairInfoAck
from responder.wire.measurement_extension_log import (
    DmtfMel,
    GetMeasurementExtensionLog,
    MeasurementExtensionLog,
    MelEntry,
)
from responder.wire.set_certificate import SetCertificate, SetCertificateRsp

DEVICE_FLAGS = (
    SESSION_FLAGS | Cap.MEL | Cap.EP_INFO_SIG | Cap.GET_KEY_PAIR_INFO | Cap.SET_KEY_PAIR_INFO
    | Cap.CSR | Cap.SET_CERT | Cap.EVENT
)  # fmt: skip
ENTRIES = [
    MelEntry(mel_index=n, meas_index=7, value_type=1, value=bytes((n,)) * 32) for n in (1, 2)
]
EP_INFO = DeviceClassIdentifiers(
    number_of_identifiers=1,
    identifiers=DeviceClassIdentifier(
        device_class=DeviceClass(id=StandardId.PCI_SIG, vendor=b"\x36\x1b").build()
    ).build(),
).build()
EVENT_TYPES = EventGroup(event_types=EventType(event_type_id=2).build()).build()


def extended(entries: list[MelEntry]) -> bytes:
    """The hash-extend measurement that entries make."""
    value = bytes(32)
    for entry in entries:
        value = digest(SHA256, value, entry.build())
    return value


HEM = block(7, 8, extended(ENTRIES))


@cache
def certificate_request(*, good: bool = True, key: Any = LEAF_KEY) -> bytes:
    builder = x509.CertificateSigningRequestBuilder(name("device"))
    der = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    return der if good else der[:-1] + bytes((der[-1] ^ 1,))


@dataclass
class DevicePeer(SessionPeer):
    """A ``SessionPeer`` that answers the requests of 1.2 to 1.4 about a device.

    Attributes:
        portion_limit: bytes of one portion of the log.
    """

    flags: Cap = DEVICE_FLAGS
    portion_limit: int = 0x1000
    entries: list[MelEntry] = field(default_factory=lambda: list(ENTRIES))
    stores: bool = True

    def answer_honestly(self, request: bytes) -> bytes:
        handlers = {
            RequestCode.GET_MEASUREMENT_EXTENSION_LOG: self.extension_log,
            RequestCode.GET_ENDPOINT_INFO: self.endpoint_info,
            RequestCode.GET_KEY_PAIR_INFO: self.key_pair_info,
            RequestCode.SET_KEY_PAIR_INFO: self.simple(SetKeyPairInfoAck),
            RequestCode.GET_CSR: self.csr,
            RequestCode.SET_CERTIFICATE: self.set_certificate,
            RequestCode.GET_SUPPORTED_EVENT_TYPES: self.event_types,
            RequestCode.SUBSCRIBE_EVENT_TYPES: self.simple(SubscribeEventTypesAck),
        }
        handler = handlers.get(request[1])
        if handler is None:
            return super().answer_honestly(request)
        return self.raw.get(request[1] & 0x7F, bytes)(handler(request))

    def algorithms(self, request: bytes) -> bytes:
        draft = self.draft.get(0x63, lambda m: m)
        selected = int(request[0] >= 0x13 and bool(self.flags & Cap.MEL))
        self.draft[0x63] = lambda m: draft(m).replace(mel_specification_sel=selected)
        try:
            return super().algorithms(request)
        finally:
            self.draft[0x63] = draft

    def extension_log(self, request: bytes) -> bytes:
        asked = GetMeasurementExtensionLog.parse(request)
        body = b"".join(entry.build() for entry in self.entries)
        log = DmtfMel(number_of_entries=len(self.entries), mel_entries=body).build()
        portion = log[asked.offset : asked.offset + min(asked.length, self.portion_limit)]
        rest = len(log) - asked.offset - len(portion)
        message = MeasurementExtensionLog(
            spdm_version=request[0], remainder_length=rest, mel=portion
        )
        return self.build(message)

    def endpoint_info(self, request: bytes) -> bytes:
        asked = GetEndpointInfo.parse(request, self.context)
        signed = asked.signature_requested
        message = EndpointInfo(
            spdm_version=request[0],
            slot=asked.slot_id,
            nonce=b"\x33" * 32 if signed else b"",
            ep_info=EP_INFO,
        )
        before, self.context = self.context, self.context.replace(signed=signed)
        unsigned = self.build(message)
        self.context = before
        if not signed:
            return unsigned
        text = "responder-endpoint_info signing"
        return unsigned + self.sign(text, [*self.vca, request, unsigned])

    def key_pair_info(self, request: bytes) -> bytes:
        asked = GetKeyPairInfo.parse(request)
        message = KeyPairInfo(
            spdm_version=request[0],
            total_key_pairs=2,
            key_pair_id=asked.key_pair_id,
            capabilities=0x3F,
            key_usage_capabilities=0xF,
            current_key_usage=0x3,
            asym_algo_capabilities=0x18,
            current_asym_algo=0x8,
            assoc_cert_slot_mask=1,
            public_key_info=b"\x30\0",
        )
        return self.build(message)

    def csr(self, request: bytes) -> bytes:
        return self.build(Csr(spdm_version=request[0], csr=certificate_request()))

    def set_certificate(self, request: bytes) -> bytes:
        asked = SetCertificate.parse(request, self.context)
        return self.build(SetCertificateRsp(spdm_version=request[0], slot=asked.slot_id))

    def event_types(self, request: bytes) -> bytes:
        message = SupportedEventTypes(
            spdm_version=request[0],
            event_group_count=1,
            supported_event_groups_list=EVENT_TYPES,
        )
        return self.build(message)
