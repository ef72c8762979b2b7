"""The negotiated state over resets and END_SESSION (CACHE_CAP), by a requester by hand."""

import pytest
from core import raw_requests as raw
from core.chunks import in_pieces
from core.fakes import CACHE, CERT, CHAL, CHUNK, SHA_384, policy, responder
from core.session_dialogue import SessionDialogue, finish, open_by_key
from core.test_core_session import FLAGS, REQUESTER, UNEXPECTED, error, talk

from responder.core.effects import Emit, Keep
from responder.core.events import PhaseChanged, SessionEnded
from responder.core.hooks import Hooks
from responder.core.interfaces import Deviations
from responder.core.ownership import Reset

VERSIONS = (0x10, 0x11, 0x12, 0x13, 0x14)
KEEPING = (Reset.CONVENTIONAL, Reset.POWER_CYCLE)
PRESERVE, CLEAR = 0, 1
NO_VERSION = bytes([0x10, 0x7F, 0x41, 0])
"""VersionMismatch: no version is agreed."""


def cached(version=0x12, *, state="negotiated", flags=FLAGS | CACHE, **kwargs):
    """A dialogue with a responder that has CACHE_CAP."""
    its_policy = policy(flags=flags, **kwargs)
    dialogue = SessionDialogue(
        responder(None, its_policy), version, offer={"flags": REQUESTER}, base_hash=SHA_384
    )
    return dialogue.reach(state)


def reset(dialogue, kind=Reset.CONVENTIONAL):
    """Reset the device; B is thrown away, VCA stays."""
    effects = dialogue.responder.reset(kind)
    dialogue.b, dialogue.state = b"", "negotiated"
    return effects


def end(session, attributes):
    """END_SESSION with these attributes, acknowledged."""
    version = session.dialogue.version
    answer = session.say(bytes([version, 0xEC, attributes, 0]))
    assert answer == bytes([version, 0x6C, 0, 0])


@pytest.mark.parametrize("kind", KEEPING)
@pytest.mark.parametrize("version", VERSIONS)
def test_after_a_reset_the_signature_covers_the_same_vca(version, kind):
    dialogue = cached(version, state="certificate")
    vca = dialogue.a
    effects = reset(dialogue, kind)
    assert effects == [Emit(PhaseChanged("AFTER_CERTIFICATE", "NEGOTIATED"))]
    dialogue.reach("authenticated")  # raises unless M1 is VCA, what was read anew, and CHALLENGE
    assert dialogue.a == vca


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_after_a_reset_a_session_covers_the_same_vca(version):
    dialogue = cached(version)
    reset(dialogue)
    assert finish(open_by_key(dialogue)).say(raw.get_digests(version))[1] == 0x01


@pytest.mark.parametrize("version", [0x11, 0x12])
def test_what_was_measured_before_a_reset_is_signed_no_more(version):
    dialogue = cached(version)
    assert dialogue.say(raw.get_measurements(version, 1))[1] == 0x60
    reset(dialogue)
    request = raw.get_measurements(version, 1, attributes=1)
    dialogue.check_measurements([(request, dialogue.ask(request, 0x60))])


def test_certificates_read_before_a_reset_are_signed_no_more():
    dialogue = cached(state="certificate")
    reset(dialogue)
    dialogue.authenticate()  # M1 is VCA and CHALLENGE alone


def test_sessions_end_with_a_reset():
    dialogue = cached()
    session = finish(open_by_key(dialogue))
    effects = reset(dialogue)
    assert Emit(SessionEnded(session.session_id, "conventional reset")) in effects
    assert dialogue.responder.connection.sessions == {}


def test_a_large_request_does_not_outlast_a_reset():
    dialogue = cached(state="nothing", flags=FLAGS | CACHE | CHUNK, data_transfer_size=42)
    dialogue.offer = {"flags": REQUESTER | CHUNK}
    dialogue.reach("negotiated")
    first, _ = in_pieces(0x12, raw.challenge(0x12) + bytes(10))
    assert dialogue.say(first)[:3] == bytes([0x12, 0x05, 0])
    assert dialogue.say(raw.get_digests(0x12)) == error(UNEXPECTED)
    reset(dialogue)
    assert dialogue.say(raw.get_digests(0x12))[1] == 0x01


@pytest.mark.parametrize("state", ["version", "capabilities"])
def test_before_algorithms_there_is_nothing_to_keep(state):
    dialogue = cached(state=state)
    reset(dialogue)
    assert dialogue.say(raw.get_digests(0x12)) == NO_VERSION


@pytest.mark.parametrize("kind", KEEPING)
def test_get_version_begins_anew_and_throws_away_what_was_kept(kind):
    dialogue = cached()
    reset(dialogue, kind)
    assert dialogue.say(raw.get_version())[1] == 0x04
    reset(dialogue, kind)
    assert dialogue.say(raw.get_digests(0x12)) == NO_VERSION


