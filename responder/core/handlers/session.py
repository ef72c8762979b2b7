"""HEARTBEAT, KEY_UPDATE and END_SESSION: what an established session needs to live and to end."""

from responder.core.context import Conclusion, Context, Reply
from responder.core.errors import invalid, session_required, unexpected, unsupported
from responder.core.session import Session
from responder.spec.codes import RequestCode
from responder.spec.flags import Cap
from responder.spec.sessions import EndSessionAttributes, KeyOperation
from responder.wire.end_session import EndSession, EndSessionAck
from responder.wire.heartbeat import Heartbeat, HeartbeatAck
from responder.wire.key_update import KeyUpdate, KeyUpdateAck


def heartbeat(request: Heartbeat, context: Context) -> Reply:
    """Show that both sides are still there."""
    session = _session(context)
    if not context.connection.common(Cap.HBEAT):
        raise unsupported(RequestCode.HEARTBEAT, "HBEAT_CAP is not on both sides")
    if not session.heartbeat_period:
        raise unexpected("there are no heartbeats in this session")
    return Reply(HeartbeatAck(spdm_version=request.spdm_version))


def key_update(request: KeyUpdate, context: Context) -> Reply:
    """Change the request key, or both; or learn that the requester has the new one.

    UpdateKey is acknowledged under the old response key, UpdateAllKeys under the new one.
    """
    session = _session(context)
    if not context.connection.common(Cap.KEY_UPD):
        raise unsupported(RequestCode.KEY_UPDATE, "KEY_UPD_CAP is not on both sides")
    operation = request.key_operation
    if operation not in set(KeyOperation):
        raise invalid(f"key operation {operation}")
    if (operation == KeyOperation.VERIFY_NEW_KEY) != bool(session.pending_update):
        raise invalid(f"{KeyOperation(operation).name} after operation {session.pending_update}")

    def conclude(message: bytes) -> Conclusion:
        _update(context, session, KeyOperation(operation))
        return message, None

    response = KeyUpdateAck(
        spdm_version=request.spdm_version, key_operation=operation, tag=request.tag
    )
    return Reply(response, conclude=conclude)


def _update(context: Context, session: Session, operation: KeyOperation) -> None:
    """The keys change once nothing can refuse the request any more."""
    if operation == KeyOperation.VERIFY_NEW_KEY:
        session.confirm_update()
        return
    session.pending_update = operation
    connection, deriver = context.connection, context.hooked.deriver
    if connection.may_change_keys(session, "request"):
        session.update_request(deriver)
    if operation == KeyOperation.UPDATE_ALL_KEYS and connection.may_change_keys(
        session, "response"
    ):
        session.update_response(deriver)


def end_session(request: EndSession, context: Context) -> Reply:
    """End the session once that is acknowledged, and clear the negotiated state if that is asked.

    Only a responder with CACHE_CAP has one to clear: to any other the attribute says nothing.
    """
    session, connection = _session(context), context.connection
    goes_on = context.policy.deviations.goes_on_when_cleared

    def then() -> None:
        connection.end_session(session, "END_SESSION")
        if request.attributes & EndSessionAttributes.CLEAR_NEGOTIATED_STATE:
            connection.clear_negotiated(goes_on=goes_on)

    response = EndSessionAck(spdm_version=request.spdm_version)
    return Reply(response, conclude=lambda message: (message, then))


def _session(context: Context) -> Session:
    """The session of a request that the table allows in sessions only."""
    if context.session is None:
        raise session_required(context.connection.header_version, "the request")
    return context.session
