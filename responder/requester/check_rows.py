"""The rows of the check table for what came after attestation: sessions, chunks, provisioning.

Each is an id, what must hold, and the clause that says so; see ``responder.requester.check_table``.
"""

from collections.abc import Mapping
from types import MappingProxyType

Rows = Mapping[str, tuple[str, str]]

_DSP0277 = "DSP0277"

RECORD: Rows = MappingProxyType(
    {
        "rec.in-the-clear": ("In a session nothing is answered in the clear.", _DSP0277),
        "rec.unasked": ("No record answers what was sent in the clear.", _DSP0277),
        "rec.size": ("A record is as long as its Length says.", _DSP0277),
        "rec.session-id": ("A record is of the session that was asked in.", _DSP0277),
        "rec.sequence": ("Its sequence number is the next one.", _DSP0277),
        "rec.limit": ("No sequence number reaches the AEAD's limit.", "DSP0277 1.3"),
        "rec.tag": ("Its tag verifies under the keys in use.", _DSP0277),
        "rec.application-length": ("ApplicationDataLength fits what was decrypted.", _DSP0277),
        "rec.application-type": ("Application data is answered with its like.", "DSP0276"),
        "rec.application-data": ("It holds an SPDM message as the transport says.", "DSP0276"),
    }
)

_KEX = "KEY_EXCHANGE_RSP"
_PSK = "PSK_EXCHANGE_RSP"


def _opening(message: str, source: str) -> dict[str, tuple[str, str]]:
    """What KEY_EXCHANGE_RSP and PSK_EXCHANGE_RSP have in common."""
    return {
        f"{message}.heartbeat": ("HeartbeatPeriod is 0 unless both have HBEAT_CAP.", source),
        f"{message}.opaque-size": ("OpaqueDataLength is at most 1024.", source),
        f"{message}.opaque-format": ("Opaque data is of format 1 (1.2).", source),
        f"{message}.opaque-elements": ("Opaque data adds up.", "General opaque data"),
        f"{message}.version-selected": ("A secured message version is selected.", _DSP0277),
        f"{message}.one-version": ("Only one is selected.", _DSP0277),
        f"{message}.version-offered": ("Its major version was offered.", "DSP0277 (libspdm)"),
        f"{message}.aead-limit": ("The AEAD limit is at most 2^64.", "DSP0277 1.3"),
        f"{message}.verify-data": ("ResponderVerifyData is the HMAC of TH1.", source),
    }


SESSION: Rows = MappingProxyType(
    {
        **_opening("kex", _KEX),
        "kex.signature": ("The signature over TH verifies.", _KEX),
        "kex.exchange-data": ("ExchangeData is a value of the group.", _KEX),
        "kex.exchange-reflected": ("ExchangeData is not the requester's own.", "(judgement)"),
        "kex.mutual-demanded": ("The responder asks who we are, if we want that.", "(judgement)"),
        "kex.mutual-unasked": ("MutAuthRequested needs MUT_AUTH_CAP of both.", _KEX),
        "kex.mutual-form": ("MutAuthRequested has at most one bit set.", _KEX),
        "kex.mutual-public-key": (
            "A known public key is not asked for again.",
            f"{_KEX} (libspdm)",
        ),
        "kex.mutual-encapsulated": ("Encapsulated requests need ENCAP_CAP of both.", _KEX),
        "kex.mutual-slot": ("SlotIDParam is a slot, or 0xF for a known public key.", _KEX),
        "fin.slot": (
            "The slot that FINISH signs for holds a chain, unless the public key is known.",
            "FINISH",
        ),
        "fin.verify-data": ("ResponderVerifyData is right (handshake in the clear).", "FINISH_RSP"),
        "fin.opaque-size": ("OpaqueDataLength is at most 1024 (1.4).", "FINISH_RSP"),
        "fin.opaque-elements": ("Opaque data of format 1 adds up (1.4).", "General opaque data"),
        **_opening("psk", _PSK),
        "psk.context": ("ResponderContext is there if PSK_CAP says so.", _PSK),
        "pskfin.opaque-size": ("OpaqueDataLength is at most 1024 (1.4).", "PSK_FINISH_RSP"),
        "pskfin.opaque-elements": ("Opaque data of format 1 adds up (1.4).", "General opaque data"),
        "upd.ack-keys": ("UpdateAllKeys is acknowledged under the new keys.", "KEY_UPDATE_ACK"),
        "upd.operation": ("KeyOperation comes back as sent.", "KEY_UPDATE_ACK"),
        "upd.tag": ("Tag comes back as sent.", "KEY_UPDATE_ACK"),
    }
)

