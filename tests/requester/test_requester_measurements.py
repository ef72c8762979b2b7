"""GET_MEASUREMENTS: series, their repair, and what is told."""

import pytest
from requester.cases import draft, patience, put
from requester.cases_proof import counted, read
from requester.peer import BLOCKS, FLAGS, Peer, block, code_names, converse, error

from responder.requester.plan import Plan
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.versions import V10, V12, V13

MEASUREMENTS = ResponseCode.MEASUREMENTS
GET = RequestCode.GET_MEASUREMENTS
DENSE = {index: block(index) for index in (1, 2, 3)}


def operations(peer):
    return [(r[3], bool(r[2] & 1)) for r in peer.requests if r[1] == GET]


def test_all_is_a_count_and_one_signed_request():
    peer = Peer(blocks=DENSE)
    converse(peer)
    assert operations(peer) == [(0, False), (0xFF, True)]


def test_each_without_gaps_is_one_series_with_the_last_one_signed():
    peer = Peer(blocks=DENSE)
    report = converse(peer, measurements="each").report
    assert operations(peer) == [(0, False), (1, False), (2, False), (3, True)]
    assert [m.signed for m in report.measurements] == [True] * 3


def test_gaps_are_found_and_the_series_is_read_again():
    peer = Peer(blocks={2: block(2), 5: block(5)})
    report = converse(peer, measurements="each").report
    assert report.verdict == "attested"
    found = [(0, False), (1, False), (2, False), (3, True), (4, True), (5, True)]
    assert operations(peer) == [*found, (2, False), (5, True)]
    assert [m.signed for m in report.measurements] == [True] * 2


def test_all_refused_falls_back_to_one_by_one():
    peer = Peer(blocks=DENSE)
    honest = peer.measurements
    peer.measurements = lambda request: (
        peer.error(ErrorCode.UNEXPECTED_REQUEST) if request[3] == 0xFF else honest(request)
    )
    outcome = converse(peer)
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["measurements.all-refused"]
    assert all(m.signed for m in outcome.report.measurements)


def test_an_error_in_a_series_begins_it_anew():
    """The second reading of index 2, in the series that is to be signed, fails once."""
    peer = Peer(blocks={2: block(2), 5: block(5)})
    honest, reads = peer.measurements, []

    def fail_once(request):
        reads.append(request[3])
        if request[3] == 5 and reads.count(5) == 2:
            return peer.error(ErrorCode.UNSPECIFIED)
        return honest(request)

    peer.measurements = fail_once
    outcome = converse(peer, measurements="each")
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["measurements.restarted"]
    assert reads[-2:] == [2, 5]


def test_busy_in_a_series_empties_l1_so_the_series_is_read_again():
    busy = error(V12, ErrorCode.BUSY)
    peer = Peer(blocks=DENSE)
    honest, reads = peer.measurements, []

    def busy_once(request):
        reads.append(request[3])
        if reads == [0, 1, 2]:
            peer.m = []
            return busy
        return honest(request)

    peer.measurements = busy_once
    report = converse(peer, measurements="each").report
    assert report.verdict == "attested"
    assert reads == [0, 1, 2, 2, 3, 1, 2, 3]
    assert all(m.signed for m in report.measurements)


def test_response_not_ready_keeps_l1():
    hint = bytes((1, GET, 9, 2))
    peer = Peer(blocks=DENSE)
    honest, reads = peer.measurements, []

    def late_once(request):
        reads.append(request[3])
        if reads == [0, 1, 2]:
            peer.deferred = request
            return error(V12, ErrorCode.RESPONSE_NOT_READY, 0, hint)
        return honest(request)

    peer.measurements = late_once
    report = converse(peer, measurements="each").report
    assert report.verdict == "attested"
    assert reads == [0, 1, 2, 2, 3]
    assert "RESPOND_IF_READY" in code_names(peer)


def test_unsigned_measurements_are_told():
    peer = Peer(flags=Cap.CERT | Cap.CHAL | Cap.MEAS_NO_SIG)
    outcome = converse(peer)
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["measurements.unsigned"]
    assert not any(m.signed for m in outcome.report.measurements)
    assert operations(peer) == [(0, False), (0xFF, False)]


