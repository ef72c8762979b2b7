"""Sessions as a conversation: a requester by hand opens them, speaks in them, and ends them."""

import pytest
from core import raw_requests as raw
from core.dialogue import messages_of
from core.fakes import (
    CERT,
    CHAL,
    ENCRYPT,
    HANDSHAKE_IN_THE_CLEAR,
    HBEAT,
    KEY_EX,
    KEY_UPD,
    MAC,
    MEAS_SIG,
    PSK,
    PSK_CONTEXT,
    SHA_384,
    FakeDevice,
    policy,
    responder,
)
from core.session_dialogue import (
    Form,
    SessionDialogue,
    finish,
    key_exchange,
    open_by_key,
    open_by_psk,
    own_share,
)

from responder.core.effects import ArmTimer, Emit, Ignore, Send
from responder.core.events import SessionEnded
from responder.core.hooks import Hooks
from responder.core.interfaces import Psk, SessionPolicy
from responder.core.ownership import Reset

VERSIONS = (0x11, 0x12, 0x13, 0x14)
FLAGS = CERT | CHAL | MEAS_SIG | ENCRYPT | MAC | KEY_EX | PSK_CONTEXT | HBEAT | KEY_UPD
REQUESTER = CERT | CHAL | ENCRYPT | MAC | KEY_EX | PSK | HBEAT | KEY_UPD
INVALID, UNEXPECTED, UNSPECIFIED, DECRYPT = 0x01, 0x04, 0x05, 0x06
UNSUPPORTED, LIMIT, SESSION_REQUIRED = 0x07, 0x0A, 0x0B


def talk(version=0x12, *, flags=FLAGS, offer=REQUESTER, device=None, hooks=None, **session):
    """A dialogue that has negotiated."""
    session = SessionPolicy(**{"limit": 4} | session)
    its_policy = policy(flags=flags, session=session)
    dialogue = SessionDialogue(
        responder(device, its_policy, hooks=hooks),
        version,
        offer={"flags": offer},
        base_hash=SHA_384,
    )
    return dialogue.reach("negotiated")


def error(code, version=0x12, data=0):
    return bytes([version, 0x7F, code, data])


def heartbeat(version=0x12):
    return bytes([version, 0xE8, 0, 0])


def update(operation, tag=7, version=0x12):
    return bytes([version, 0xE9, operation, tag])


