"""Addresses are checked against the declarations when they are written, not when they are used."""

import pytest

from responder.faults.address import AddressError, Step, addresses, check_address, steps
from responder.wire.algorithms import Algorithms
from responder.wire.certificate import Certificate
from responder.wire.challenge import ChallengeAuth
from responder.wire.error import Error
from responder.wire.measurements import Measurements
from responder.wire.version import Version

GOOD = [
    (Version, "version_number_entry"),
    (Version, "version_number_entry[-1]"),
    (ChallengeAuth, "nonce"),
    (ChallengeAuth, "opaque_data.elements[1].data_length"),
    (ChallengeAuth, "opaque_data[0].total_elements"),
    (Measurements, "measurement_record[3]"),
    (Measurements, "measurement_record[3].measurement.value.device_mode.device_mode_state"),
    (Algorithms, "trailer.structures[-1].alg_type"),
    (Algorithms, "trailer.ext_hash[0]"),
    (Certificate, "cert_chain.certificate_chain.certificates.certificates[2]"),
    (Error, "extended_error_data.response_not_ready.token"),
]


@pytest.mark.parametrize(("record", "address"), GOOD)
def test_what_the_declarations_name_is_an_address(record, address):
    check_address(record, address)


BAD = [
    (Version, "versions", "versions"),
    (ChallengeAuth, "nonce[1]", "nonce"),
    (ChallengeAuth, "opaque_data.element[1]", "element"),
    (Measurements, "measurement_record[0].measurment", "measurment"),
    (Algorithms, "trailer.structure[0]", "structure"),
    (Algorithms, "trailer.ext_asym[0].bits", "bits"),
    (ChallengeAuth, "nonce..", ""),
    (ChallengeAuth, "", ""),
]


@pytest.mark.parametrize(("record", "address", "wrong"), BAD)
def test_what_they_do_not_name_is_none(record, address, wrong):
    with pytest.raises(AddressError) as caught:
        check_address(record, address)
    assert caught.value.name == wrong


def test_the_error_knows_what_could_stand_there():
    with pytest.raises(AddressError) as caught:
        check_address(Algorithms, "trailer.structure[0]")
    assert caught.value.known == ["ext_asym", "ext_hash", "structures"]


def test_an_address_is_taken_apart():
    assert steps("a[-1].b.c[2]") == [Step("a", -1), Step("b"), Step("c", 2)]


@pytest.mark.parametrize("record", [Version, Algorithms, Measurements, Certificate, Error])
def test_every_listed_address_is_one(record):
    listed = list(addresses(record))
    assert len(listed) == len(set(listed)) >= 4
    for address in listed:
        check_address(record, address)
