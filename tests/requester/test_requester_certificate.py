"""GET_CERTIFICATE: portions."""

import pytest
from requester.cases import draft, offer, put, raw
from requester.chains import default_chain
from requester.peer import FLAGS, Peer, code_names, converse

from responder.errors import ConfigError
from responder.requester.plan import Plan
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.versions import V11, V12, V13, V14
from responder.wire.certificate import GetCertificate

CERTIFICATE = ResponseCode.CERTIFICATE


def asked(peer):
    requests = [r for r in peer.requests if r[1] == RequestCode.GET_CERTIFICATE]
    return [(r.offset, r.length) for r in map(GetCertificate.parse, requests)]


def size_of_chain():
    return 36 + sum(len(der) for der in default_chain())


def test_the_whole_chain_is_asked_for_at_once_if_it_fits():
    peer = Peer()
    converse(peer)
    assert asked(peer) == [(0, 4592)]


@pytest.mark.parametrize("version", [V11, V12])
def test_portions_fit_the_requesters_transfer_size(version):
    peer = Peer(versions=(version,))
    report = converse(peer, **offer(data_transfer_size=308)).report
    assert report.chain
    total = size_of_chain()
    assert asked(peer) == [(at, min(300, total - at)) for at in range(0, total, 300)][:1] + [
        (at, min(300, total - at)) for at in range(300, total, 300)
    ]


def test_a_byte_at_a_time_is_slow_and_legal():
    peer = Peer(portion=1)
    assert converse(peer).report.verdict == "attested"
    assert code_names(peer).count("GET_CERTIFICATE") == size_of_chain()


def test_bytes_behind_the_portion_are_no_part_of_it():
    assert converse(Peer(**raw(CERTIFICATE, lambda r: r + b"\x30"))).check == "any.size-trailing"


SIZES = {"plan": Plan(("authenticate", "slot-sizes", "challenge"))}


@pytest.mark.parametrize("version", [V13, V14])
def test_the_sizes_of_all_slots_are_asked_for(version):
    peer = Peer(versions=(version,), storage={slot: 0x8000 + slot for slot in range(8)})
    report = converse(peer, **SIZES).report
    assert report.verdict == "attested", "CHALLENGE covers these exchanges too"
    assert report.slot_sizes == {slot: 0x8000 + slot for slot in range(8)}
    sizes = [r for r in peer.requests if r[1] == RequestCode.GET_CERTIFICATE][1:]
    assert sizes == [bytes([version, 0x82, slot, 1, 0, 0, 0, 0]) for slot in range(8)]


def test_sizes_have_32_bits_where_both_sides_know_them():
    peer = Peer(versions=(V14,), flags=FLAGS | Cap.LARGE_RESP, storage={0: 0x20000})
    peer.draft[ResponseCode.DIGESTS] = put(supported_slot_mask=1)
    plan = Plan(("slot-sizes", "measurements"))
    report = converse(peer, plan=plan, public_key=None, **offer(flags=Cap.LARGE_RESP)).report
    assert report.slot_sizes == {0: 0x20000}
    (asked,) = [r for r in peer.requests if r[1] == RequestCode.GET_CERTIFICATE]
    assert asked == bytes.fromhex("14828001 00000000 00000000 00000000")


def test_the_size_of_an_empty_slot_may_be_refused_that_of_another_not():
    outcome = converse(Peer(versions=(V13,), storage={0: 0x8000}), **SIZES)
    assert outcome.report.verdict == "attested"
    assert outcome.report.slot_sizes == {0: 0x8000}
    assert outcome.observed == ["certificate.size-refused"] * 7
    assert converse(Peer(versions=(V13,), storage={1: 0x8000}), **SIZES).check == "err.refused"


def test_a_size_is_of_the_slot_that_was_asked_for_and_comes_without_bytes():
    def lie(change):
        """Changes the answers to what asks for sizes: they have nothing of a chain."""
        draft = {CERTIFICATE: lambda m: m if m.cert_chain else change(m)}
        return converse(Peer(versions=(V13,), draft=draft), **SIZES).check

    assert lie(put(slot=5)) == "cert.slot"
    assert lie(put(cert_chain=b"\x30")) == "cert.portion-size"
    assert lie(put(remainder_length=0)) == "cert.slot-size"


