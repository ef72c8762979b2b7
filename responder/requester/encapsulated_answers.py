"""What the requester answers when it is asked (DSP0274, clauses of the encapsulated requests).

It answers the requests that may come to a requester, and ERROR to everything else.
"""

from typing import TYPE_CHECKING, TypeVar

from responder.requester.conversation import Conversation
from responder.requester.encapsulated_transcript import EncapsulatedTranscript
from responder.requester.event_answers import check_events, own_event_group, subscription
from responder.requester.identity import OwnKey, own_key
from responder.requester.report import Passed
from responder.requester.session import Session
from responder.spec.codes import ErrorCode, RequestCode, name_of_code
from responder.spec.flags import EP_INFO, Cap
from responder.spec.limits import (
    HEADER_SIZE,
    PUBLIC_KEY_SLOT,
    PUBLIC_KEY_SLOT_NIBBLE,
    SUMMARY_NONE,
)
from responder.spec.registries import CertificateModel, KeyUsage
from responder.spec.sessions import KeyOperation
from responder.spec.versions import V12, V13
from responder.wire.certificate import LARGE_CERT_CHAIN, Certificate, GetCertificate
from responder.wire.challenge import Challenge, ChallengeAuth
from responder.wire.digests import Digests, GetDigests
from responder.wire.endpoint_info import EndpointInfo, GetEndpointInfo
from responder.wire.error import Error
from responder.wire.errors import WireError
from responder.wire.events import (
    EventAck,
    GetSupportedEventTypes,
    SendEvent,
    SubscribeEventTypes,
    SubscribeEventTypesAck,
    SupportedEventTypes,
)
from responder.wire.key_update import KeyUpdate, KeyUpdateAck
from responder.wire.message import Message
from responder.wire.names import EndpointInfoSubCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

AnyRequest = TypeVar("AnyRequest", bound=Message)

_OVERHEAD, _LARGE_OVERHEAD = 12, 20
"""Bytes before a portion: DELIVER_ENCAPSULATED_RESPONSE, and CERTIFICATE in its two forms."""
_KEY_PAIR_ID = 1


class DeclinedError(Exception):
    """An encapsulated request that is answered ERROR.

    Attributes:
        code: the error code.
        data: the error data.
    """

    def __init__(self, code: ErrorCode, data: int = 0) -> None:
        super().__init__(code.name)
        self.code = code
        self.data = data


