"""NEGOTIATE_ALGORITHMS: what is offered, and how the answer is measured."""

import pytest
from requester.cases import draft, offer, put, raw
from requester.cases_vca import structures
from requester.peer import FLAGS, Peer, converse

from responder.spec.codes import ResponseCode
from responder.spec.flags import Cap
from responder.spec.versions import V10, V11, V12, V13, V14
from responder.wire.algorithms import NegotiateAlgorithms

ALGORITHMS = ResponseCode.ALGORITHMS
EVERYTHING = {
    "pqc_asym": 1,
    "mel_specification": 1,
    "structures": {2: 1, 3: 2, 4: 1, 5: 1, 6: 1, 7: 1},
}


def sent(version, flags=FLAGS, **offered):
    peer = Peer(versions=(version,), flags=flags)
    converse(peer, **offer(**offered))
    return NegotiateAlgorithms.parse(peer.requests[2])


@pytest.mark.parametrize(
    ("version", "types", "other", "mel", "pqc"),
    [
        (V10, [], 0, 0, 0),
        (V11, [2, 3, 4, 5], 0, 0, 0),
        (V12, [2, 3, 4, 5], 2, 0, 0),
        (V13, [2, 3, 4, 5], 2, 1, 0),
        (V14, [2, 3, 4, 5, 6, 7], 2, 1, 1),
    ],
    ids=["1.0", "1.1", "1.2", "1.3", "1.4"],
)
def test_what_a_version_lacks_is_not_offered(version, types, other, mel, pqc):
    request = sent(version, **EVERYTHING)
    assert [s.alg_type for s in request.structures()] == types
    assert request.length == 32 + 4 * len(types)
    assert request.other_params_support == other
    assert request.mel_specification == mel
    assert request.pqc_asym_algo == pqc
    assert request.measurement_specification == 1


@pytest.mark.parametrize(
    ("flag", "wanted", "asked"),
    [
        (Cap.MULTI_KEY_ONLY, False, True),
        (Cap.MULTI_KEY_NEG, False, False),
        (Cap.MULTI_KEY_NEG, True, True),
        (Cap.CERT, True, False),
    ],
)
def test_a_multi_key_connection_is_asked_for_where_it_must_or_may_be(flag, wanted, asked):
    flags = FLAGS | flag | Cap.GET_KEY_PAIR_INFO
    request = sent(V13, flags, multi_key=wanted)
    assert bool(request.other_params_support & 0x10) is asked


def test_reserved_fields_of_1_0_mean_nothing():
    """Param1, OtherParamsSelection, PqcAsymSel and MELspecificationSel came later."""
    change = put(
        algorithm_structure_count=0xFF,
        other_params_selection=0xFF,
        pqc_asym_sel=0xFFFFFFFF,
        mel_specification_sel=0xFF,
    )
    outcome = converse(Peer(versions=(V10,), **draft(ALGORITHMS, change)))
    assert outcome.report.refusal is None


@pytest.mark.parametrize("count", [1, 5, 255])
def test_the_number_of_structures_lies(count):
    peer = Peer(**draft(ALGORITHMS, put(algorithm_structure_count=count)))
    expected = "any.size-trailing" if count < 4 else "any.size-short"
    assert converse(peer).check == expected


def test_extended_counts_without_bytes():
    peer = Peer(**draft(ALGORITHMS, put(ext_asym_sel_count=255, ext_hash_sel_count=255)))
    assert converse(peer).check == "any.size-short"


@pytest.mark.parametrize("length", [0, 35, 51, 56, 0xFFFF])
def test_length_lies(length):
    assert converse(Peer(**draft(ALGORITHMS, put(length=length)))).check == "alg.length"


@pytest.mark.parametrize("size", range(4, 52))
def test_a_cut_answer_is_refused_wherever_it_is_cut(size):
    assert converse(Peer(**raw(ALGORITHMS, lambda r: r[:size]))).check == "any.size-short"


def test_fewer_structures_than_asked_are_taken():
    assert converse(Peer(**draft(ALGORITHMS, structures((3, 2))))).report.verdict == "attested"
    assert converse(Peer(**draft(ALGORITHMS, structures()))).report.verdict == "attested"


@pytest.mark.parametrize("kind", [0, 1, 6, 7, 8, 0xFF])
def test_structure_types_that_1_3_does_not_define(kind):
    peer = Peer(versions=(V13,), **draft(ALGORITHMS, structures((kind, 1))))
    assert converse(peer).check == "alg.structure-type"


def test_the_same_structure_twice():
    peer = Peer(**draft(ALGORITHMS, structures((2, 1), (2, 1))))
    assert converse(peer).check == "alg.structure-order"


@pytest.mark.parametrize("version", [V10, V11], ids=["1.0", "1.1"])
def test_a_message_longer_than_length_can_say(version):
    """1.0 and 1.1 have no DataTransferSize that would refuse it before."""
    peer = Peer(versions=(version,), **raw(ALGORITHMS, lambda r: r + bytes(0x10000)))
    assert converse(peer).check == "any.size-trailing"