@pytest.mark.parametrize("kind", Reset)
def test_without_cache_cap_nothing_is_kept(kind):
    dialogue = talk()
    effects = dialogue.responder.reset(kind)
    assert not any(isinstance(effect, Keep) for effect in effects)
    if kind in KEEPING:
        assert effects == [Emit(PhaseChanged("NEGOTIATED", "NOT_STARTED"))]
        assert dialogue.say(raw.get_digests(0x12)) == NO_VERSION


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_end_session_that_preserves_leaves_the_connection_and_what_is_kept(version):
    dialogue = cached(version)
    end(finish(open_by_key(dialogue)), PRESERVE)
    assert dialogue.say(raw.get_digests(version))[1] == 0x01
    reset(dialogue)
    dialogue.reach("authenticated")


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_end_session_that_clears_leads_back_to_get_version(version):
    dialogue = cached(version)
    end(finish(open_by_key(dialogue)), CLEAR)
    assert dialogue.say(raw.get_digests(version)) == NO_VERSION
    assert dialogue.say(raw.get_version())[1] == 0x04


def test_other_sessions_end_with_the_state_that_they_were_agreed_in():
    dialogue = cached()
    first = finish(open_by_key(dialogue))
    second = finish(open_by_key(dialogue, session_id=0x1234))
    effects = first.hear(first.seal(bytes([0x12, 0xEC, CLEAR, 0])))
    assert Emit(SessionEnded(second.session_id, "the negotiated state was cleared")) in effects
    assert Keep(()) in effects
    assert dialogue.responder.connection.sessions == {}


def test_without_cache_cap_the_attribute_says_nothing():
    dialogue = talk()
    end(finish(open_by_key(dialogue)), CLEAR)
    assert dialogue.say(raw.get_digests(0x12))[1] == 0x01


def test_reserved_bits_of_the_attributes_clear_nothing():
    dialogue = cached()
    end(finish(open_by_key(dialogue)), 0xFE)
    assert dialogue.say(raw.get_digests(0x12))[1] == 0x01


def test_a_deviation_goes_on_and_only_a_reset_finds_nothing():
    dialogue = cached(deviations=Deviations(goes_on_when_cleared=True))
    end(finish(open_by_key(dialogue)), CLEAR)
    assert dialogue.say(raw.get_digests(0x12))[1] == 0x01
    reset(dialogue)
    assert dialogue.say(raw.get_digests(0x12)) == NO_VERSION


def test_what_is_kept_is_told_once_and_when_it_changes():
    dialogue = cached(state="capabilities")
    request = raw.negotiate(0x12, hashes=SHA_384, asym=dialogue.asym)
    effects = dialogue.responder.receive(request, 0.0)
    (kept,) = [effect for effect in effects if isinstance(effect, Keep)]
    assert b"".join(kept.state).startswith(dialogue.a + request)
    assert [message[1] for message in kept.state] == [0x84, 0x04, 0xE1, 0x61, 0xE3, 0x63]
    later = dialogue.responder.receive(raw.get_digests(0x12), 0.0)
    assert not any(isinstance(effect, Keep) for effect in later)
    assert Keep(()) in dialogue.responder.receive(raw.get_version(), 0.0)


@pytest.mark.parametrize("version", VERSIONS)
def test_another_endpoint_goes_on_with_what_was_kept(version):
    dialogue = cached(version)
    dialogue.responder = responder(None, dialogue.responder.policy)
    assert dialogue.responder.resume(kept_by(cached(version)))
    dialogue.reach("authenticated")


def test_a_vca_that_was_fetched_in_chunks_is_fetched_no_more():
    dialogue = cached(state="nothing", flags=FLAGS | CACHE | CHUNK)
    dialogue.offer = {"flags": REQUESTER | CHUNK, "transfer": 42, "size": 4096}
    dialogue.reach("capabilities")
    request = raw.negotiate(0x12, asym=dialogue.asym, hashes=dialogue.base_hash)
    assert dialogue.say(request)[:3] == bytes([0x12, 0x7F, 0x0F]), "LargeResponse"
    other = responder(None, dialogue.responder.policy)
    assert other.resume(kept_by(dialogue))
    dialogue.responder = other
    assert dialogue.say(raw.get_digests(0x12)) != error(UNEXPECTED), "ALGORITHMS is waited for"


@pytest.mark.parametrize(
    "other", [CERT | CHAL | CACHE, FLAGS], ids=["other capabilities", "no CACHE_CAP"]
)
def test_a_device_that_has_become_another_one_begins_from_nothing(other):
    kept = kept_by(cached())
    changed = responder(None, policy(flags=other))
    assert not changed.resume(kept)
    assert changed.connection.kept == ()
    dialogue = SessionDialogue(changed, 0x12)
    assert dialogue.say(raw.get_digests(0x12)) == NO_VERSION


@pytest.mark.parametrize("state", [(), (b"",), (b"\x10\x84\0\0",), (b"junk",) * 6])
def test_no_bytes_break_it(state):
    assert not responder(None, policy(flags=FLAGS | CACHE)).resume(state)


class Suppressing(Hooks):
    """Keeps one change from happening."""

    def __init__(self, change):
        self.change = change

    def transition(self, connection, before, after):
        del connection, before
        return after != self.change


def test_a_hook_can_lose_what_is_kept():
    dialogue = cached()
    dialogue.responder.use(Suppressing("negotiated state kept"))
    assert Keep(()) in reset(dialogue)
    assert dialogue.say(raw.get_digests(0x12)) == NO_VERSION


def test_a_hook_can_keep_what_should_be_cleared():
    dialogue = cached()
    session = finish(open_by_key(dialogue))
    dialogue.responder.use(Suppressing("negotiated state cleared"))
    end(session, CLEAR)
    assert dialogue.say(raw.get_digests(0x12))[1] == 0x01


def kept_by(dialogue):
    """What a dialogue's responder keeps."""
    return dialogue.responder.connection.kept