_ACK = "ENCAPSULATED_RESPONSE_ACK"

ENCAPSULATED: Rows = MappingProxyType(
    {
        "enc.pending": ("A request that was announced is there.", "(libspdm)"),
        "enc.payload": ("An encapsulated request has its header.", "ENCAPSULATED_REQUEST"),
        "enc.limit": ("The responder's requests end within a bound.", "(judgement)"),
        "enc.ack-request-id": ("AckRequestID is that of the response (1.2).", _ACK),
        "enc.ack-payload-type": ("The payload type is one of three.", _ACK),
        "enc.ack-slot-missing": ("ReqSlotNumber is there if the payload type says so.", _ACK),
        "enc.ack-slot": ("ReqSlotNumber is 0 to 7.", _ACK),
        "enc.version": ("An encapsulated request has the connection's version.", _ACK),
        "enc.flow": (
            "In the handshake of a session only digests and certificates are asked for.",
            "Session-based mutual authentication (libspdm)",
        ),
        "enc.size": ("Nothing but padding follows an encapsulated request.", _ACK),
        "enc.certificate-slot": ("The slot that is asked for holds a chain.", "GET_CERTIFICATE"),
        "enc.certificate-offset": ("The offset lies within the chain.", "GET_CERTIFICATE"),
        "enc.challenge-slot": ("The slot that is challenged holds a chain.", "CHALLENGE"),
        "enc.challenge-usage": (
            "The key of the slot that is challenged may be used for that (1.3, multi-key).",
            "CHALLENGE",
        ),
        "enc.challenge-summary": ("A requester has no measurement summary.", "CHALLENGE"),
        "enc.key-operation": ("UpdateKey comes first, then VerifyNewKey.", "KEY_UPDATE"),
        "enc.new-keys": ("VerifyNewKey comes under the responder's new keys.", "(judgement)"),
        "enc.endpoint-sub-code": ("The sub code is defined.", "GET_ENDPOINT_INFO"),
        "enc.endpoint-slot": ("The slot that has to sign holds a chain.", "GET_ENDPOINT_INFO"),
        "enc.subscription": ("Only listed event types are wanted.", "SUBSCRIBE_EVENT_TYPES"),
        "enc.events": ("Events are known, whole and without a gap.", "SEND_EVENT"),
    }
)

_CHUNK = "Large SPDM message transfer"

CHUNKS: Rows = MappingProxyType(
    {
        "chk.large-handle": ("LargeResponse tells a handle.", _CHUNK),
        "chk.nested": ("CHUNK_GET is not answered LargeResponse.", _CHUNK),
        "chk.handle": ("Handle is that of the transfer.", _CHUNK),
        "chk.sequence": ("ChunkSeqNo is the one that was asked for.", _CHUNK),
        "chk.wrap": ("ChunkSeqNo does not wrap.", _CHUNK),
        "chk.total-limit": ("LargeMessageSize is at most our MaxSPDMmsgSize.", _CHUNK),
        "chk.total-small": ("LargeMessageSize is more than 42.", "(libspdm)"),
        "chk.empty": ("A chunk has at least one byte.", _CHUNK),
        "chk.minimum": ("All chunks but the last fill 42 bytes.", "(libspdm)"),
        "chk.overrun": ("Chunks do not exceed LargeMessageSize.", _CHUNK),
        "chk.sum": ("The last chunk completes LargeMessageSize.", _CHUNK),
        "chk.last": ("The chunk that completes it is marked the last.", _CHUNK),
        "chk.inner": ("No chunk and no VERSION comes in chunks.", _CHUNK),
        "chk.ack-handle": ("Handle comes back as sent.", "CHUNK_SEND_ACK"),
        "chk.ack-sequence": ("ChunkSeqNo comes back as sent.", "CHUNK_SEND_ACK"),
        "chk.early-error": ("EarlyErrorDetected comes with an ERROR.", "CHUNK_SEND_ACK"),
        "chk.early-error-large": ("That is not LargeResponse.", "CHUNK_SEND_ACK (libspdm)"),
        "chk.early-response": ("No response comes before the last chunk.", "CHUNK_SEND_ACK"),
        "chk.response-missing": ("The last chunk brings the response.", "CHUNK_SEND_ACK"),
    }
)

_MEL, _EPI, _KPI = "MEASUREMENT_EXTENSION_LOG", "ENDPOINT_INFO", "KEY_PAIR_INFO"
_SLM = "SLOT_MANAGEMENT"

