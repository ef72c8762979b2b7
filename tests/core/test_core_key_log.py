"""The keys that are told for key logs are those that an independent requester worked out."""

from core.fakes import PSK, PSK_CONTEXT, FakeDevice
from core.session_dialogue import finish, open_by_key, open_by_psk
from core.test_core_session import FLAGS, talk

from responder.core.effects import Emit
from responder.core.events import SessionKeys
from responder.core.interfaces import Psk

KEY_UPDATE, UPDATE_ALL, VERIFY = 0xE9, 2, 3
SECRET = b"shared"


def listening(dialogue):
    """What is told from now on."""
    told = []
    receive = dialogue.responder.receive

    def heard(*arguments, **options):
        effects = receive(*arguments, **options)
        events = (effect.event for effect in effects if isinstance(effect, Emit))
        told.extend(event for event in events if isinstance(event, SessionKeys))
        return effects

    dialogue.responder.receive = heard
    return told


def pair(told):
    return {(keys.direction, keys.phase): (keys.key, keys.iv) for keys in told}


def test_each_change_of_keys_is_told():
    dialogue = talk(log_keys=True)
    told = listening(dialogue)
    session = open_by_key(dialogue)
    expected = {
        ("request", "handshake"): (session.request.key, session.request.iv),
        ("response", "handshake"): (session.response.key, session.response.iv),
    }
    assert pair(told) == expected
    finish(session)
    expected[("request", "data")] = session.request.key, session.request.iv
    expected[("response", "data")] = session.response.key, session.response.iv
    assert pair(told) == expected
    request = session.seal(bytes([dialogue.version, KEY_UPDATE, UPDATE_ALL, 7]))
    session.hear(request)
    session.update("request")
    session.update("response")
    expected[("request", "update 1")] = session.request.key, session.request.iv
    expected[("response", "update 1")] = session.response.key, session.response.iv
    assert pair(told) == expected
    assert len(told) == len(expected), "nothing is told twice"
    first = told[0]
    assert first.session_id == session.session_id
    assert (first.aead, first.encrypted, first.big_endian) == ("AES-256-GCM", True, False)


def test_a_session_that_is_established_at_once_tells_the_keys_that_it_uses():
    device = FakeDevice()
    device.psks = {b"": Psk(b"", SECRET)}
    dialogue = talk(flags=FLAGS & ~PSK_CONTEXT | PSK, device=device, log_keys=True)
    told = listening(dialogue)
    session = open_by_psk(dialogue, SECRET, context=False)
    assert pair(told) == {
        ("request", "data"): (session.request.key, session.request.iv),
        ("response", "data"): (session.response.key, session.response.iv),
    }


def test_nothing_is_told_unless_it_is_wanted():
    dialogue = talk()
    told = listening(dialogue)
    finish(open_by_key(dialogue))
    assert not told
