"""EPInfo, against what an independent implementation sent."""

import pytest
from captures.loader import runs
from captures.replay import replay

from responder.device.endpoint_info import DeviceClass, device_class_identifiers
from responder.wire.errors import WireError
from responder.wire.registry import parse_message

SAMPLE = DeviceClass(0, b"", [bytes.fromhex("123456")])


def test_it_is_what_the_sample_device_says():
    found = {
        parse_message(seen.data, seen.context, padding=run.padding).ep_info
        for run in runs()
        for seen in replay(run)
        if seen.code == 0x07
    }
    assert found == {device_class_identifiers([SAMPLE])}


def test_vendors_have_their_id_and_every_length_is_told():
    pci = DeviceClass(3, b"\x86\x80", [b"\x01\x02", b""])
    assert device_class_identifiers([SAMPLE, pci]) == bytes.fromhex(
        "0200000007 00 00 01 03 12345609 03 02 8680 02 02 0102 00"
    )


def test_a_device_without_a_class_says_so():
    assert device_class_identifiers([]) == bytes(4)


def test_a_class_has_at_most_255_bytes():
    device_class_identifiers([DeviceClass(0, b"", [bytes(251)])])
    for parts in ([bytes(252)], [bytes(256)]):
        with pytest.raises(WireError):
            device_class_identifiers([DeviceClass(0, b"", parts)])
