"""Sessions with a conforming responder: opened, used and ended in each form."""

from dataclasses import replace

import pytest
from requester.cases import draft, put
from requester.cases_sessions import flip, selecting
from requester.chains import OTHER_KEY, default_chain
from requester.peer import P256, code_names, converse, default_options, error
from requester.session_peer import (
    AES,
    OWN_FLAGS,
    OWN_KEY,
    SECP256R1,
    SESSION_FLAGS,
    SessionPeer,
    session_options,
)

from responder.crypto.signing import PrivateKey
from responder.errors import ConfigError
from responder.requester.options import OwnIdentity, Patience
from responder.requester.plan import SessionPlan
from responder.requester.record import Direction
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.limits import SUMMARY_ALL, SUMMARY_TCB
from responder.spec.registries import KeyUsage
from responder.spec.versions import V10, V11, V12, V13, V14
from responder.wire.algorithms import NegotiateAlgorithms
from responder.wire.certificate import GetCertificate
from responder.wire.challenge import Challenge
from responder.wire.digests import GetDigests
from responder.wire.key_update import KeyUpdate
from responder.wire.opaque import OpaqueElement, build_opaque
from responder.wire.secured_opaque import VersionSelection

CLEAR = Cap.HANDSHAKE_IN_THE_CLEAR
VERSIONS = pytest.mark.parametrize("version", [V11, V12, V13, V14], ids=lambda v: v.label)
FORMS = pytest.mark.parametrize("clear", [True, False], ids=["clear", "encrypted"])
KEX = ResponseCode.KEY_EXCHANGE_RSP


def talk(peer, *steps, **changes):
    return converse(peer, default_options(**session_options(*steps, **changes)))


def handshake(clear, **changes):
    """Arguments of peer and requester for a handshake in the clear, or an encrypted one."""
    bit = CLEAR if clear else Cap(0)
    return {"flags": SESSION_FLAGS | bit, **changes}, {"offer": {"flags": OWN_FLAGS | bit}}


def asks_for_chain(version):
    digests = GetDigests(spdm_version=version).build()
    certificate = GetCertificate(spdm_version=version, slot=0, length=0xFFFF).build()
    return [digests, certificate]


@VERSIONS
@FORMS
def test_a_session_by_key_exchange(version, clear):
    peer, own = handshake(clear, versions=(version,))
    peer = SessionPeer(**peer)
    steps = ("heartbeat", "measurements", "digests", "certificate")
    outcome = talk(peer, *steps, **own)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert code_names(peer)[5:7] == ["KEY_EXCHANGE", "FINISH"]
    assert code_names(peer)[-1] == "END_SESSION"
    session = outcome.report.sessions[0]
    assert session.steps == list(steps)
    assert (session.opened_by, session.secured_version) == ("KEY_EXCHANGE", "1.2")
    assert session.ended
    assert "KEY_EXCHANGE_RSP" in outcome.report.signed


@VERSIONS
@pytest.mark.parametrize("flag", [Cap.PSK, Cap.PSK_WITH_CONTEXT], ids=lambda f: f.name)
def test_a_session_by_psk(version, flag):
    flags = SESSION_FLAGS & ~Cap.PSK_WITH_CONTEXT | flag
    peer = SessionPeer(versions=(version,), flags=flags)
    outcome = talk(peer, "heartbeat", "update-all-keys", "heartbeat", psk=True, connection=())
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert ("PSK_FINISH" in code_names(peer)) is (flag == Cap.PSK_WITH_CONTEXT)
    assert outcome.report.signed == ["PSK_EXCHANGE_RSP"]


@VERSIONS
@FORMS
@pytest.mark.parametrize("form", [1, 2, 4])
def test_a_session_in_which_both_sides_are_authenticated(version, form, clear):
    asks = {1: [], 2: asks_for_chain(version), 4: asks_for_chain(version)[1:]}[form]
    peer, own = handshake(clear, versions=(version,), mutual=form, asks=asks)
    peer = SessionPeer(**peer)
    outcome = talk(peer, "heartbeat", **own)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert [answer[1] for answer in peer.delivered] == [1, 2][: 0 if form == 1 else 2]
    assert outcome.report.sessions[0].mutual
    assert outcome.report.signed == ["KEY_EXCHANGE_RSP"]