DEVICE: Rows = MappingProxyType(
    {
        "mel.portion-empty": ("A portion has at least one byte.", f"{_MEL} (libspdm)"),
        "mel.portion-size": ("A portion is not longer than was asked for.", _MEL),
        "mel.total": ("Offset, portion and remainder always add up the same.", _MEL),
        "mel.limit": ("The log fits the requester's limit.", "(judgement)"),
        "mel.entries": ("The log holds the entries that it tells.", _MEL),
        "mel.index": ("MELIndex counts from 1.", _MEL),
        "epi.slot": ("The slot is the one that was asked for.", _EPI),
        "epi.limit": ("EPInfo fits the requester's limit.", "(judgement)"),
        "epi.identifiers": ("The device class identifiers add up.", _EPI),
        "epi.signature": ("The signature over IL1 verifies.", _EPI),
        "kpi.id": ("KeyPairID is the one that was asked for.", _KPI),
        "kpi.total": ("KeyPairID is at most TotalKeyPairs.", _KPI),
        "kpi.capabilities": ("Without SET_KEY_PAIR_INFO_CAP there are none.", _KPI),
        "kpi.shareable": ("A shareable key pair can be associated.", f"{_KPI} (libspdm)"),
        "kpi.usage-capabilities": ("A key pair may be used for something.", f"{_KPI} (libspdm)"),
        "kpi.usage": ("CurrentKeyUsage lies within its capabilities.", _KPI),
        "kpi.algorithm-capabilities": ("A key pair has some algorithm.", f"{_KPI} (libspdm)"),
        "kpi.one-algorithm": ("At most one algorithm is current.", _KPI),
        "kpi.algorithm-exclusive": ("It is classical or post-quantum (1.4).", _KPI),
        "kpi.algorithm": ("The current algorithm lies within its capabilities.", _KPI),
        "kpi.slots": ("Only a shareable key pair serves several slots.", f"{_KPI} (libspdm)"),
        "skp.reset-required": (
            "ResetRequired needs SET_KEY_PAIR_RESET_CAP (1.4).",
            "SET_KEY_PAIR_INFO",
        ),
        "csr.empty": ("The certificate signing request is not empty.", "CSR"),
        "csr.signature": ("It is one, signed by the key in it.", "RFC 2986"),
        "csr.key": ("Its key is that of the slot's leaf, where it is for that.", "GET_CSR"),
        "csr.reset-required": ("ResetRequired needs CERT_INSTALL_RESET_CAP.", "GET_CSR"),
        "csr.tracking-tag": ("CSRTrackingTag is 1 to 7 (1.3).", "GET_CSR"),
        "setc.slot": ("The slot is the one that was written.", "SET_CERTIFICATE_RSP"),
        "setc.reset-required": ("ResetRequired needs CERT_INSTALL_RESET_CAP.", "SET_CERTIFICATE"),
        "slm.sub-code": ("The sub-code is the one that was asked for.", _SLM),
        "slm.offset": ("MgmtStructOffset is where the structure is; 0 without one.", _SLM),
        "slm.mandatory": ("Sub-codes 0 to 3 are supported.", _SLM),
        "slm.bank-count": ("There are as many banks as NumBankElements says, and one.", _SLM),
        "slm.bank-ids": ("BankIDs are different, and at most 239.", _SLM),
        "slm.modifiable": ("ModifiableSlotMask lies within SlotMask.", _SLM),
        "slm.element-length": ("ElementLength is the size of the element.", _SLM),
        "slm.length": ("RespLength is the size of the structure.", _SLM),
        "slm.bank": ("BankID is the one that was asked for.", _SLM),
        "slm.one-algorithm": ("At most one algorithm of a bank is current.", _SLM),
        "slm.available": ("Available algorithms lie within the capabilities.", _SLM),
        "slm.slots": (
            "Every slot of SlotMask is listed, none twice, and no other holds a chain.",
            f"{_SLM} (judgement)",
        ),
        "slm.multi-key": ("KeyPairID and CertificateInfo are 0 without multi-key.", _SLM),
        "slm.chain-length": ("A chain is as long as its Length says.", "Certificate chain format"),
        "slm.slot-size": ("A chain fits SlotSize.", _SLM),
        "slm.digest": ("A chain has the digest that its slot tells.", _SLM),
        "slm.reset-required": ("ResetRequired needs CERT_INSTALL_RESET_CAP.", _SLM),
        "evt.groups": ("There is at least one event group.", "SUPPORTED_EVENT_TYPES (libspdm)"),
        "evt.list": ("The list of event groups is not empty.", "SUPPORTED_EVENT_TYPES"),
    }
)