class Answers:
    """The answers of one flow.

    Attributes:
        digests: the DIGESTS response, if it was the first one (EncapD).
        answered: the codes of the requests that were not declined, in order.
    """

    def __init__(
        self,
        c: Conversation,
        session: Session | None = None,
        *,
        may_ask: frozenset[int] | None = None,
    ) -> None:
        """Begin a flow.

        Args:
            c: the conversation.
            session: whose keys may be updated, and whose events may come.
            may_ask: the codes of the requests that belong to the flow; ``None`` for all.
        """
        self.digests = b""
        self.answered: list[int] = []
        self._c = c
        self._agreed = c.agreed
        self._session = session
        self._may_ask = may_ask
        self._key = own_key(c.options.identity, c.agreed)
        self._transcript = EncapsulatedTranscript(c.outside.vca)
        self._handlers: Mapping[int, Callable[[bytes], bytes]] = {
            RequestCode.GET_DIGESTS: self._get_digests,
            RequestCode.GET_CERTIFICATE: self._get_certificate,
            RequestCode.CHALLENGE: self._challenge,
            RequestCode.KEY_UPDATE: self._key_update,
            RequestCode.GET_ENDPOINT_INFO: self._get_endpoint_info,
            RequestCode.SEND_EVENT: self._send_event,
            RequestCode.GET_SUPPORTED_EVENT_TYPES: self._get_supported_event_types,
            RequestCode.SUBSCRIBE_EVENT_TYPES: self._subscribe_event_types,
        }

    def answer(self, request: bytes) -> bytes:
        """The response to an encapsulated request; bytes after its end are the transport's."""
        request = request.ljust(HEADER_SIZE, b"\0")
        step, self._c.checks.step = self._c.checks.step, name_of_code(request[1])
        try:
            response = self._answer(request)
        except DeclinedError as declined:
            self._c.report.observe(
                "encapsulated.declined", f"{name_of_code(request[1])}: {declined.code.name}"
            )
            error = Error(
                spdm_version=self._agreed.version,
                error_code=declined.code,
                error_data=declined.data,
            )
            return error.build()
        finally:
            self._c.checks.step = step
        self.answered.append(request[1])
        return response

    def end(self) -> None:
        """The flow is over: tell what the responder has left half done."""
        if self._session is not None and self._session.updating:
            self._c.report.observe("encapsulated.unverified")

    def _answer(self, request: bytes) -> bytes:
        code, version = request[1], request[0]
        self._need("enc.version", version == self._agreed.version, ErrorCode.VERSION_MISMATCH)
        handler = self._handlers.get(code)
        if handler is None:
            raise DeclinedError(ErrorCode.UNSUPPORTED_REQUEST, code)
        self._need("enc.flow", self._may_ask is None or code in self._may_ask)
        return handler(request)

    def _need(
        self, check_id: str, condition: object, code: ErrorCode = ErrorCode.INVALID_REQUEST
    ) -> None:
        """Decline with ``code`` unless the condition holds or the check is left out."""
        checks, detail = self._c.checks, f"declined with {code.name}"
        if not checks.holds(check_id, condition, detail):
            self._c.report.declined.append(Passed(checks.step, check_id, detail))
            raise DeclinedError(code)

    def _supported(self, flags: Cap, code: int) -> None:
        if not self._agreed.own_flags & flags:
            raise DeclinedError(ErrorCode.UNSUPPORTED_REQUEST, code)

    def _read(self, kind: type[AnyRequest], request: bytes) -> tuple[AnyRequest, bytes]:
        try:
            message, used = kind.read(request, self._agreed.wire().of_requester())
        except WireError:
            raise DeclinedError(ErrorCode.INVALID_REQUEST) from None
        spare = len(request) - used
        self._need("enc.size", spare <= self._c.padding)
        return message, request[:used]

    def _own_key(self) -> OwnKey:
        if self._key is None:
            raise DeclinedError(ErrorCode.UNSPECIFIED)
        return self._key

    def _get_digests(self, data: bytes) -> bytes:
        self._supported(Cap.CERT, RequestCode.GET_DIGESTS)
        _, request = self._read(GetDigests, data)
        key, agreed = self._own_key(), self._agreed
        count = len(key.slots)
        message = Digests(
            spdm_version=agreed.version,
            supported_slot_mask=key.slot_mask if agreed.version >= V13 else 0,
            provisioned_slot_mask=key.slot_mask,
            digest=key.hash(agreed) * count,
        )
        if agreed.own_multi_key:
            message.key_pair_id = [_KEY_PAIR_ID] * count
            message.certificate_info = [int(CertificateModel.DEVICE)] * count
            message.key_usage_mask = [key.usage(slot) for slot in sorted(key.slots)]
        response = message.build(agreed.wire().of_requester())
        if not self.answered:
            self.digests = response
        self._transcript.covered(request, response)
        return response

    def _get_certificate(self, data: bytes) -> bytes:
        self._supported(Cap.CERT, RequestCode.GET_CERTIFICATE)
        asked, request = self._read(GetCertificate, data)
        key, agreed = self._own_key(), self._agreed
        self._need("enc.certificate-slot", asked.slot_id in key.slots)
        large = asked.large
        if large and not agreed.both(Cap.LARGE_RESP):
            raise DeclinedError(ErrorCode.UNSUPPORTED_REQUEST, RequestCode.GET_CERTIFICATE)
        offset = (asked.large_offset or 0) if large else asked.offset
        wanted = (asked.large_length or 0) if large else asked.length
        self._need("enc.certificate-offset", offset < len(key.chain))
        size = min(wanted, self._room(large=large))
        portion = key.chain[offset : offset + size]
        rest = max(0, len(key.chain) - offset - len(portion))
        response = Certificate(
            spdm_version=agreed.version,
            slot=asked.slot_id | (LARGE_CERT_CHAIN if large else 0),
            certificate_info=int(CertificateModel.DEVICE) if agreed.own_multi_key else 0,
            remainder_length=0 if large else min(rest, 0xFFFF),
            large_remainder_length=rest if large else None,
            cert_chain=portion,
        ).build(agreed.wire().of_requester())
        self._transcript.covered(request, response)
        return response

    def _room(self, *, large: bool) -> int:
        """Bytes of a chain that fit one transfer, or one message where there are chunks."""
        agreed = self._agreed
        theirs = agreed.message_size if agreed.both(Cap.CHUNK) else agreed.transfer_size
        own = self._c.options.offer.data_transfer_size
        most = (theirs or own) - (_LARGE_OVERHEAD if large else _OVERHEAD)
        return most if large else min(most, 0xFFFF)

    def _challenge(self, data: bytes) -> bytes:
        self._supported(Cap.CHAL, RequestCode.CHALLENGE)
        asked, request = self._read(Challenge, data)
        key, agreed, slot = self._own_key(), self._agreed, asked.slot_id
        public_key = slot == PUBLIC_KEY_SLOT and not key.chain
        self._need("enc.challenge-slot", public_key or slot in key.slots)
        usable = public_key or not agreed.own_multi_key or key.usage(slot) & KeyUsage.CHALLENGE
        self._need("enc.challenge-usage", usable)
        summary = asked.measurement_summary_hash_type
        self._need("enc.challenge-summary", summary == SUMMARY_NONE)
        unsigned = ChallengeAuth(
            spdm_version=agreed.version,
            slot=PUBLIC_KEY_SLOT_NIBBLE if public_key else slot,
            slot_mask=0 if public_key else key.slot_mask,
            cert_chain_hash=key.hash(agreed),
            nonce=self._c.new_nonce(),
            requester_context=asked.requester_context,
        ).build(agreed.wire().of_requester())
        return self._signed(key, request, unsigned)

    def _signed(self, key: OwnKey, request: bytes, unsigned: bytes) -> bytes:
        """A response with its signature."""
        covered = self._transcript.covered(request, unsigned)
        if covered is None:
            return unsigned
        return unsigned + key.sign(self._agreed, covered.context, covered.parts)

    def _get_endpoint_info(self, data: bytes) -> bytes:
        agreed = self._agreed
        self._supported(EP_INFO if agreed.version >= V13 else Cap(0), data[1])
        asked, request = self._read(GetEndpointInfo, data)
        known = asked.sub_code == EndpointInfoSubCode.DEVICE_CLASS_IDENTIFIER
        self._need("enc.endpoint-sub-code", known)
        signed = asked.signature_requested
        if signed:
            self._supported(Cap.EP_INFO_SIG, data[1])
        key = self._own_key()
        public_key = asked.slot_id == PUBLIC_KEY_SLOT_NIBBLE and not key.chain
        slot_known = public_key or asked.slot_id in key.slots
        self._need("enc.endpoint-slot", slot_known if signed else asked.slot_id == 0)
        unsigned = EndpointInfo(
            spdm_version=agreed.version,
            slot=asked.slot_id,
            nonce=self._c.new_nonce() if signed else b"",
            ep_info=key.ep_info,
        ).build(agreed.wire().of_requester().replace(signed=signed))
        return self._signed(key, request, unsigned) if signed else unsigned

    def _key_update(self, data: bytes) -> bytes:
        """The responder updates its own keys: those that our responses come under."""
        if not self._agreed.both(Cap.KEY_UPD):
            raise DeclinedError(ErrorCode.UNSUPPORTED_REQUEST, RequestCode.KEY_UPDATE)
        asked, _ = self._read(KeyUpdate, data)
        session = self._session
        if session is None:
            later = self._agreed.version >= V12
            raise DeclinedError(ErrorCode.SESSION_REQUIRED if later else ErrorCode.UNSPECIFIED)
        due = KeyOperation.VERIFY_NEW_KEY if session.updating else KeyOperation.UPDATE_KEY
        self._need("enc.key-operation", asked.key_operation == due)
        if asked.key_operation == KeyOperation.VERIFY_NEW_KEY:
            self._need("enc.new-keys", session.response_next is None)
            session.updating = False
        else:
            session.update_response()
            session.updating = True
        response = KeyUpdateAck(
            spdm_version=self._agreed.version, key_operation=asked.key_operation, tag=asked.tag
        )
        return response.build()

    def _event_session(self, code: int) -> Session:
        """The session; events are told, and subscribed to, in no other place."""
        self._supported(Cap.EVENT if self._agreed.version >= V13 else Cap(0), code)
        if self._session is None:
            raise DeclinedError(ErrorCode.SESSION_REQUIRED)
        return self._session

    def _get_supported_event_types(self, data: bytes) -> bytes:
        self._event_session(data[1])
        self._read(GetSupportedEventTypes, data)
        return SupportedEventTypes(
            spdm_version=self._agreed.version,
            event_group_count=1,
            supported_event_groups_list=own_event_group(),
        ).build()

    def _subscribe_event_types(self, data: bytes) -> bytes:
        session = self._event_session(data[1])
        asked, _ = self._read(SubscribeEventTypes, data)
        wanted = subscription(asked)
        self._need("enc.subscription", wanted is not None)
        session.subscribed = wanted or frozenset()
        return SubscribeEventTypesAck(spdm_version=self._agreed.version).build()

    def _send_event(self, data: bytes) -> bytes:
        session = self._event_session(data[1])
        asked, _ = self._read(SendEvent, data)
        fault = check_events(self._c, session, asked)
        self._need("enc.events", not fault)
        return EventAck(spdm_version=self._agreed.version).build()