@pytest.mark.parametrize("asked", [0, SUMMARY_TCB, SUMMARY_ALL])
@pytest.mark.parametrize("psk", [False, True], ids=["kex", "psk"])
def test_the_summary_hashes_of_challenge_and_session_are_both_compared(asked, psk):
    """Whatever the session asks for, what CHALLENGE_AUTH told is not forgotten."""
    sessions = (SessionPlan(("measurements",), psk=psk, summary=asked),)
    plan = {"sessions": sessions, "connection": ("authenticate", "challenge")}
    assert talk(SessionPeer(), **plan).observed == []
    lying = put(measurement_summary_hash=bytes(32))
    outcome = talk(SessionPeer(**draft(ResponseCode.CHALLENGE_AUTH, lying)), **plan)
    assert outcome.observed == ["challenge.summary-differs"]
    assert outcome.report.observations[0].detail.startswith("CHALLENGE_AUTH told")


@pytest.mark.parametrize("code", [KEX, ResponseCode.PSK_EXCHANGE_RSP])
def test_a_sessions_summary_hash_is_compared_once(code):
    lying = draft(code, put(measurement_summary_hash=bytes(32)))
    psk = code != KEX
    outcome = talk(SessionPeer(**lying), "measurements", "measurements", psk=psk)
    assert outcome.observed == ["challenge.summary-differs"]
    assert outcome.report.observations[0].detail.startswith(code.name)


def test_our_own_signature_is_no_proof_of_the_device():
    peer = SessionPeer(mutual=1, signer=PrivateKey(OTHER_KEY))
    outcome = talk(peer, "heartbeat", without=frozenset({"kex.signature"}))
    assert (outcome.check, outcome.report.signed) == ("auth.proof", [])


def test_without_an_identity_mutual_authentication_is_the_users_mistake():
    with pytest.raises(ConfigError, match="need an identity"):
        talk(SessionPeer(mutual=1), identity=None)


def test_only_what_the_key_can_sign_is_offered():
    structures = {2: SECP256R1.bit, 3: AES.bit, 4: 0xFFFF, 5: 1}
    peer = SessionPeer()
    assert talk(peer, offer={"structures": structures}).report.verdict == "attested"
    asked = NegotiateAlgorithms.parse(peer.requests[2])
    assert {s.alg_type: s.alg_supported for s in asked.structures()}[4] == P256.bit


def test_application_data_is_answered_with_its_like():
    peer = SessionPeer(application=bytes.fromhex("01000002 00 01"))
    outcome = talk(peer, "application", "heartbeat", application=bytes.fromhex("01800002"))
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.report.application_response == "010000020001"


@VERSIONS
@pytest.mark.parametrize("step", ["update-key", "update-all-keys"])
def test_keys_are_updated_again_and_again(version, step):
    outcome = talk(SessionPeer(versions=(version,)), *(step, "heartbeat") * 3)
    assert outcome.report.verdict == "attested", outcome.report.refusal


@pytest.mark.parametrize("step", ["update-key", "update-all-keys"])
def test_busy_under_the_old_keys_is_no_update(step):
    peer = SessionPeer(first={RequestCode.KEY_UPDATE: [error(V12, ErrorCode.BUSY)]})
    outcome = talk(peer, step, "heartbeat")
    assert outcome.report.verdict == "attested", outcome.report.refusal


def updates(operation):
    """The responder's own KEY_UPDATE; after the acknowledgement of the first its keys are new."""

    def ask(peer):
        session = peer.sessions[peer.latest]
        if operation == 3:
            traffic = session.schedule.updated(session.response.traffic)
            session.response = session.response.rekeyed(traffic)
        return KeyUpdate(spdm_version=peer.context.version, key_operation=operation).build()

    return ask


def test_the_responder_updates_its_keys():
    peer = SessionPeer(asks=[updates(1), updates(3)])
    outcome = talk(peer, "update-responder", "heartbeat", "update-all-keys", "heartbeat")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.observed == []
    assert [answer[1] for answer in peer.delivered] == [ResponseCode.KEY_UPDATE_ACK] * 2


def same_keys(operation):
    """The responder's own KEY_UPDATE, while it stays with the keys that it has."""
    return KeyUpdate(spdm_version=V12, key_operation=operation).build()


