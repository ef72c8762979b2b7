"""GET_DIGESTS: slots and the data of a multi-key connection."""

from requester.cases import draft, put, raw
from requester.cases_certificates import MULTI_KEY
from requester.chains import default_chain
from requester.peer import Peer, converse

from responder.requester.plan import Plan
from responder.spec.codes import ResponseCode
from responder.spec.versions import V13

DIGESTS = ResponseCode.DIGESTS


def slots(*numbers):
    return {number: default_chain() for number in numbers}


def test_slots_with_gaps_are_packed():
    report = converse(Peer(chains=slots(0, 2, 5)), slot=5).report
    assert report.verdict == "attested"
    assert [slot.slot for slot in report.slots] == [0, 2, 5]


def test_no_slot_0_is_told():
    outcome = converse(Peer(chains=slots(1)), slot=None)
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["digests.no-slot0"]


def test_more_digests_than_slots():
    change = draft(DIGESTS, lambda m: m.replace(digest=m.digest * 2))
    assert converse(Peer(**change)).check == "any.size-trailing"


def multi_key(*numbers, **fields):
    return Peer(
        versions=(V13,), flags=MULTI_KEY, chains=slots(*numbers), **draft(DIGESTS, put(**fields))
    )


def test_a_multi_key_connection_tells_of_each_slot():
    fields = {"key_pair_id": [7, 9], "certificate_info": [1, 3], "key_usage_mask": [0xF, 0x4004]}
    report = converse(multi_key(0, 4, **fields)).report
    assert report.verdict == "attested"
    found = [(s.slot, s.certificate_model, s.key_pair_id, s.key_usage) for s in report.slots]
    assert found == [
        (0, "device", 7, ["key_ex", "challenge", "measurement", "endpoint_info"]),
        (4, "generic", 9, ["measurement", "standards"]),
    ]


def test_multi_key_data_that_is_missing():
    change = raw(DIGESTS, lambda r: r[:36])
    peer = Peer(versions=(V13,), flags=MULTI_KEY, **change)
    assert converse(peer).check == "any.size-short"


def test_a_shared_key_is_told():
    outcome = converse(multi_key(0, 1, key_pair_id=[3, 3]))
    assert outcome.observed == ["digests.shared-key"]


def test_a_slot_that_holds_only_a_key_is_not_read():
    def key_only(message):
        digest = message.digest[:32] + bytes(32)
        return message.replace(digest=digest, certificate_info=[1, 0])

    peer = Peer(versions=(V13,), flags=MULTI_KEY, chains=slots(0, 1), **draft(DIGESTS, key_only))
    assert converse(peer, slot=None).report.slot == 0
    again = Peer(versions=(V13,), flags=MULTI_KEY, chains=slots(0, 1), **draft(DIGESTS, key_only))
    assert converse(again, slot=1).check == "dig.slot-provisioned"


def test_digests_that_are_others_than_before_are_told():
    peer = Peer(chains=slots(0))
    honest, asked = peer.digests, []

    def changed(request):
        asked.append(request)
        peer.chains = slots(0) if len(asked) < 2 else slots(0, 1)
        return honest(request)

    peer.digests = changed
    outcome = converse(peer, plan=Plan(connection=("authenticate", "digests", "challenge")))
    assert "digests.changed" in outcome.observed
