"""Any bytes at all against a whole device, out of sessions and in them: the fuzz target.

An input is a start and any number of steps. The first byte names the start: version, and how far
the connection has come. A step is a byte that says what happens, a byte of length, and so many
bytes: a message in the clear, one that is sealed in the session, a record as it is, or time that
goes by. ``scripts/fuzz`` looks for inputs that break it; ``test_fuzz_receive.py`` tries those of
the corpus.
"""

from copy import deepcopy
from functools import cache

from core import raw_requests as raw
from core.fakes import P256
from core.session_dialogue import Form, SessionDialogue, finish, open_by_key, open_by_psk

from responder.core.effects import Emit, Send
from responder.core.events import InternalError
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.profiles.load import load_profile
from responder.spec.algorithms import BASE_ASYM, by_bit
from responder.spec.flags import REQUESTER_FLAGS, Cap
from responder.spec.versions import SpdmVersion

VERSIONS = (0x10, 0x11, 0x12, 0x13, 0x14)
STARTS = ("nothing", "capabilities", "negotiated", "handshaking", "established", "psk")
OFFER = (
    Cap.CERT | Cap.CHAL | Cap.ENCRYPT | Cap.MAC | Cap.MUT_AUTH | Cap.KEY_EX | Cap.PSK | Cap.ENCAP
    | Cap.HBEAT | Cap.KEY_UPD | Cap.CHUNK | Cap.EP_INFO_SIG | Cap.EVENT | Cap.LARGE_RESP
)  # fmt: skip
TABLES = ((2, 0x10), (3, 0x02), (4, 0x10), (5, 0x01))
PLAIN, SEALED, RECORD, TIME = range(4)
PSK, HINT = b"TestPskData\0", b"TestPskHint\0"


class BrokenError(Exception):
    """The responder met a defect of its own."""


@cache
def start(version, name):
    """A responder that has come so far, and its session; both are copied before use."""
    profile = load_profile("full", {"session": {"mutual_auth": "none"}})
    made = Responder(profile.device, profile.policy, RandomTree(b"fuzz"))
    flags = OFFER & REQUESTER_FLAGS[SpdmVersion(version)]
    tables = [raw.structure(*row) for row in TABLES] if version >= 0x11 else []
    dialogue = SessionDialogue(
        made,
        version,
        offer={"flags": int(flags), "transfer": 0x1200, "size": 0x28000},
        algorithms={"tables": tables, "mel": 1 if version >= 0x13 else 0},
        key=profile.device.slot(0).key(by_bit(BASE_ASYM, P256)).native.public_key(),
    )
    if name != "nothing":
        dialogue.reach(name if name in ("capabilities", "negotiated") else "negotiated")
    if version == 0x10 or name in STARTS[:3]:
        return dialogue, None
    if name == "psk":
        return dialogue, open_by_psk(dialogue, PSK, HINT)
    session = open_by_key(dialogue)
    return dialogue, session if name == "handshaking" else finish(session)


def steps(data):
    """What happens, and with which bytes."""
    while data:
        step, data = data[0], data[1:]
        if step & 0x80:
            size, data = int.from_bytes(data[:2], "little"), data[2:]
        else:
            size, data = data[0] if data else 0, data[1:]
        yield step & 3, data[:size]
        data = data[size:]


def one_input(data):
    """Play an input; raises ``BrokenError`` or whatever the responder lets escape."""
    if not data:
        return
    version = VERSIONS[data[0] % len(VERSIONS)]
    name = STARTS[data[0] // len(VERSIONS) % len(STARTS)]
    dialogue, session = deepcopy(start(version, name))
    target, form, now = dialogue.responder, Form(), 0.0
    for what, body in steps(data[1:]):
        if what == TIME:
            now += int.from_bytes(body[:2], "little") / 16
            for one in list(target.connection.sessions):
                check(target.expire(f"heartbeat {one:#x}", now))
        elif what == SEALED and session is not None:
            session.request.sequence = _sequence(target, session)
            check(target.receive(session.seal(body), now, secured=form))
        elif what == RECORD:
            check(target.receive(body, now, secured=form))
        else:
            check(target.receive(body, now, padding=3 if what == PLAIN else 0))


def _sequence(target, session):
    """Keep the counter and keys of our side with those of the other, whatever came before."""
    own = target.connection.sessions.get(session.session_id)
    if own is None:
        return session.request.sequence
    session.request.key, session.request.iv = own.request.key, own.request.iv
    return own.request.sequence


def check(effects):
    """No defect of the responder's own, and at most what a peer can take."""
    for effect in effects:
        if isinstance(effect, Emit) and isinstance(effect.event, InternalError):
            raise BrokenError(effect.event.traceback)
        if isinstance(effect, Send) and not effect.message:
            raise BrokenError("an empty message")
