"""IDE_KM, TDISP and what CXL has like them are for established sessions (PCIe 6.2, 6.33, 11.3)."""

from responder.core.errors import OutsideError, unexpected
from responder.core.interfaces import SessionToken


def require_session(session: SessionToken | None, protocol: str) -> SessionToken:
    """The session that a message of a protocol came in.

    Raises:
        OutsideError: it came in none.
        ProtocolError: UnexpectedRequest: the session's handshake is not complete.
    """
    if session is None:
        raise OutsideError(protocol)
    if not session.established:
        raise unexpected(f"{protocol} before the session is established")
    return session
