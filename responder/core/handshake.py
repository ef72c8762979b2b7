"""What KEY_EXCHANGE and PSK_EXCHANGE have in common: which records, which session, which policy."""

from collections.abc import Callable
from functools import lru_cache

import msgspec

from responder.core.connection import Connection
from responder.core.context import Context
from responder.core.effects import ArmTimer
from responder.core.errors import ProtocolError, invalid, unsupported
from responder.core.event_queue import EventQueue
from responder.core.session import SecuredSuite, Session
from responder.spec.algorithms import OPAQUE_FORMAT_1
from responder.spec.codes import ErrorCode
from responder.spec.flags import Cap
from responder.spec.limits import MAX_OPAQUE_SIZE
from responder.spec.sessions import MAX_AEAD_EXPONENT, SECURED_V12, SECURED_V13, SessionPolicy
from responder.spec.versions import V12, V13
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.secured_opaque import (
    AeadLimit,
    SecuredElement,
    SecuredOpaque,
    VersionSelection,
    build_secured_opaque,
    parse_secured_opaque,
)

_MINOR_SHIFT = 8
"""Update and alpha of a secured message version make no difference."""
_HEARTBEATS_MISSED = 2
"""A session ends without traffic for so many heartbeat periods."""


_RSP_SESSION_ID = slice(4, 6)

HEARTBEAT_TIMER = "heartbeat "
"""What the timers of sessions begin with."""


class Opening(msgspec.Struct, frozen=True):
    """A session that can be opened.

    Attributes:
        session: handshaking, without keys.
        opaque: the opaque data of the response.
    """

    session: Session
    opaque: bytes


def require_session_capability(code: int, flag: Cap, connection: Connection) -> None:
    """Refuse a request for sessions that the two sides cannot have.

    Raises:
        ProtocolError: UnsupportedRequest: the capability is not on both sides; InvalidRequest:
            records could not be authenticated.
    """
    if not connection.flags & flag or not connection.peer.flags & flag:
        raise unsupported(code, "the capability is not negotiated")
    if not connection.common(Cap.MAC):
        raise invalid("sessions need MAC_CAP on both sides")


def open_session(
    context: Context, req_session_id: int, opaque: bytes, policy: int, *, psk: bool
) -> Opening:
    """A new session, as both sides want it.

    Raises:
        ProtocolError: InvalidRequest: the opaque data is malformed or has no common version, or
            the policy asks for what is not there; SessionLimitExceeded: there are too many.
    """
    connection = context.connection
    version = connection.header_version
    suite, answer = _secured_suite(context, opaque)
    if (
        version >= V13
        and policy & SessionPolicy.EVENT_ALL_POLICY
        and not connection.common(Cap.EVENT)
    ):
        raise invalid("EventAllPolicy without EVENT_CAP on both sides")
    limit = context.policy.session.limit
    if len(connection.sessions) >= limit:
        reason = f"there are {limit} sessions already"
        raise ProtocolError(ErrorCode.SESSION_LIMIT_EXCEEDED, reason)
    session_id = connection.new_session_id(req_session_id)
    session = Session(session_id, suite, context.base_hash, version, psk=psk)
    session.transcript = connection.transcript.of_session()
    session.policy = policy if version >= V12 else 0
    session.events = EventQueue(
        context.policy.session.event_queue, context.policy.session.first_event_id
    )
    if connection.common(Cap.HBEAT):
        session.heartbeat_period = context.policy.session.heartbeat_period
    return Opening(session, answer)


def take_told_id(session: Session, response: bytes) -> None:
    """The session has the id that KEY_EXCHANGE_RSP or PSK_EXCHANGE_RSP tells: RspSessionID."""
    told = response[_RSP_SESSION_ID]
    if told:
        own = session.session_id & 0xFFFF
        session.session_id = int.from_bytes(told, "little") << 16 | own


def establish(context: Context, session: Session) -> Callable[[], None]:
    """Derive the keys of application data; what comes back puts them to use.

    From then on the session ends if there is no traffic in it for two heartbeat periods.
    """
    put_to_use = session.prepare_data(context.hooked.deriver)

    def then() -> None:
        context.connection.established(session, put_to_use)
        session.last_traffic = context.now
        if session.policy & SessionPolicy.EVENT_ALL_POLICY:
            source = context.device.events
            session.events.subscribe(source.types, source)
        if session.heartbeat_period:
            context.effects.append(heartbeat_timer(session))

    return then


def heartbeat_timer(session: Session) -> ArmTimer:
    """The timer of a session with heartbeats."""
    wait = _HEARTBEATS_MISSED * session.heartbeat_period
    return ArmTimer(f"{HEARTBEAT_TIMER}{session.session_id:#x}", session.last_traffic + wait)


def _secured_suite(context: Context, opaque: bytes) -> tuple[SecuredSuite, bytes]:
    """How records will be protected, and the opaque data that says so."""
    connection, policy = context.connection, context.policy.session
    version, selected = connection.header_version, connection.selected
    if len(opaque) > MAX_OPAQUE_SIZE:
        raise invalid(f"{len(opaque)} bytes of opaque data")
    if version >= V12 and selected.opaque_format != OPAQUE_FORMAT_1:
        raise invalid("sessions need OpaqueDataFmt1")
    if selected.aead is None:
        raise invalid("no AEAD was negotiated")
    try:
        asked = _parsed(opaque, version)
    except WireError as error:
        raise invalid(str(error)) from None
    theirs = {one >> _MINOR_SHIFT for one in asked.supported or ()}
    secured_version = next(
        (one for one in policy.secured_versions if one >> _MINOR_SHIFT in theirs), None
    )
    if secured_version is None:
        raise invalid("no common version of secured messages")
    exponent = MAX_AEAD_EXPONENT
    if secured_version >= SECURED_V13:
        exponent = min(policy.aead_limit, _exponent(asked.aead_exponent))
    suite = SecuredSuite(
        aead=selected.aead,
        encrypted=connection.common(Cap.ENCRYPT),
        secured_version=secured_version,
        limit=(1 << exponent) - 1,
        big_endian=policy.big_endian_sequence and secured_version < SECURED_V12,
    )
    return suite, _built(version, secured_version, policy.aead_limit)


@lru_cache(maxsize=64)
def _parsed(opaque: bytes, version: int) -> SecuredOpaque:
    """What the requester's opaque data says; it says the same in all of its sessions."""
    return parse_secured_opaque(opaque, WireContext(version=version))


@lru_cache(maxsize=64)
def _built(version: int, secured_version: int, aead_limit: int) -> bytes:
    """The opaque data of the response."""
    elements: list[SecuredElement] = [VersionSelection(selected_version=secured_version)]
    if secured_version >= SECURED_V13:
        elements.append(AeadLimit(exponent=aead_limit))
    return build_secured_opaque(elements, version)


def _exponent(asked: int | None) -> int:
    if asked is not None and asked > MAX_AEAD_EXPONENT:
        raise invalid(f"AEAD limit exponent {asked}")
    return MAX_AEAD_EXPONENT if asked is None else asked
