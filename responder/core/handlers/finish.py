"""FINISH and PSK_FINISH: the requester proves that it has the keys, and perhaps who it is."""

import hmac
from functools import partial

from responder.core.context import Conclusion, Context, Reply
from responder.core.errors import (
    ProtocolError,
    invalid,
    session_required,
    undecryptable,
    unexpected,
)
from responder.core.handshake import establish
from responder.core.hooks import Parts
from responder.core.session import Session, SessionPhase
from responder.crypto.signing import SignatureError, signing_message
from responder.spec.codes import ErrorCode
from responder.spec.limits import MAX_OPAQUE_SIZE
from responder.wire.finish import Finish, FinishRsp
from responder.wire.psk_finish import PskFinish, PskFinishRsp

_SIGNER = "requester-finish signing"


def finish(request: Finish, context: Context) -> Reply:
    """Check the requester's signature and HMAC, and establish the session."""
    session = _session(context)
    if session.psk:
        raise unexpected("FINISH in a session of PSK_EXCHANGE")
    _check_form(request, session)
    wire, raw = context.connection.wire, context.raw_request
    covered = len(raw) - len(request.signature) - wire.hash_size
    parts = [*session.parts, *_requester_parts(session), ("FINISH", raw[:covered])]
    if request.signature_included:
        _check_signature(request, context, session, parts)
        parts.append(("FINISH signature", request.signature))
    _check_verify_data(request.requester_verify_data, context, session, parts)
    session.parts = [*parts, ("FINISH verify data", request.requester_verify_data)]
    size = wire.hash_size if wire.handshake_in_the_clear else 0
    return Reply(
        FinishRsp(spdm_version=request.spdm_version),
        conclude=partial(_conclude, context, session),
        concluded_size=size,
    )


def psk_finish(request: PskFinish, context: Context) -> Reply:
    """Check the requester's HMAC, and establish the session."""
    session = context.session
    if session is None or not session.psk:
        raise unexpected("PSK_FINISH in a session of KEY_EXCHANGE")
    _check_opaque(request.opaque_data)
    covered = context.raw_request[: -context.connection.wire.hash_size]
    parts = [*session.parts, ("PSK_FINISH", covered)]
    _check_verify_data(request.requester_verify_data, context, session, parts)
    session.parts = [*parts, ("PSK_FINISH verify data", request.requester_verify_data)]

    def conclude(message: bytes) -> Conclusion:
        session.keep("PSK_FINISH_RSP", message)
        return message, establish(context, session)

    return Reply(PskFinishRsp(spdm_version=request.spdm_version), conclude=conclude)


def _session(context: Context) -> Session:
    """The session that the request is about: in the clear the latest one that is handshaking.

    Raises:
        ProtocolError: SessionRequired: in the clear although that was not agreed, or the other way
            round, or no session is handshaking.
    """
    connection = context.connection
    clear = connection.wire.handshake_in_the_clear
    if clear == (context.session is None):
        if context.session is not None:
            return context.session
        for session in reversed(connection.sessions.values()):
            if session.phase is SessionPhase.HANDSHAKING and not session.psk:
                return session
    raise session_required(connection.header_version, "FINISH")


def _check_form(request: Finish, session: Session) -> None:
    mutual = session.mutual
    if request.signature_included != bool(mutual.requested):
        raise invalid("a signature is there although none was asked for, or the other way round")
    if mutual.requested and request.req_slot_id != mutual.slot_id:
        raise invalid(f"requester slot {request.req_slot_id}, not {mutual.slot_id}")
    _check_opaque(request.opaque_data)


def _check_opaque(opaque: bytes) -> None:
    if len(opaque) > MAX_OPAQUE_SIZE:
        raise invalid(f"{len(opaque)} bytes of opaque data")


def _requester_parts(session: Session) -> Parts:
    """What TH holds of the requester: its DIGESTS (multi-key) and the hash of its chain or key."""
    mutual = session.mutual
    if not mutual.requested:
        return []
    digests = [("encapsulated DIGESTS", mutual.digests)] if mutual.digests else []
    return [*digests, ("requester certificate chain hash", mutual.identity)]


def _check_signature(request: Finish, context: Context, session: Session, parts: Parts) -> None:
    asym, key = context.connection.selected.requester_asym, session.mutual.key
    if asym is None or key is None:
        raise ProtocolError(ErrorCode.UNSPECIFIED, "the requester's key is not known")
    data = [part for _, part in parts]
    base_hash, version = context.base_hash, context.connection.header_version
    message = signing_message(version, _SIGNER, base_hash, data)
    try:
        key.verify(asym, base_hash, message, request.signature, _SIGNER)
    except SignatureError as error:
        raise undecryptable(str(error), session) from None


def _check_verify_data(
    verify_data: bytes, context: Context, session: Session, parts: Parts
) -> None:
    expected = context.hooked.deriver.verify_data(
        "requester verify data", session.request_finished_key, parts
    )
    if not hmac.compare_digest(expected, verify_data):
        raise undecryptable("RequesterVerifyData is wrong", session)


def _conclude(context: Context, session: Session, message: bytes) -> Conclusion:
    session.keep("FINISH_RSP", message)
    if context.connection.wire.handshake_in_the_clear:
        verify_data = context.hooked.deriver.verify_data(
            "responder verify data", session.response_finished_key, session.parts
        )
        session.keep("FINISH_RSP verify data", verify_data)
        message += verify_data
    return message, establish(context, session)
