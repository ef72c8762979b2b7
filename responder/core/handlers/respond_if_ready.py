"""RESPOND_IF_READY: the answer that was not ready before."""

from responder.core.context import Context, Resume
from responder.core.errors import invalid, unexpected
from responder.wire.respond_if_ready import RespondIfReady


def respond_if_ready(request: RespondIfReady, context: Context) -> Resume:
    """Resume the deferred request, or ask for more patience with a new token."""
    deferred = context.connection.deferred
    session_id = context.session.session_id if context.session else None
    if deferred is None or deferred.session_id != session_id:
        raise unexpected("no request is deferred here")
    if context.policy.timing.forget_late and context.now > deferred.expires_at:
        context.connection.resume()
        raise unexpected(f"{deferred.request.name} was given up")
    if request.original_request_code != deferred.request.code:
        raise invalid(f"request {request.original_request_code:#x} is not the deferred one")
    if request.token != deferred.token:
        raise invalid(f"token {request.token} is not {deferred.token}")
    if context.now < deferred.ready_at:
        raise context.connection.defer(
            deferred.request,
            deferred.raw,
            deferred.ready_at,
            context.now,
            rdtm=context.policy.timing.rdtm,
            session_id=session_id,
        )
    return Resume(deferred)
