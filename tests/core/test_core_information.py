"""What ENDPOINT_INFO signs, how a log is read in portions, and where measurements are extended."""

import struct

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue
from core.error_rows_information import get_endpoint_info, get_mel
from core.fakes import (
    CERT,
    CHAL,
    EP_INFO_SIG,
    MEAS_SIG,
    MEASUREMENTS,
    MEL,
    NONCE,
    OTHER_NONCE,
    VERSIONS,
    FakeDevice,
    FakeMeasurement,
    block_of,
    policy,
    responder,
)
from core.in_session import InSession
from cryptography.exceptions import InvalidSignature

FLAGS = CERT | CHAL | MEAS_SIG | MEL | EP_INFO_SIG
since_13 = pytest.mark.parametrize("version", VERSIONS[3:], ids="1.{0.real}".format)
RAW_ONLY = 1


class Extended(FakeMeasurement):
    """A hash-extend measurement, as the core knows it."""

    hash_extend = True


def meet(version, device=None, *, measurement_hash=2, **offer):
    its_policy = policy(
        flags=FLAGS, algorithms={"mel_specification": 1, "measurement_hash": [measurement_hash]}
    )
    answerer = responder(device, its_policy)
    return Dialogue(answerer, version, offer=offer, algorithms={"mel": 1 if version > 0x12 else 0})


def signed_info(dialogue, nonce=NONCE):
    request = get_endpoint_info(dialogue.version, attributes=1, nonce=nonce)
    return request, dialogue.ask(request, 0x07)


@since_13
def test_each_signature_covers_vca_and_its_own_exchange_only(version):
    dialogue = meet(version).reach("certificate")
    dialogue.ask(get_endpoint_info(version), 0x07)
    first = signed_info(dialogue)
    second = signed_info(dialogue, OTHER_NONCE)
    dialogue.check_endpoint_info(*first)
    dialogue.check_endpoint_info(*second)
    assert first[1][8:40] != second[1][8:40], "nonces are fresh"
    with pytest.raises(InvalidSignature):
        dialogue.check_endpoint_info(first[0], second[1])


@since_13
def test_endpoint_info_leaves_certificates_and_the_challenge_alone(version):
    dialogue = meet(version).reach("certificate")
    signed_info(dialogue)
    dialogue.authenticate()


@since_13
def test_reading_the_log_skips_the_challenge(version):
    """Certificates read before it are in no later M1, as after GET_MEASUREMENTS."""
    dialogue = meet(version).reach("certificate")
    dialogue.ask(get_mel(version), 0x6F)
    dialogue.b = b""
    dialogue.authenticate()


@since_13
def test_a_long_log_comes_in_portions_of_data_transfer_size(version):
    device = FakeDevice()
    device.mel = bytes(range(256)) * 3
    dialogue = meet(version, device, transfer=64).reach("capabilities")
    dialogue.algorithms["tables"] = []
    dialogue.reach("negotiated")
    log, remainder = b"", 1
    while remainder:
        answer = dialogue.ask(get_mel(version, offset=len(log)), 0x6F)
        size, remainder = struct.unpack("<II", answer[4:12])
        assert size == len(answer) - 12 == min(64 - 12, len(device.mel) - len(log))
        log += answer[12:]
    assert log == device.mel


@pytest.mark.parametrize("version", VERSIONS, ids="1.{0.real}".format)
@pytest.mark.parametrize("measurement_hash", [2, RAW_ONLY], ids=["SHA-256", "raw only"])
def test_an_extended_measurement_is_there_from_1_3_on_with_a_hash(version, measurement_hash):
    extended = Extended(0x20, 8, b"h" * 32, always_raw=True)
    device = FakeDevice(measurements=(*MEASUREMENTS, extended))
    dialogue = meet(version, device, measurement_hash=measurement_hash).reach("negotiated")
    there = version >= 0x13 and measurement_hash != RAW_ONLY
    record = dialogue.ask(raw.get_measurements(version, 0xFF), 0x60)
    count = dialogue.ask(raw.get_measurements(version, 0), 0x60)
    assert (block_of(extended, 1) in record) is there
    assert count[2] == record[4] == len(MEASUREMENTS) + there
    dialogue.ask(raw.get_measurements(version, 0x20), 0x60 if there else 0x7F)


@since_13
def test_the_log_is_made_with_the_negotiated_measurement_hash(version):
    device = FakeDevice()
    meet(version, device).reach("negotiated").ask(get_mel(version), 0x6F)
    assert device.asked_hash.name == "SHA-256"


def test_the_device_hears_of_every_request_before_it_is_answered():
    device = FakeDevice()
    dialogue = meet(0x13, device)
    for dialogue.now in (0.0, 1.5):
        dialogue.hear(raw.get_version())
    dialogue.hear(b"")
    assert device.ticks == [0.0, 1.5, 1.5]


@since_13
def test_a_session_signs_endpoint_info_over_the_vca_of_its_connection(version):
    dialogue = meet(version).reach("certificate")
    session = InSession(dialogue)
    outside = signed_info(dialogue)
    request = get_endpoint_info(version, attributes=1, nonce=OTHER_NONCE)
    dialogue.check_endpoint_info(request, session.ask(request, 0x07))
    dialogue.check_endpoint_info(*outside)


@since_13
def test_a_session_reads_the_log(version):
    session = InSession(meet(version).reach("negotiated"))
    assert session.ask(get_mel(version), 0x6F)[12:] == session.responder.device.mel


NO_DETECTION, CHANGED, NO_CHANGE = 0x00, 0x10, 0x20


@pytest.mark.parametrize("version", VERSIONS[2:], ids="1.{0.real}".format)
@pytest.mark.parametrize("told", [NO_DETECTION, NO_CHANGE])
def test_a_change_between_measurements_that_one_signature_covers_is_told(version, told):
    device = FakeDevice(content_changed=told >> 4)
    dialogue = meet(version, device).reach("negotiated")
    signed = raw.get_measurements(version, attributes=1)
    expected = [told, CHANGED if told == NO_CHANGE else told, told]
    found = [dialogue.ask(signed, 0x60)[3]]
    dialogue.ask(raw.get_measurements(version), 0x60)
    device.revision += 1
    found.append(dialogue.ask(signed, 0x60)[3])
    device.revision += 1
    found.append(dialogue.ask(signed, 0x60)[3])
    assert found == expected


@since_13
def test_a_session_has_measurements_of_its_own(version):
    device = FakeDevice(content_changed=2)
    dialogue = meet(version, device).reach("negotiated")
    session = InSession(dialogue)
    dialogue.ask(raw.get_measurements(version), 0x60)
    device.revision += 1
    signed = raw.get_measurements(version, attributes=1)
    assert session.ask(signed, 0x60)[3] == NO_CHANGE
    assert dialogue.ask(signed, 0x60)[3] == CHANGED