def test_new_keys_are_not_verified_under_the_old_ones():
    peer = SessionPeer(asks=[same_keys(1), same_keys(3)])
    outcome = talk(peer, "update-responder", "heartbeat")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert [answer[1] for answer in peer.delivered] == [
        ResponseCode.KEY_UPDATE_ACK,
        ResponseCode.ERROR,
    ]
    assert outcome.observed == ["encapsulated.declined", "encapsulated.unverified"]


def test_an_update_that_is_not_verified_is_told():
    outcome = talk(SessionPeer(asks=[same_keys(1)]), "update-responder", "heartbeat")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.observed == ["encapsulated.unverified"]


def updated_handshake_keys(session):
    """What seals a response under the update of the handshake's keys."""
    return Direction(AES, session.schedule.updated(session.handshake.response), sequence_size=2)


@pytest.mark.parametrize("without", [set(), {"enc.flow"}])
def test_an_update_of_the_handshakes_keys_does_not_outlive_them(without):
    asks = [KeyUpdate(spdm_version=V12, key_operation=1).build(), *asks_for_chain(V12)]
    seals = {ResponseCode.HEARTBEAT_ACK: updated_handshake_keys}
    peer = SessionPeer(mutual=2, asks=asks, seals=seals)
    outcome = talk(peer, "heartbeat", without=frozenset(without))
    assert (outcome.check, outcome.report.refusal.step) == ("rec.tag", "HEARTBEAT")


@pytest.mark.parametrize(
    "asked",
    [
        Challenge(spdm_version=V12, slot_id=0, nonce=bytes(32)).build(),
        KeyUpdate(spdm_version=V12, key_operation=1).build(),
    ],
    ids=["challenge", "key-update"],
)
def test_in_the_handshake_only_the_chain_is_shown(asked):
    peer = SessionPeer(mutual=2, asks=[*asks_for_chain(V12), asked])
    outcome = talk(peer, "heartbeat")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert [answer[1] for answer in peer.delivered] == [1, 2, ResponseCode.ERROR]


def test_a_responder_with_nothing_to_ask():
    outcome = talk(SessionPeer(), "update-responder")
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["encapsulated.nothing"]


@pytest.mark.parametrize(
    "embedded", ["12840000", "12e4000000000000", "12ea0000", "12fe0000", "12990000"]
)
def test_what_may_not_be_asked_is_declined(embedded):
    peer = SessionPeer(asks=[bytes.fromhex(embedded)])
    outcome = talk(peer, "update-responder", "heartbeat")
    assert outcome.report.verdict == "attested", "the session is kept"
    assert peer.delivered[0].hex() == "127f07" + embedded[2:4]


@pytest.mark.parametrize("parallel", [True, False])
def test_several_sessions(parallel):
    sessions = tuple(SessionPlan(("heartbeat",), psk=psk) for psk in (False, True, False))
    options = session_options(sessions=sessions)
    options["plan"] = replace(options["plan"], parallel=parallel)
    peer = SessionPeer()
    outcome = converse(peer, default_options(**options))
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert len({session.id for session in outcome.report.sessions}) == 3
    names = code_names(peer)
    assert (names.index("HEARTBEAT") > names.index("PSK_FINISH")) is parallel


def test_a_session_may_be_left_open():
    sessions = (SessionPlan(("heartbeat",), end=False),)
    outcome = talk(SessionPeer(), sessions=sessions)
    assert outcome.report.verdict == "attested"
    assert not outcome.report.sessions[0].ended


def test_a_session_without_a_heartbeat_period_sends_none():
    peer = SessionPeer(heartbeat=0)
    outcome = talk(peer, "heartbeat")
    assert outcome.observed == ["heartbeat.none"]
    assert "HEARTBEAT" not in code_names(peer)


def test_what_the_responder_cannot_do_is_left_out():
    outcome = talk(SessionPeer(flags=SESSION_FLAGS & ~Cap.KEY_UPD), "update-key", "key-pairs")
    assert outcome.report.verdict == "attested"
    assert [o.detail for o in outcome.report.observations] == ["update-key", "key-pairs"]
    assert outcome.observed == ["step.unsupported"] * 2


def test_version_1_0_has_no_sessions():
    outcome = talk(SessionPeer(versions=(V10,)), connection=("authenticate", "challenge"))
    assert outcome.report.verdict == "attested"
    assert not outcome.report.sessions