def ended(effects):
    return [
        e.event.reason for e in effects if isinstance(e, Emit) and isinstance(e.event, SessionEnded)
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mctp", [False, True])
def test_a_session_of_key_exchange(version, mctp):
    session = finish(open_by_key(talk(version), form=Form(mctp=mctp)))
    assert session.ask(bytes([version, 0xEC, 0, 0]), 0x6C) == bytes([version, 0x6C, 0, 0])
    assert session.dialogue.responder.connection.sessions == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_handshake_in_the_clear(version):
    clear = HANDSHAKE_IN_THE_CLEAR
    dialogue = talk(version, flags=FLAGS | clear, offer=REQUESTER | clear)
    session = finish(open_by_key(dialogue, clear=True), clear=True)
    session.ask(raw.get_digests(version), 0x01)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("context", [False, True])
def test_a_session_of_a_pre_shared_key(version, context):
    device = FakeDevice()
    device.psks = {b"who": Psk(b"who", b"known to both")}
    flags = FLAGS if context else FLAGS & ~PSK_CONTEXT | PSK
    dialogue = talk(version, flags=flags, device=device)
    session = open_by_psk(dialogue, b"known to both", b"who", context=context)
    session.ask(raw.get_digests(version), 0x01)
    session.ask(raw.vendor_defined(version), 0x7E)
    (asked,) = device.vendor_requests
    assert (asked.session.psk_hint, asked.session.established) == (b"who", True)


def test_a_session_that_only_authenticates():
    dialogue = talk(flags=FLAGS & ~ENCRYPT, offer=REQUESTER & ~ENCRYPT)
    session = finish(open_by_key(dialogue, encrypted=False))
    session.ask(raw.get_digests(0x12), 0x01)


@pytest.mark.parametrize("version", VERSIONS)
def test_measurements_are_signed_over_the_session_s_own_exchanges(version):
    dialogue = talk(version)
    session = finish(open_by_key(dialogue))
    dialogue.ask(raw.get_measurements(version), 0x60)
    first, second = raw.get_measurements(version), raw.get_measurements(version, attributes=1)
    exchanges = [(one, session.ask(one, 0x60)) for one in (first, second)]
    dialogue.check_measurements(exchanges)


def test_certificates_read_in_a_session_are_in_no_transcript():
    dialogue = talk().reach("certificate")
    session = finish(open_by_key(dialogue))
    dialogue.b = b""  # KEY_EXCHANGE skips CHALLENGE, so M1 begins anew
    session.ask(raw.get_digests(0x12), 0x01)
    session.ask(raw.get_certificate(0x12), 0x02)
    dialogue.authenticate()


@pytest.mark.parametrize("ends", ["END_SESSION", "GET_VERSION", "a reset", "a bad record"])
def test_the_device_knows_the_session_of_a_vendor_request_and_is_told_its_end(ends):
    device = FakeDevice()
    dialogue = talk(device=device)
    dialogue.ask(raw.vendor_defined(0x12), 0x7E)
    session = finish(open_by_key(dialogue))
    session.ask(raw.vendor_defined(0x12), 0x7E)
    outside, inside = (request.session for request in device.vendor_requests)
    assert outside is None
    assert (inside.session_id, inside.psk_hint) == (session.session_id, None)
    assert device.ended == []
    match ends:
        case "END_SESSION":
            session.ask(bytes([0x12, 0xEC, 0, 0]), 0x6C)
        case "GET_VERSION":
            dialogue.ask(raw.get_version(), 0x04)
        case "a reset":
            dialogue.responder.reset(Reset.CONVENTIONAL)
        case "a bad record":
            record = bytearray(session.seal(raw.vendor_defined(0x12)))
            record[-1] ^= 1
            dialogue.responder.receive(bytes(record), 0.0, secured=session.form)
    assert [one is inside for one in device.ended] == [True]


class TestKeyUpdate:
    def test_one_direction(self):
        session = finish(open_by_key(talk()))
        assert session.say(update(1)) == bytes([0x12, 0x69, 1, 7])
        session.update("request")
        assert session.say(update(3)) == bytes([0x12, 0x69, 3, 7])
        session.ask(raw.get_digests(0x12), 0x01)

    def test_all_keys_are_acknowledged_under_the_new_response_key(self):
        session = finish(open_by_key(talk()))
        record = session.seal(update(2))
        session.update("request")
        session.update("response")
        (answer,) = messages_of(session.hear(record))
        assert session.open(answer) == bytes([0x12, 0x69, 2, 7])
        session.ask(update(3), 0x69)

    def test_a_requester_that_has_not_seen_the_acknowledgement_goes_on_with_the_old_key(self):
        session = finish(open_by_key(talk()))
        session.ask(update(1), 0x69)
        session.ask(update(1), 0x69)
        session.update("request")
        session.ask(update(3), 0x69)

    @pytest.mark.parametrize("operation", [0, 3, 4, 0xFF])
    def test_what_is_no_update_or_has_none_before_it(self, operation):
        session = finish(open_by_key(talk()))
        assert session.say(update(operation)) == error(INVALID)

    def test_another_update_before_the_first_is_verified(self):
        session = finish(open_by_key(talk()))
        session.ask(update(1), 0x69)
        session.update("request")
        assert session.say(update(1)) == error(INVALID)
        session.ask(update(3), 0x69)


class TestHeartbeat:
    def test_a_session_without_traffic_ends_after_two_periods(self):
        dialogue = talk(heartbeat_period=3)
        session = open_by_key(dialogue)
        dialogue.now = 10.0
        armed = self._finish_and_timers(session)
        assert [timer.at for timer in armed] == [16.0]
        dialogue.now = 12.0
        session.ask(heartbeat(), 0x68)
        (again,) = dialogue.responder.expire(armed[0].name, 16.0)
        assert again.at == 18.0
        assert ended(dialogue.responder.expire(again.name, 18.0)) == [
            "no traffic for two heartbeat periods"
        ]
        assert session.hear(session.seal(heartbeat()))[-1] == Ignore()

    def test_application_data_of_others_is_traffic(self):
        dialogue = talk(heartbeat_period=3)
        session = open_by_key(dialogue, form=Form(mctp=True))
        (armed,) = self._finish_and_timers(session)
        dialogue.now = 4.0
        assert session.hear(session.seal(b"\x01other", raw=True))[-1] == Ignore()
        (again,) = dialogue.responder.expire(armed.name, armed.at)
        assert again.at == 10.0

    @staticmethod
    def _finish_and_timers(session):
        responder_, heard = session.dialogue.responder, []
        receive = responder_.receive

        def listening(*args, **kwargs):
            effects = receive(*args, **kwargs)
            heard.extend(effect for effect in effects if isinstance(effect, ArmTimer))
            return effects

        responder_.receive = listening
        finish(session)
        responder_.receive = receive
        return heard

    def test_a_period_of_zero_means_none(self):
        session = finish(open_by_key(talk()))
        assert session.answer[2] == 0
        assert session.say(heartbeat()) == error(UNEXPECTED)

    def test_it_needs_the_capability_on_both_sides(self):
        session = finish(open_by_key(talk(offer=REQUESTER & ~HBEAT, heartbeat_period=3)))
        assert session.say(heartbeat()) == error(UNSUPPORTED, data=0xE8)


class TestRecords:
    def test_a_record_of_no_session_is_passed_over(self):
        dialogue = talk()
        assert dialogue.responder.receive(bytes(40), 0.0, secured=Form())[-1] == Ignore()
        assert dialogue.responder.receive(b"abc", 0.0, secured=Form())[-1] == Ignore()

    @pytest.mark.parametrize("place", [6, 20, -1])
    def test_one_that_does_not_open_ends_the_session(self, place):
        session = finish(open_by_key(talk()))
        record = bytearray(session.seal(raw.get_digests(0x12)))
        record[place] ^= 1
        effects = session.hear(bytes(record))
        assert messages_of(effects) == [error(DECRYPT)]
        assert [e.secured for e in effects if isinstance(e, Send)] == [False]
        assert len(ended(effects)) == 1

    def test_silence_and_patience_are_policies(self):
        session = finish(open_by_key(talk(drop_undecryptable=True, keep_undecryptable=True)))
        record = session.seal(raw.get_digests(0x12))
        assert session.hear(record[:-1] + bytes([record[-1] ^ 1]))[-1] == Ignore()
        (answer,) = messages_of(session.hear(record))
        assert session.open(answer)[1] == 0x01

    @pytest.mark.parametrize("mctp", [False, True])
    def test_a_record_comes_once(self, mctp):
        session = finish(open_by_key(talk(), form=Form(mctp=mctp)))
        record = session.seal(raw.get_digests(0x12))
        session.hear(record)
        assert messages_of(session.hear(record)) == [error(DECRYPT)]

    @pytest.mark.parametrize("size", [1, 32])
    def test_random_data_in_a_record_does_not_count(self, size):
        session = finish(open_by_key(talk(max_padding=32), form=Form(mctp=True)))
        padded = session.say(raw.get_digests(0x12), padding=bytes(size))
        assert padded[1] == 0x01
        assert session.say(raw.get_digests(0x12)) == padded

    def test_application_data_of_others_is_answered_by_the_device(self):
        device = FakeDevice()
        device.applications = {b"\x01ask": b"\x01tell"}
        session = finish(open_by_key(talk(device=device), form=Form(mctp=True)))
        assert session.say(b"\x01ask", raw=True) == b"\x01tell"
        assert session.hear(session.seal(b"\x01other", raw=True))[-1] == Ignore()
        session.ask(raw.get_digests(0x12), 0x01)

    def test_hooks_see_the_record_of_such_an_answer(self):
        device, seen = FakeDevice(), []
        device.applications = {b"\x01ask": b"\x01tell"}

        class Changing(Hooks):
            def seal(self, exchange, sealing):
                seen.append((exchange.request.name, exchange.raw_request, sealing.plaintext))
                return sealing

            def record(self, exchange, record):
                own = exchange.raw_request == b"\x01ask"
                return [record, record] if own else [record]

        session = finish(open_by_key(talk(device=device, hooks=Changing()), form=Form(mctp=True)))
        effects = session.hear(session.seal(b"\x01ask", raw=True))
        assert seen[-1] == ("0x00", b"\x01ask", b"\x05\x00\x01tell")
        first, second = messages_of(effects)
        assert first == second

    def test_sequence_numbers_end_before_the_limit(self):
        session = finish(open_by_key(talk()))
        (own,) = session.dialogue.responder.connection.sessions.values()
        session.request.sequence = own.request.sequence = own.suite.limit
        assert messages_of(session.hear(session.seal(raw.get_digests(0x12)))) == [error(DECRYPT)]


class TestRefusals:
    def test_a_wrong_hmac_ends_the_session(self):
        session = open_by_key(talk())
        header = bytes([0x12, 0xE5, 0, 0])
        effects = session.hear(session.seal(header + bytes(48)))
        (answer,) = messages_of(effects)
        assert session.open(answer) == error(DECRYPT)
        assert ended(effects) == ["RequesterVerifyData is wrong"]

    def test_too_many_sessions(self):
        dialogue = talk(limit=2)
        for number in (1, 2):
            finish(open_by_key(dialogue, session_id=number))
        _, share = own_share()
        assert dialogue.say(key_exchange(0x12, session_id=3, share=share)) == error(LIMIT)

    def test_get_version_ends_all_sessions(self):
        dialogue = talk()
        sessions = [finish(open_by_key(dialogue, session_id=number)) for number in (1, 2)]
        effects = dialogue.responder.receive(raw.get_version(), 0.0)
        assert ended(effects) == ["GET_VERSION"] * 2
        assert sessions[0].hear(sessions[0].seal(heartbeat()))[-1] == Ignore()

    @pytest.mark.parametrize("code", [0xE7, 0xE8, 0xE9, 0xEC])
    @pytest.mark.parametrize("version", VERSIONS)
    def test_what_belongs_into_a_session(self, code, version):
        required = error(SESSION_REQUIRED if version >= 0x12 else UNSPECIFIED, version)
        assert talk(version).say(bytes([version, code, 1, 0])) == required

    @pytest.mark.parametrize(
        "request_", [raw.get_digests(0x12), heartbeat(), update(1), raw.get_measurements(0x12)]
    )
    def test_a_handshake_comes_first(self, request_):
        assert open_by_key(talk()).say(request_) == error(UNEXPECTED)

    @pytest.mark.parametrize("code", [0xE4, 0xE5, 0xE6, 0xE7, 0x83, 0x84])
    def test_what_an_established_session_does_not_take(self, code):
        session = finish(open_by_key(talk()))
        version = 0x10 if code == 0x84 else 0x12
        assert session.say(bytes([version, code, 0, 0])) == error(UNEXPECTED, version)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"slot": 8}, INVALID),
            ({"slot": 1}, INVALID),
            ({"slot": 0xFF}, INVALID),
            ({"summary": 2}, INVALID),
            ({"data": b""}, INVALID),
            ({"data": bytes(1028)}, INVALID),
            ({"share": bytes(96)}, INVALID),
            ({"share": b"short"}, INVALID),
        ],
        ids=str,
    )
    def test_a_key_exchange_with_one_thing_wrong(self, change, code):
        request = key_exchange(0x12, **{"share": own_share()[1]} | change)
        assert talk().say(request) == error(code)

    def test_capabilities_of_both_sides(self):
        _, share = own_share()
        request = key_exchange(0x12, share=share)
        without = talk(offer=CERT | CHAL | PSK | MAC | ENCRYPT)
        assert without.say(request) == error(UNSUPPORTED, data=0xE4)
        assert talk(offer=REQUESTER & ~MAC).say(request) == error(INVALID)

    def test_an_unknown_hint(self):
        request = bytes.fromhex("12e60000cdab0100000000007a")
        assert talk().say(request) == error(INVALID)


def test_sixty_four_sessions_at_once():
    dialogue = talk(limit=64)
    sessions = [finish(open_by_key(dialogue, session_id=number)) for number in range(1, 65)]
    assert len({session.session_id for session in sessions}) == 64
    for session in reversed(sessions):
        session.ask(raw.get_digests(0x12), 0x01)
    for session in sessions:
        session.ask(bytes([0x12, 0xEC, 0, 0]), 0x6C)
    assert dialogue.responder.connection.sessions == {}


def test_a_hundred_thousand_records_with_key_updates():
    session = finish(open_by_key(talk(heartbeat_period=1)))
    for number in range(100_000):
        if number % 10_000 == 5_000:
            session.ask(update(1), 0x69)
            session.update("request")
            session.ask(update(3), 0x69)
        assert session.say(heartbeat()) == bytes([0x12, 0x68, 0, 0])
