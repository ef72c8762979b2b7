"""FINISH: the slot of the requester that signs it."""

import pytest
from requester.cases import draft, put
from requester.chains import default_chain
from requester.peer import converse, default_options
from requester.session_peer import OWN_KEY, SessionPeer, session_options

from responder.requester.options import OwnIdentity
from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.versions import V12
from responder.wire.certificate import GetCertificate
from responder.wire.digests import GetDigests

DIGESTS = GetDigests(spdm_version=V12).build()
CERTIFICATE = GetCertificate(spdm_version=V12, slot=0, length=0xFFFF).build()


def talk(peer, *slots):
    """A session with a requester whose chain is in these slots."""
    identity = OwnIdentity(OWN_KEY, default_chain(), slots=slots)
    return converse(peer, default_options(**session_options("heartbeat", identity=identity)))


def naming(slot):
    """Arguments of a peer that names a slot of the requester at the end of the flow."""
    name = put(payload_type=2, encapsulated_request=bytes([slot]))
    return {"asks": [DIGESTS], **draft(ResponseCode.ENCAPSULATED_RESPONSE_ACK, name)}


@pytest.mark.parametrize(
    ("form", "param", "named", "signs"),
    [(1, 3, {}, 3), (2, 3, {"asks": [DIGESTS, CERTIFICATE]}, 3)]
    + [(2, param, naming(slot), slot) for param in (0, 3, 0xF) for slot in (0, 3)],
)
def test_the_slot_that_the_responder_names_signs(form, param, named, signs):
    peer = SessionPeer(mutual=form, slot_id_param=param, **named)
    outcome = talk(peer, 0, 3)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    finish = next(request for request in peer.requests if request[1] == RequestCode.FINISH)
    assert finish[2:4] == bytes([1, signs])


@pytest.mark.parametrize(
    ("form", "param", "named"),
    [(1, 5, {}), (2, 0xF, {"asks": [DIGESTS, CERTIFICATE]}), (2, 0, naming(5)), (2, 5, naming(5))],
)
def test_no_slot_signs_that_holds_no_chain(form, param, named):
    peer = SessionPeer(mutual=form, slot_id_param=param, **named)
    outcome = talk(peer, 0, 3)
    assert outcome.check == "fin.slot"
    assert RequestCode.FINISH not in [request[1] for request in peer.requests]


def test_a_slot_whose_chain_was_not_read_is_told():
    outcome = talk(SessionPeer(mutual=2, **naming(0)), 0)
    assert "mutual.chain-unread" in outcome.observed