def test_a_responder_that_asks_to_begin_again_loses_its_sessions():
    resynch = error(V12, ErrorCode.REQUEST_RESYNCH)
    peer = SessionPeer(first={RequestCode.HEARTBEAT: [resynch]})
    outcome = talk(peer, "heartbeat")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert code_names(peer).count("KEY_EXCHANGE") == 2
    assert len(outcome.report.sessions) == 1


def test_an_aead_limit_ends_a_session_in_time():
    limited = put(opaque_data=selecting(0x1300, limit=3))
    outcome = talk(SessionPeer(**draft(KEX, limited)), *["heartbeat"] * 9)
    assert outcome.check == "rec.limit"
    assert outcome.report.refusal.reason == "sequence number 7, 2^3"


def test_a_secured_version_without_limits_has_none():
    outcome = talk(SessionPeer(), *["heartbeat"] * 9, offer={"aead_limit": 3})
    assert outcome.report.verdict == "attested"


def test_extra_opaque_elements_are_legal():

    vendors = OpaqueElement(id=3, vendor=b"\x36\x1b", data=b"anything")
    chosen = OpaqueElement(data=VersionSelection(selected_version=0x1100).build())
    opaque = build_opaque([vendors, chosen], V12)
    outcome = talk(SessionPeer(**draft(KEX, put(opaque_data=opaque))), "heartbeat")
    assert outcome.report.sessions[0].secured_version == "1.1"


def test_records_without_random_bytes_and_with_many():
    for size in (0, 300):
        outcome = talk(SessionPeer(padding=size), "heartbeat", "measurements")
        assert outcome.report.verdict == "attested"


def test_other_keys_than_agreed_are_no_proof():
    peer = SessionPeer(record={ResponseCode.FINISH_RSP: lambda r: flip(r, 12)})
    outcome = talk(peer, "heartbeat")
    assert (outcome.check, outcome.report.refusal.step) == ("rec.tag", "FINISH")


def test_in_a_session_the_exchanges_are_bounded_too():
    outcome = talk(SessionPeer(), *["heartbeat"] * 50, patience=Patience(exchanges=30))
    assert outcome.check == "any.exchange-limit"


@pytest.mark.parametrize(
    ("steps", "connection", "said"),
    [
        (("hartbeat",), (), "'hartbeat'"),
        (("challenge",), (), "not for in a session"),
        ((), ("heartbeat",), "not for outside of sessions"),
    ],
)
def test_a_wrong_plan_is_the_users_mistake(steps, connection, said):
    with pytest.raises(ConfigError, match=said):
        talk(SessionPeer(), *steps, connection=connection)


def test_a_transport_without_records_is_the_users_mistake():
    with pytest.raises(ConfigError, match="no records"):
        talk(SessionPeer(), records=None)


def test_basic_mutual_authentication():

    challenge = Challenge(spdm_version=V12, slot_id=0, nonce=bytes(32)).build()
    asked = [*asks_for_chain(V12), challenge]
    peer = SessionPeer(asks=asked, **draft(0x03, lambda m: m.replace(slot=0x80)))
    outcome = talk(peer, connection=("authenticate", "challenge"), sessions=())
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert [answer[1] for answer in peer.delivered] == [1, 2, 3]


def test_exchange_data_that_came_before_is_told():
    """The peer draws the keys of all sessions from one seed."""
    outcome = talk(SessionPeer(), sessions=(SessionPlan(), SessionPlan()))
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert "exchange.repeated" in outcome.observed
    assert "exchange.repeated" not in talk(SessionPeer()).observed


def test_a_multi_key_requester_tells_what_its_keys_may_be_used_for():
    usages = {0: KeyUsage.KEY_EX, 2: KeyUsage.CHALLENGE | KeyUsage.ENDPOINT_INFO}
    identity = OwnIdentity(OWN_KEY, default_chain(), slots=(0, 1, 2), usages=usages)
    peer = SessionPeer(
        versions=(V13,),
        asks=[GetDigests(spdm_version=V13).build()],
        **draft(ResponseCode.ALGORITHMS, put(other_params_selection=0x12)),
    )
    flags = OWN_FLAGS | Cap.MULTI_KEY_ONLY
    talk(peer, "update-responder", offer={"flags": flags}, identity=identity)
    (digests,) = peer.delivered
    assert digests[-6:].hex() == "01000f000a00"