EVERY_CHAIN = {"plan": Plan(("authenticate", "certificates", "challenge"))}


def test_the_chains_of_all_slots_are_read_and_have_their_digests():
    peer = Peer(chains=dict.fromkeys((0, 3, 7), default_chain()))
    assert converse(peer, **EVERY_CHAIN).report.verdict == "attested"
    asked = [r[2] for r in peer.requests if r[1] == RequestCode.GET_CERTIFICATE]
    assert asked == [0, 0, 3, 7]
    honest = peer.chain_of
    lying = Peer(chains=dict.fromkeys((0, 3), default_chain()))
    lying.draft[CERTIFICATE] = lambda m: m.replace(cert_chain=honest(0)[::-1]) if m.slot else m
    outcome = converse(lying, **EVERY_CHAIN)
    assert (outcome.check, outcome.report.refusal.step) == ("cert.digest", "GET_CERTIFICATE")


def test_the_same_portion_again_is_found_by_its_hash():
    peer = Peer(portion=300)
    honest = peer.certificate

    def always_the_front(request):
        message = GetCertificate.parse(request)
        front = honest(message.replace(offset=0).build())
        rest = size_of_chain() - message.offset - 300
        if rest < 0:
            return honest(request)
        return front[:6] + rest.to_bytes(2, "little") + front[8:]

    peer.certificate = always_the_front
    assert converse(peer).check == "cert.digest"


@pytest.mark.parametrize("version", [V12, V13])
def test_bit_7_of_param1_is_reserved_before_1_4(version):
    change = raw(CERTIFICATE, lambda r: r[:2] + b"\x80" + r[3:])
    outcome = converse(Peer(versions=(version,), **change))
    assert outcome.check == "chal.signature", "the bytes as received enter the transcript"
    assert converse(Peer(versions=(V14,), **change)).check == "cert.large"


def test_a_slot_that_is_refused():
    def refuse(raw_message):
        return bytes((raw_message[0], 0x7F, ErrorCode.INVALID_REQUEST, 0))

    outcome = converse(Peer(**raw(CERTIFICATE, refuse)))
    assert outcome.check == "err.refused"
    assert outcome.report.refusal.reason == "ERROR INVALID_REQUEST answers GET_CERTIFICATE"


def test_a_public_key_that_is_none_is_the_users_mistake():
    with pytest.raises(ConfigError):
        converse(Peer(), public_key=b"junk")


SEVERAL = FLAGS | Cap.MULTI_KEY_ONLY | Cap.GET_KEY_PAIR_INFO


@pytest.mark.parametrize("model", [1, 2, 3, 7])
def test_the_model_of_a_chain_is_the_one_that_digests_told(model):
    lie = put(certificate_info=model)
    outcome = converse(Peer(versions=(V13,), flags=SEVERAL, **draft(CERTIFICATE, lie)))
    assert outcome.check == ("" if model == 1 else "cert.info")


@pytest.mark.parametrize(("model", "check"), [(1, ""), (2, ""), (3, "cert.info"), (7, "cert.info")])
def test_a_model_that_digests_did_not_tell_has_to_fit_the_slot(model, check):
    """The chain that is read again, which may have been written meanwhile."""
    reads = []

    def later(message):
        reads.append(message)
        return message if len(reads) == 1 else message.replace(certificate_info=model)

    peer = Peer(versions=(V13,), flags=SEVERAL, **draft(CERTIFICATE, later))
    plan = Plan(("authenticate", "certificate", "challenge"))
    assert converse(peer, plan=plan).check == check
    assert len(reads) == 2


def test_before_1_3_the_byte_of_the_model_is_reserved():
    peer = Peer(versions=(V12,), **draft(CERTIFICATE, put(certificate_info=1)))
    assert converse(peer).report.verdict == "attested"
