"""Selections: their names in the report, and the forms of measurements they lead to."""

from requester.cases import draft, offer, put
from requester.cases_vca import structures
from requester.peer import Peer, block, converse

from responder.spec.codes import ResponseCode

ALGORITHMS = ResponseCode.ALGORITHMS


def test_the_report_names_what_was_selected():
    assert converse(Peer()).report.algorithms == {
        "base_asym": "ECDSA-P256",
        "base_hash": "SHA-256",
        "measurement_hash": "SHA-256",
        "measurement_specification": "DMTF",
        "opaque_format": "OpaqueDataFmt1",
        "dhe": "FFDHE2048",
        "aead": "AES-128-GCM",
        "req_base_asym": "RSASSA-2048",
        "key_schedule": "SPDM",
    }


def test_nothing_selected_is_not_reported():
    peer = Peer(**draft(ALGORITHMS, structures((2, 0), (3, 0))))
    assert "dhe" not in converse(peer).report.algorithms


def test_raw_bit_streams_only():
    blocks = {1: block(1, 0x80, b"firmware")}
    peer = Peer(blocks=blocks, **draft(ALGORITHMS, put(measurement_hash_algo=1)))
    outcome = converse(peer)
    assert outcome.report.verdict == "attested"
    assert outcome.report.algorithms["measurement_hash"] == "raw bit stream"
    assert outcome.observed == []


def test_a_digest_where_only_raw_bit_streams_are_possible():
    peer = Peer(**draft(ALGORITHMS, put(measurement_hash_algo=1)))
    assert converse(peer).check == "meas.digest-size"


def test_no_measurement_specification_on_offer():
    change = put(measurement_specification_sel=0, measurement_hash_algo=0)
    peer = Peer(**draft(ALGORITHMS, change))
    outcome = converse(peer, measurements="none", **offer(measurement_specification=0))
    assert outcome.report.verdict == "attested"
