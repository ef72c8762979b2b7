"""Evidence as named fields; bytes laid out by hand."""

import pytest

from responder.cli.fault_bytes import leaves_of, message_leaves
from responder.core.events import FaultFired
from responder.wire.context import WireContext
from responder.wire.frames import layers_of

KNOWN = WireContext(version=0x12, hash_size=32, measurement_hash_size=32, signature_size=64)
VERSION = bytes.fromhex("10040000 0002 0012 0011".replace(" ", ""))


def leaves(hook, data, context=KNOWN, layers=()):
    """Address and bytes of each part; together they are always the whole."""
    kind = "spdm" if hook == "frame" else ""
    found = leaves_of(data, FaultFired("t", hook, "", kind), context, layers)
    assert b"".join(leaf.data for leaf in found) == data
    return [(leaf.path, leaf.data.hex()) for leaf in found]


def test_the_fields_of_a_message():
    assert leaves("message", VERSION) == [
        ("spdm_version", "10"),
        ("code", "04"),
        ("param1", "00"),
        ("param2", "00"),
        ("reserved", "00"),
        ("version_number_entry_count", "02"),
        ("version_number_entry", "00120011"),
    ]


def test_a_message_that_is_too_short_has_no_names():
    assert leaves("message", b"\x10\x04") == [("", "1004")]
    assert leaves("message", b"") == []


def test_elements_have_the_addresses_of_the_language():
    block = bytes.fromhex("01 01 0700 01 0400 aabbccdd")
    record = len(block).to_bytes(3, "little")
    data = bytes.fromhex("12600000 01") + record + block + bytes(32) + bytes(2)
    names = [leaf.path for leaf in message_leaves(data, KNOWN.replace(signature_size=0))]
    assert "measurement_record.index" in names
    assert "measurement_record.measurement.value" in names
    two = bytes.fromhex("12600000 02") + (2 * len(block)).to_bytes(3, "little") + 2 * block
    names = [leaf.path for leaf in message_leaves(two + bytes(34), KNOWN)]
    assert "measurement_record[0].index" in names
    assert "measurement_record[1].measurement.value" in names


def test_an_elliptic_signature_has_two_halves_and_an_rsa_one_none():
    assert leaves("post_sign", bytes(range(64))) == [
        ("signature.r", bytes(range(32)).hex()),
        ("signature.s", bytes(range(32, 64)).hex()),
    ]
    assert leaves("post_sign", bytes(70)) == [("signature", "00" * 70)]
    rsa = KNOWN.replace(signature_size=256)
    assert leaves("post_sign", bytes(256), rsa) == [("signature", "00" * 256)]


def test_a_transcript_is_its_messages_and_their_second_ones_are_counted():
    request = bytes.fromhex("10840000")
    names = [name for name, _ in leaves("pre_sign", request + VERSION + request)]
    assert names[0] == "GET_VERSION.spdm_version"
    assert "VERSION.version_number_entry" in names
    assert names[-4:] == [
        f"GET_VERSION(2).{name}" for name in ("spdm_version", "code", "param1", "param2")
    ]
    assert leaves("pre_sign", request + b"\x12")[-1] == ("", "12")


@pytest.mark.parametrize(
    ("binding", "data", "names"),
    [
        ("none", "", ["command", "transport", "size"]),
        ("mctp", "05", ["command", "transport", "size", "mctp.message_type"]),
    ],
)
def test_a_frame_is_its_layers_and_then_the_message(binding, data, names):
    payload = bytes.fromhex(data) + VERSION
    frame = bytes(8) + len(payload).to_bytes(4, "big") + payload
    found = [
        name for name, _ in leaves("frame", frame, KNOWN, layers_of("spdm-emu", binding, "spdm"))
    ]
    expected = [name if "." in name else f"socket.{name}" for name in names]
    assert found[: len(expected) + 1] == [*expected, "spdm_version"]


def test_a_cut_frame_keeps_the_names_that_fit():
    found = leaves("frame", bytes(10), KNOWN, layers_of("spdm-emu", "none", "spdm"))
    assert [name for name, _ in found] == ["socket.command", "socket.transport", "socket"]


def test_what_a_command_carries_is_no_message():
    frame = bytes.fromhex("0000dead 00000001 00000004") + b"Bye!"
    fired = FaultFired("t", "frame", "", "command")
    found = leaves_of(frame, fired, KNOWN, layers_of("spdm-emu", "mctp", "command"))
    assert [leaf.path for leaf in found][2:] == ["socket.size", "socket.payload"]


def test_a_measurement_block_and_a_chain():
    block = bytes.fromhex("01 01 0700 01 0400 aabbccdd")
    names = [name for name, _ in leaves("device", block)]
    assert names[0] == "index"
    assert names[-1] == "measurement[0].value"
    chain = (38).to_bytes(2, "little") + bytes(2) + bytes(32) + b"\x30\x00"
    names = [name for name, _ in leaves("certificate", chain)]
    assert names[:1] == ["cert_chain.length"]
    assert [data for _, data in leaves("certificate", b"\xff")] == ["ff"]


REPORT = bytes.fromhex("0100 0000 0000 0000 00000000 01000000") + bytes(16 + 4)


def of_device(data, before, message="VENDOR_DEFINED_REQUEST"):
    found = leaves_of(data, FaultFired("t", "device", "", message, before, data), KNOWN)
    assert b"".join(leaf.data for leaf in found) == data
    return [leaf.path for leaf in found]


def test_an_interface_report_and_what_was_written_to_memory():
    names = of_device(REPORT, REPORT)
    assert names[:2] == ["interface_info", "reserved"]
    assert "mmio_ranges[0].first_page" in names
    assert of_device(REPORT[:20], REPORT)[0] == "interface_info"
    assert of_device(b"written", b"") == [""]
    assert of_device(b"written", b"", "GET_VERSION") == [""]


def test_elsewhere_bytes_have_no_names():
    assert leaves("record", b"abc") == [("", "616263")]
