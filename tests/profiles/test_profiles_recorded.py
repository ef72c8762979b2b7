"""What is heard of a device, message by message."""

from responder.profiles.recorded import RecordedDevice, Recorder, record

GET_VERSION, VERSION = (
    bytes.fromhex("10840000"),
    bytes.fromhex("1004000000030010001100 12".replace(" ", "")),
)
GET_VENDOR = bytes.fromhex("12fe00000300023412" + "0200" + "aabb")
VENDOR = bytes.fromhex("127e00000300023412" + "0100" + "cc")


def test_versions_are_kept_in_their_order():
    device = record({0: [(GET_VERSION, 0), (VERSION, 0)]})
    assert device.versions == [0x10, 0x11, 0x12]


def test_vendor_defined_exchanges_are_kept_once():
    device = record({0: [(m, 0) for m in (GET_VERSION, VERSION, *(GET_VENDOR, VENDOR) * 2)]})
    assert device.vendor == [(3, b"\x34\x12", b"\xaa\xbb", b"\xcc")]


def test_connections_do_not_mix_and_the_device_is_one():
    device = record({0: [(GET_VERSION, 0), (GET_VENDOR, 0)], 1: [(VENDOR, 0), (VERSION, 0)]})
    assert device.vendor == []
    assert device.versions == [0x10, 0x11, 0x12]


def test_what_cannot_be_read_is_passed_over():
    device = RecordedDevice()
    recorder = Recorder(device)
    for data in (b"", b"\x10", bytes(4), VERSION[:7], bytes.fromhex("1263000000")):
        recorder.hear(data)
    assert device == RecordedDevice()
