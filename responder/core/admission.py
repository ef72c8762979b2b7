"""Whether a request may come now: the checks that need its header only."""

from responder.core.connection import Connection
from responder.core.errors import (
    ProtocolError,
    invalid,
    session_required,
    unexpected,
    unsupported,
)
from responder.core.interfaces import ResponderPolicy
from responder.core.session import Session, Sessions
from responder.core.table import REQUESTS, Row
from responder.spec.codes import REQUEST_SINCE, ErrorCode, RequestCode, name_of_code
from responder.spec.limits import HEADER_SIZE
from responder.spec.versions import V10, SpdmVersion

_SINCE: dict[int, int] = {int(code): version for code, version in REQUEST_SINCE.items()}

_WHILE_ENCAPSULATED = frozenset(
    {
        RequestCode.GET_VERSION,
        RequestCode.GET_ENCAPSULATED_REQUEST,
        RequestCode.DELIVER_ENCAPSULATED_RESPONSE,
        RequestCode.CHUNK_SEND,
        RequestCode.CHUNK_GET,
    }
)
"""Requests that may come while this side waits for encapsulated responses."""

_NEVER_LARGE = frozenset(
    {
        RequestCode.GET_VERSION,
        RequestCode.GET_CAPABILITIES,
        RequestCode.CHUNK_SEND,
        RequestCode.CHUNK_GET,
    }
)
"""Requests that come in one piece, or it would not be known how they may come in several."""


def admit(
    data: bytes,
    connection: Connection,
    policy: ResponderPolicy,
    session: Session | None,
    *,
    large: bool,
) -> Row:
    """The request's row, once all has been checked in the order that requesters rely on.

    Args:
        data: the request.
        connection: GET_CAPABILITIES agrees on its version here.
        policy: says which versions are offered.
        session: the session that it came in; ``None`` outside of all.
        large: it came in chunks.

    Raises:
        ProtocolError: the request is unknown, of the wrong version, not offered, or early.
    """
    if len(data) < HEADER_SIZE:
        raise invalid(f"{len(data)} bytes are no SPDM message")
    code = data[1]
    _check_version(data[0], code, connection, policy)
    row = REQUESTS.get(code)
    if row is None:
        raise unsupported(code, f"{name_of_code(code)} is not offered")
    if large and code in _NEVER_LARGE:
        raise invalid(f"{name_of_code(code)} as a large request")
    if connection.chunking.excludes(code) and code != RequestCode.GET_VERSION:
        raise unexpected(f"{name_of_code(code)} while a large message is transferred")
    if connection.encapsulation.in_flight and code not in _WHILE_ENCAPSULATED:
        reason = "an encapsulated request waits for its response"
        raise ProtocolError(ErrorCode.REQUEST_IN_FLIGHT, reason)
    _check_session(row, code, connection, session)
    offered = row.offered_by(connection.flags, policy.ext_flags)
    if connection.capabilities_known and not offered:
        raise unsupported(code, f"the capability for {name_of_code(code)} is not offered")
    if not row.allows(connection.phase):
        raise unexpected(f"{name_of_code(code)} in phase {connection.phase.name}")
    return row


def _check_version(
    version: int, code: int, connection: Connection, policy: ResponderPolicy
) -> None:
    """Whether the request is defined in the version, and its header says that version."""
    if code == RequestCode.GET_VERSION:
        if version != V10:
            raise _mismatch(f"GET_VERSION with version {version:#x}")
        return
    since = _SINCE.get(code)
    if since is None or (connection.version is not None and since > connection.version):
        raise unsupported(code, f"{name_of_code(code)} is not defined in this version")
    if code == RequestCode.GET_CAPABILITIES and connection.may_agree_version:
        if version not in policy.versions:
            raise _mismatch(f"version {version:#x} is not offered")
        connection.agree_version(SpdmVersion(version))
    elif version != connection.version:
        raise _mismatch(f"version {version:#x} is not the agreed one")


def _check_session(row: Row, code: int, connection: Connection, session: Session | None) -> None:
    """Whether the request may come in this session, or outside of all."""
    if session is None:
        if not row.sessions & Sessions.OUTSIDE:
            raise session_required(connection.header_version, name_of_code(code))
    elif not row.sessions & Sessions[session.phase.name]:
        raise unexpected(f"{name_of_code(code)} while {session.phase.value}")


def _mismatch(reason: str) -> ProtocolError:
    return ProtocolError(ErrorCode.VERSION_MISMATCH, reason)
