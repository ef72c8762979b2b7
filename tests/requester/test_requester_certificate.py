"""GET_CERTIFICATE: portions."""

import pytest
from requester.cases import offer, raw
from requester.chains import default_chain
from requester.peer import Peer, code_names, converse

from responder.errors import ConfigError
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
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