def test_no_measurements_are_told():
    outcome = converse(Peer(flags=Cap.CERT | Cap.CHAL))
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["measurements.unsupported"]


@pytest.mark.parametrize(("version", "bit"), [(V10, 0), (V12, 2), (V13, 2)])
def test_raw_is_asked_for_from_1_2_on(version, bit):
    blocks = {1: block(1, 0x81, b"firmware")}
    peer = Peer(versions=(version,), blocks=blocks)
    outcome = converse(peer, raw=True)
    assert outcome.report.verdict == "attested"
    assert peer.requests[-1][2] == 1 | bit
    assert outcome.observed == []


def test_fewer_blocks_than_were_counted_are_told():
    change = counted(put(total_number_of_measurements=9))
    outcome = converse(Peer(**draft(MEASUREMENTS, change)))
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["measurements.incomplete"]


def test_blocks_in_another_order_are_legal():
    change = read(lambda m: m.replace(measurement_record=BLOCKS[2] + BLOCKS[1], number_of_blocks=2))
    outcome = converse(Peer(blocks={1: BLOCKS[1], 2: BLOCKS[2]}, **draft(MEASUREMENTS, change)))
    assert outcome.report.verdict == "attested"
    assert outcome.observed == []


def test_changed_content_is_told():
    outcome = converse(Peer(**draft(MEASUREMENTS, read(put(slot=0x10)))))
    assert outcome.observed == ["measurements.content-changed"]


def test_content_changed_and_slot_are_reserved_in_1_0():
    peer = Peer(versions=(V10,), **draft(MEASUREMENTS, put(slot=0xFF)))
    assert converse(peer).report.verdict == "attested"


@pytest.mark.parametrize("length", [0xFFFFFF, 10_000])
def test_a_record_length_beyond_the_message(length):
    change = read(put(measurement_record_length=length))
    assert converse(Peer(**draft(MEASUREMENTS, change))).check == "any.size-short"


def test_a_record_length_that_is_too_small():
    change = read(lambda m: m.replace(measurement_record_length=len(m.measurement_record) - 1))
    assert converse(Peer(**draft(MEASUREMENTS, change))).report.verdict == "refused"


def test_a_series_that_never_holds_together_is_refused():
    peer = Peer(blocks={2: block(2), 5: block(5)})
    honest, reads = peer.measurements, []

    def never(request):
        reads.append(request[3])
        return peer.error(ErrorCode.UNSPECIFIED) if reads.count(5) > 1 else honest(request)

    peer.measurements = never
    outcome = converse(peer, measurements="each", **patience(series=2))
    assert outcome.check == "meas.covered"
    assert reads.count(2) == 3


def test_a_signed_answer_to_an_unsigned_request():
    def append(raw):
        return raw + bytes(64) if raw[2] else raw

    outcome = converse(Peer(raw={MEASUREMENTS: append}))
    assert outcome.check == "any.size-trailing"


def test_a_missing_signature():
    outcome = converse(Peer(raw={MEASUREMENTS: lambda r: r if r[2] else r[:-64]}))
    assert outcome.check == "any.size-short"


def test_l1_without_the_negotiation_is_refused_from_1_2_on():
    peer = Peer(flags=FLAGS)
    honest = peer.sign
    peer.sign = lambda text, parts: honest(text, parts[-4:] if "measure" in text else parts)
    assert converse(peer).check == "meas.signature"


def test_values_that_are_others_than_before_are_told():
    peer = Peer(blocks=DENSE)
    steps = ("authenticate", "measurements", "measurements")
    honest, reads = peer.measurements, []

    def changed(request):
        reads.append(request)
        peer.blocks = DENSE if len(reads) < 3 else DENSE | {2: block(2, value=b"\x22" * 32)}
        return honest(request)

    peer.measurements = changed
    outcome = converse(peer, plan=Plan(connection=steps))
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["measurements.changed"]
