"""Records sealed and opened; that captured ones open is shown by the replay of captures."""

import pytest

from responder.crypto.aead import seal
from responder.requester.key_schedule import Traffic
from responder.requester.record import Direction, RecordError, session_id_of
from responder.spec.algorithms import AEADS

AES_128, AES_256, CHACHA, *_ = AEADS
SESSION = 0xFFFE0001
DATA = b"\x05\x12\xe8\x00\x00"


def direction(aead=AES_256, **options):
    traffic = Traffic(bytes(48), bytes(range(aead.key_size)), bytes(range(100, 112)))
    return Direction(aead, traffic, **options)


@pytest.mark.parametrize("aead", [AES_128, AES_256, CHACHA], ids=lambda aead: aead.name)
@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "authenticated"])
@pytest.mark.parametrize("size", [0, 2])
@pytest.mark.parametrize("big_endian", [True, False])
def test_what_is_sealed_opens_in_order(aead, encrypted, size, big_endian):
    options = {"encrypted": encrypted, "sequence_size": size, "big_endian": big_endian}
    sender, receiver = direction(aead, **options), direction(aead, **options)
    for number in range(3):
        record = sender.seal(SESSION, DATA + bytes([number]), b"random")
        assert session_id_of(record) == SESSION
        assert receiver.unseal(record) == DATA + bytes([number])


def test_the_layout_over_mctp():
    sender = direction(sequence_size=2)
    sender.sequence = 0x10203
    record = sender.seal(SESSION, DATA, b"random")
    assert record[:8] == bytes.fromhex("0100feff 0302") + (2 + 5 + 6 + 16).to_bytes(2, "little")
    assert len(record) == 8 + 2 + 5 + 6 + 16


def test_what_is_only_authenticated_stays_readable_and_has_no_random_bytes():
    record = direction(encrypted=False).seal(SESSION, DATA, b"random")
    assert record[:-16] == bytes.fromhex("0100feff") + (5 + 16).to_bytes(2, "little") + DATA


@pytest.mark.parametrize("encrypted", [True, False])
def test_no_byte_of_a_record_may_change(encrypted):
    options = {"encrypted": encrypted, "sequence_size": 2}
    record = direction(**options).seal(SESSION, DATA)
    for place in range(len(record)):
        changed = bytearray(record)
        changed[place] ^= 1
        receiver = direction(**options)
        with pytest.raises(RecordError):
            receiver.unseal(bytes(changed))
        assert receiver.sequence == 0


def test_no_record_opens_twice_or_early():
    sender, receiver = direction(), direction()
    first, second = sender.seal(SESSION, DATA), sender.seal(SESSION, DATA)
    with pytest.raises(RecordError, match="AES-256-GCM"):
        receiver.unseal(second)
    receiver.unseal(first)
    with pytest.raises(RecordError, match="AES-256-GCM"):
        receiver.unseal(first)


def test_a_sequence_number_that_is_shown_has_to_be_the_next():
    sender, receiver = direction(sequence_size=2), direction(sequence_size=2)
    sender.seal(SESSION, DATA)
    with pytest.raises(RecordError, match="sequence number 1, 0 is due") as caught:
        receiver.unseal(sender.seal(SESSION, DATA))
    assert (caught.value.check, caught.value.sequence) == ("rec.sequence", 1)


def test_padding_of_the_transport_is_left_out():
    record = direction().seal(SESSION, DATA)
    assert direction().unseal(record + bytes(3), padding=3) == DATA
    with pytest.raises(RecordError, match="bytes follow a header"):
        direction().unseal(record + bytes(4), padding=3)


@pytest.mark.parametrize("size", range(6))
def test_a_record_without_its_header_is_refused(size):
    with pytest.raises(RecordError):
        direction().unseal(bytes(size))


def test_a_record_too_short_for_its_tag_is_refused():
    with pytest.raises(RecordError, match="bytes follow a header"):
        direction().unseal(bytes.fromhex("0100feff 0f00") + bytes(15))


def test_no_session_without_four_bytes():
    with pytest.raises(RecordError, match="3 bytes are no record"):
        session_id_of(bytes(3))


def test_application_data_that_ends_early_is_refused():
    traffic = direction().traffic
    for plain in (b"", b"\x05", b"\x05\x00abcd"):
        header = SESSION.to_bytes(4, "little") + (len(plain) + 16).to_bytes(2, "little")
        sealed = seal(AES_256, traffic.key, traffic.iv, plain, header)
        with pytest.raises(RecordError, match="ApplicationDataLength"):
            direction().unseal(header + sealed)


@pytest.mark.parametrize(("encrypted", "left"), [(False, DATA), (True, b"")])
def test_without_a_right_tag_only_what_is_in_the_clear_can_be_read(encrypted, left):
    record = direction(encrypted=encrypted).seal(SESSION, DATA)
    with pytest.raises(RecordError) as caught:
        direction(encrypted=encrypted).unseal(record[:-1] + bytes([record[-1] ^ 1]))
    assert (caught.value.check, caught.value.data) == ("rec.tag", left)


def test_application_data_that_ends_early_is_what_is_left_of_it():
    traffic = direction().traffic
    header = SESSION.to_bytes(4, "little") + (6 + 16).to_bytes(2, "little")
    sealed = seal(AES_256, traffic.key, traffic.iv, b"\x05\x00abcd", header)
    with pytest.raises(RecordError) as caught:
        direction().unseal(header + sealed)
    assert (caught.value.check, caught.value.data) == ("rec.application-length", b"abcd")


def test_too_long_a_record_is_not_made():
    with pytest.raises(RecordError, match="do not fit"):
        direction().seal(SESSION, bytes(0xFFFF - 16 - 2 + 1))
    assert len(direction().seal(SESSION, bytes(0xFFFF - 16 - 2))) == 6 + 0xFFFF
    with pytest.raises(RecordError, match="70018 bytes do not fit"):
        direction().seal(SESSION, bytes(70_000))


def test_the_limit_of_the_aead_ends_sealing_and_opening_until_keys_change():
    sender, receiver = direction(limit=2), direction(limit=2)
    for _ in range(3):
        receiver.unseal(sender.seal(SESSION, DATA))
    with pytest.raises(RecordError, match="reaches the limit"):
        sender.seal(SESSION, DATA)
    with pytest.raises(RecordError, match="reaches the limit"):
        receiver.unseal(direction().seal(SESSION, DATA))
    again = sender.rekeyed(sender.traffic)
    assert again.sequence == 0
    again.seal(SESSION, DATA)


def test_rekeying_keeps_how_records_look():
    options = {"encrypted": False, "sequence_size": 2, "big_endian": True}
    traffic = direction().traffic
    expected = direction(**options).seal(SESSION, DATA)
    assert direction(**options).rekeyed(traffic).seal(SESSION, DATA) == expected
