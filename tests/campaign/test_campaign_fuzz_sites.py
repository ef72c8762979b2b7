"""Which places of a conversation can be changed."""

import pytest
from fuzzed import healthy

from responder.campaign.fuzz.sites import Sites, sites_of
from responder.campaign.result import Exchange, Wire
from responder.wire.context import WireContext
from responder.wire.follow import NOTHING_KNOWN

GET_VERSION = bytes.fromhex("10840000")
VERSION = bytes.fromhex("10040000 0003 0010 0011 0012")
CERTIFICATE = bytes.fromhex("12020000 0600 0300 0102030405 06")


def places(name, response, context=NOTHING_KNOWN):
    """The places of a response, by address."""
    return {site.address: site for site in sites_of(name, response, context)}


def wire(*responses, struck=False):
    exchanges = [
        Exchange(connection=1, request=GET_VERSION, response=response, struck=struck)
        for response in responses
    ]
    return Wire(exchanges=tuple(exchanges), count=len(exchanges))


def test_a_list_is_a_place_and_so_are_its_elements():
    found = places("VERSION", VERSION)
    assert found["version_number_entry_count"].kind == "length"
    assert (found["version_number_entry"].kind, found["version_number_entry"].size) == ("list", 6)
    elements = [found[f"version_number_entry[{n}]"] for n in (0, 1, -1)]
    assert [(one.kind, one.width) for one in elements] == [("element", 2)] * 3


def test_the_whole_message_is_the_first_place():
    first, *_ = sites_of("VERSION", VERSION, NOTHING_KNOWN)
    assert (first.address, first.kind, first.size) == ("", "message", len(VERSION))


def test_fields_by_which_a_requester_finds_its_way_are_lengths():
    found = places("CERTIFICATE", CERTIFICATE, WireContext(version=0x12))
    kinds = {name: site.kind for name, site in found.items()}
    assert kinds["portion_length"] == kinds["remainder_length"] == "length"
    assert kinds["slot"] == "number"
    assert kinds["cert_chain"] == "bytes"


def test_the_signature_is_there_only_when_all_before_it_is():
    sites = Sites()
    sites.learn(healthy().wire)
    late = {(site.message, site.address) for name in sites.by_message
            for site in sites.by_message[name] if site.late}  # fmt: skip
    assert late == {("CHALLENGE_AUTH", "signature"), ("MEASUREMENTS", "signature")}


def test_fields_of_the_last_element_are_places_too():
    sites = Sites()
    sites.learn(healthy().wire)
    addresses = {site.address for site in sites.by_message["MEASUREMENTS"]}
    assert {"measurement_record.index", "measurement_record[-1].index"} <= addresses


def test_a_response_that_cannot_be_read_is_one_place():
    assert list(places("VERSION", VERSION[:-1])) == [""]


def test_what_is_known_is_not_learnt_again():
    sites = Sites()
    assert sites.learn(wire(VERSION))
    assert sites.learn(wire(VERSION)) == []
    assert sites.seen == {"VERSION": 1}


def test_how_often_a_response_comes_is_counted_in_one_conversation():
    sites = Sites()
    sites.learn(wire(VERSION, VERSION, VERSION))
    sites.learn(wire(VERSION))
    assert sites.seen == {"VERSION": 3}


def test_what_a_fault_made_of_a_response_is_no_place():
    assert Sites().learn(wire(VERSION, struck=True)) == []


@pytest.mark.parametrize("response", [b"", b"\x10", bytes.fromhex("107f0100")])
def test_errors_and_scraps_have_no_places(response):
    assert Sites().learn(wire(response)) == []


def test_only_the_responses_that_are_named_have_places():
    sites = Sites(only=frozenset({"DIGESTS"}))
    sites.learn(healthy().wire)
    assert list(sites.by_message) == ["DIGESTS"]
