"""Vendor-defined payloads: layouts by hand from the facts, and what bad bytes do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.corpus.reader import open_ended

from responder.faults.address import AddressError, addresses, check_address
from responder.faults.editing import edit
from responder.faults.edits import Set, Truncate
from responder.faults.subject import Subject
from responder.spec.ide import Direction, KeySet, ObjectId, SubStream
from responder.spec.tdisp import TdispType
from responder.wire import cxl_tsp as tsp
from responder.wire import ide_km, tdisp
from responder.wire.context import WireContext
from responder.wire.cxl_ide_km import CXL_IDE_KM, CxlKeyProg, cxl_key_sub_stream
from responder.wire.describe import describe, text_of
from responder.wire.dig import PART_RECORDS
from responder.wire.errors import WireError
from responder.wire.family import Family
from responder.wire.message import spans
from responder.wire.vendor_defined import VendorDefinedRequest, VendorDefinedResponse
from responder.wire.vendor_payload import PROTOCOLS, build_payload, parse_payload

PCI_SIG, CXL = bytes.fromhex("0100"), bytes.fromhex("981e")
V12 = WireContext(version=0x12)
INTERFACE_ID = bytes.fromhex("28 01 00 00") + bytes(8)
QUICK = settings(max_examples=300, derandomize=True, database=None, deadline=None)

IDE_MESSAGES = [
    (ide_km.Query(port_index=1), "00 00 01"),
    (
        ide_km.QueryResp(port_index=1, dev_func_num=0x28, bus_num=2, segment=3, max_port_index=4),
        "01 00 01 28 02 03 04",
    ),
    (
        ide_km.KeyProg(stream_id=5, key_sub_stream=0x13, key=bytes(range(32)), ifv=b"\xff" * 8),
        "02 0000 05 00 13 00" + bytes(range(32)).hex() + "ff" * 8,
    ),
    (ide_km.KpAck(stream_id=5, status=3, key_sub_stream=0x22, port_index=1), "03 0000 05 03 22 01"),
    (ide_km.KSetGo(stream_id=5, key_sub_stream=0x21), "04 0000 05 00 21 00"),
    (ide_km.KSetStop(stream_id=5), "05 0000 05 00 00 00"),
    (ide_km.KGostopAck(stream_id=5), "06 0000 05 00 00 00"),
]
TDISP_BODIES = [
    (tdisp.GetTdispVersion, {}, "81", ""),
    (tdisp.TdispVersion, {}, "01", "01 10"),
    (tdisp.GetTdispCapabilities, {"tsm_caps": 1}, "82", "01000000"),
    (
        tdisp.TdispCapabilities,
        {
            "req_msgs_supported": tdisp.supported_messages(list(range(0x81, 0x88))),
            "lock_interface_flags_supported": 0x1F,
            "dev_addr_width": 52,
            "num_req_this": 1,
            "num_req_all": 2,
        },
        "02",
        "00000000 fe" + "00" * 15 + "1f00 000000 34 01 02",
    ),
    (
        tdisp.LockInterfaceRequest,
        {
            "flags": 7,
            "default_stream_id": 9,
            "mmio_reporting_offset": 0xD0000000,
            "bind_p2p_address_mask": 1,
        },
        "83",
        "0700 09 00 000000d000000000 0100000000000000",
    ),
    (
        tdisp.LockInterfaceResponse,
        {"start_interface_nonce": bytes(range(32))},
        "03",
        bytes(range(32)).hex(),
    ),
    (tdisp.GetDeviceInterfaceReport, {"offset": 64, "length": 36}, "84", "4000 2400"),
    (
        tdisp.DeviceInterfaceReport,
        {"report_bytes": b"abc", "remainder_length": 4},
        "04",
        "0300 0400 616263",
    ),
    (tdisp.DeviceInterfaceState, {"tdi_state": 3}, "05", "03"),
    (
        tdisp.StartInterfaceRequest,
        {"start_interface_nonce": b"\x55" * 32},
        "86",
        "55" * 32,
    ),
    (tdisp.BindP2pStreamRequest, {"p2p_stream_id": 3}, "88", "03"),
    (tdisp.UnbindP2pStreamRequest, {"p2p_stream_id": 3}, "89", "03"),
    (
        tdisp.SetMmioAttributeRequest,
        {
            "mmio_range": tdisp.MmioRange(
                first_page=2, number_of_pages=3, range_attributes=4, range_id=1
            ).build()
        },
        "8a",
        "0200000000000000 03000000 0400 0100",
    ),
    (
        tdisp.VdmRequest,
        {"registry_id": 0, "vendor_id": b"\x01\x02", "vendor_data": b"xyz"},
        "8b",
        "00 02 0102 78797a",
    ),
    (tdisp.SetTdispConfigRequest, {"tdisp_config": 3}, "8c", "03000000"),
    (tdisp.TdispError, {"error_code": 0x104, "error_data": 5}, "7f", "04010000 05000000"),
    *(
        (kind, {}, f"{kind.CODE:02x}", "")
        for kind in (
            tdisp.GetDeviceInterfaceState,
            tdisp.StartInterfaceResponse,
            tdisp.StopInterfaceRequest,
            tdisp.StopInterfaceResponse,
            tdisp.BindP2pStreamResponse,
            tdisp.UnbindP2pStreamResponse,
            tdisp.SetMmioAttributeResponse,
            tdisp.SetTdispConfigResponse,
        )
    ),
]
TSP_SIZES = [
    (tsp.GetTargetCapabilitiesRsp(), 52),
    (tsp.SetTargetConfiguration(), 352),
    (tsp.GetTargetConfigurationRsp(), 192),
    (tsp.SetTargetCkidSpecificKey(ckid=1), 80),
    (tsp.SetTargetCkidRandomKey(ckid=1), 80),
    (tsp.ClearTargetCkidKey(ckid=1), 8),
    (tsp.SetTargetRangeSpecificKey(range_id=1), 96),
    (tsp.SetTargetRangeRandomKey(range_id=1), 96),
    (tsp.ClearTargetRangeKey(range_id=1), 8),
    (tsp.SetTargetTeState(memory_ranges=bytes(32)), 48),
    (tsp.CheckTargetDelayedCompletion(), 4),
    (tsp.DelayedRsp(delay_time=1), 8),
    (tsp.TspErrorRsp(error_code=1), 12),
]


def response(payload, vendor=PCI_SIG):
    return VendorDefinedResponse(
        spdm_version=0x12, standard_id=3, vendor_id=vendor, payload=payload
    ).build(V12)


def shown(payload, vendor=PCI_SIG):
    return "\n".join(text_of(describe(response(payload, vendor), V12)))


@pytest.mark.parametrize(("message", "wanted"), IDE_MESSAGES, ids=lambda v: getattr(v, "name", ""))
def test_ide_km_layouts(message, wanted):
    assert message.build() == bytes.fromhex(wanted)
    assert ide_km.IDE_KM.parse(bytes.fromhex(wanted)) == message


@pytest.mark.parametrize(
    ("kind", "fields", "code", "body"), TDISP_BODIES, ids=lambda v: getattr(v, "__name__", "")
)
def test_tdisp_layouts(kind, fields, code, body):
    message = kind(interface_id=INTERFACE_ID, **fields)
    wanted = bytes.fromhex(f"10 {code} 0000") + INTERFACE_ID + bytes.fromhex(body)
    assert message.build() == wanted
    parsed = tdisp.TDISP.parse(wanted)
    assert type(parsed) is kind
    assert parsed.build() == wanted


@pytest.mark.parametrize(("message", "size"), TSP_SIZES, ids=lambda v: getattr(v, "name", ""))
def test_tsp_sizes(message, size):
    assert len(message.build()) == size


def test_a_cxl_key_has_an_iv_of_12_bytes():
    sub_stream = cxl_key_sub_stream(Direction.TX, bit_3=True)
    assert sub_stream == 0x8A
    key = CxlKeyProg(key_sub_stream=sub_stream, key=bytes(32), iv=bytes(12))
    assert len(key.build()) == 51


def test_keys_on_the_wire_have_the_bytes_of_each_dword_in_the_other_order():
    """The example of a public validator's notes on key byte order."""
    aes, on_wire = bytes.fromhex("df254152056e02e0"), bytes.fromhex("524125dfe0026e05")
    assert ide_km.swapped_dwords(on_wire) == aes
    assert ide_km.swapped_dwords(aes) == on_wire
    first = ide_km.swapped_dwords((1).to_bytes(8, "big"))
    assert first == bytes.fromhex("0000000001000000")
    iv = bytes.fromhex("800000000000000000000001")
    assert ide_km.swapped_dwords(iv)[:4] == bytes.fromhex("00000080")


def test_sub_streams_are_told_in_words():
    cpl_tx_k1 = ide_km.key_sub_stream(SubStream.CPL, Direction.TX, KeySet.K1)
    assert (cpl_tx_k1, ide_km.key_sub_stream_text(cpl_tx_k1)) == (0x23, "CPL TX K1")
    assert ide_km.key_sub_stream_text(0xF4) == "sub-stream 15 RX K0, reserved 0x4"


def test_an_interface_report_has_ranges():
    ranges = [tdisp.MmioRange(first_page=n, number_of_pages=1, range_id=n) for n in (0, 2)]
    report = tdisp.InterfaceReport(
        interface_info=3,
        mmio_ranges=b"".join(one.build() for one in ranges),
        device_specific_info=b"info",
    )
    data = report.build()
    assert len(data) == 16 + 2 * 16 + 4 + 4
    parsed = tdisp.InterfaceReport.parse(data)
    assert (parsed.mmio_range_count, parsed.ranges()) == (2, ranges)


@pytest.mark.parametrize("lie", [1, 3, 0xFFFFFFFF])
def test_a_report_with_another_number_of_ranges_is_refused(lie):
    report = tdisp.InterfaceReport(mmio_range_count=lie, mmio_ranges=bytes(32))
    with pytest.raises(WireError):
        tdisp.InterfaceReport.parse(report.build())


def test_ide_registers_are_taken_apart():
    selective = ide_km.SelectiveStream(capability=1, address_associations=bytes(12))
    registers = ide_km.IdeRegisters(
        capability=0x00010043 | 1 << 13,
        link_streams=ide_km.LinkStream(control=0x05000001, status=2).build() * 2,
        selective_streams=selective.build() + ide_km.SelectiveStream().build(),
    ).build()
    assert len(registers) == 8 + 2 * 8 + 32 + 20
    text = shown(b"\0" + ide_km.QueryResp(ide_registers=registers).build())
    assert text.count("address_associations") == 1
    assert "link_streams[1]" in text
    assert "(ENABLE, 0x5000000)" in text
    assert "(unread)" not in text


def test_every_protocol_has_its_messages_by_code():
    for protocol in PROTOCOLS.values():
        for kind in protocol.messages:
            position = list(kind._fields).index(kind.CODE_FIELD)
            data = bytes(position) + bytes([kind.CODE])
            assert protocol.class_of(data) is kind
    assert {kind.CODE for kind in ide_km.IDE_KM.messages} == set(ObjectId)
    assert {kind.CODE for kind in tdisp.TDISP.messages} == set(TdispType)


def test_an_unknown_code_is_raw_and_keeps_its_bytes():
    data = bytes([0x10, 0x8F, 0, 0]) + INTERFACE_ID + b"more"
    message = tdisp.TDISP.parse(data)
    assert isinstance(message, tdisp.RawTdisp)
    assert (message.name, message.body, message.build()) == ("0x8f", b"more", data)
    assert "body: 6d6f7265" in shown(b"\1" + data)


@pytest.mark.parametrize(
    ("standard", "vendor", "payload"),
    [
        (4, PCI_SIG, b"\1" + bytes(17)),
        (3, b"\x01\x00\x00\x00", b"\1" + bytes(17)),
        (3, bytes.fromhex("0200"), b"\1" + bytes(17)),
        (3, PCI_SIG, b"\2" + bytes(17)),
        (3, PCI_SIG, b""),
        (3, PCI_SIG, b"\0"),
        (3, PCI_SIG, b"\1\x10"),
    ],
)
def test_what_is_no_message_of_a_known_protocol_is_refused(standard, vendor, payload):
    with pytest.raises(WireError):
        parse_payload(standard, vendor, payload)


def test_decoding_shows_the_protocol_and_the_message():
    lock = tdisp.LockInterfaceRequest(interface_id=INTERFACE_ID, flags=5, default_stream_id=1)
    text = shown(build_payload(1, lock))
    assert "protocol_id: 01 (TDISP)" in text
    assert "lock_interface_request:" in text
    assert "function_id: 0x00000128 (01:05.0)" in text
    assert "flags: 0x0005 (NO_FW_UPDATE, LOCK_MSIX)" in text


def test_decoding_shows_the_payload_of_a_vendor_without_an_id():
    assert "payload: 0110" in shown(b"\1\x10", vendor=b"")


def test_decoding_shows_a_report_that_is_whole_in_its_portion():
    report = tdisp.InterfaceReport(
        mmio_ranges=tdisp.MmioRange(first_page=1, number_of_pages=2, range_attributes=4).build()
    )
    whole = tdisp.DeviceInterfaceReport(report_bytes=report.build())
    assert "range_attributes: 0x0004 (IS_NON_TEE_MEM)" in shown(build_payload(1, whole))
    part = whole.replace(remainder_length=1)
    assert "range_attributes" not in shown(build_payload(1, part))


@pytest.mark.parametrize("payload", [b"\1" + bytes.fromhex("1083000000"), b"\1\x10"])
def test_decoding_shows_the_bytes_of_what_cannot_be_read(payload):
    text = shown(payload)
    assert f"protocol_id: {payload[:1].hex()}" in text
    assert f"(unread): {payload[1:].hex()}" in text


@pytest.mark.parametrize("record", [VendorDefinedRequest, VendorDefinedResponse])
def test_addresses_reach_into_payloads(record):
    check_address(record, "payload.lock_interface_response.start_interface_nonce")
    check_address(record, "payload.tdisp_capabilities.interface_id.function_id")
    check_address(
        record,
        "payload.device_interface_report.report_bytes.interface_report.mmio_ranges[-1].range_id",
    )
    check_address(record, "payload.cxl_kp_ack.status")
    check_address(record, "payload.query_resp.ide_registers.selective_streams[1].status")
    with pytest.raises(AddressError):
        check_address(record, "payload.kp_ack.state")
    for address in addresses(record):
        check_address(record, address)


def test_part_names_are_those_of_one_message():
    named = [kind for kind in PART_RECORDS[VendorDefinedResponse, "payload"].values() if kind]
    declared = [kind for one in PROTOCOLS.values() for kind in (*one.messages, one.raw)]
    assert sorted(kind.__name__ for kind in named) == sorted(kind.__name__ for kind in declared)


def test_faults_change_what_is_in_a_payload():
    state = tdisp.DeviceInterfaceState(interface_id=INTERFACE_ID, tdi_state=0)
    subject = Subject.of_bytes(response(build_payload(1, state)), V12)
    lie = Set(field="payload.device_interface_state.tdi_state", value=2)
    edit(subject, lie, None, None)
    wanted = response(build_payload(1, state.replace(tdi_state=2)))
    assert subject.bytes() == wanted


def test_lengths_around_a_changed_payload_follow():
    report = tdisp.DeviceInterfaceReport(interface_id=INTERFACE_ID, report_bytes=b"a" * 8)
    subject = Subject.of_bytes(response(build_payload(1, report)), V12)
    cut = Truncate(field="payload.device_interface_report.report_bytes", by=3)
    edit(subject, cut, None, None)
    wanted = report.replace(report_bytes=b"a" * 5)
    assert subject.bytes() == response(build_payload(1, wanted))


def every_family():
    return pytest.mark.parametrize("family", PROTOCOLS.values(), ids=lambda one: one.name)


@every_family()
@QUICK
@given(data=st.data())
def test_whatever_bytes_come_they_rebuild_or_are_refused(family: Family, data):
    code = data.draw(st.sampled_from([kind.CODE for kind in family.messages]))
    head = bytes([code]) if family.raw.CODE_FIELD == "object_id" else bytes([0x10, code])
    message = head + data.draw(st.binary(max_size=80))
    try:
        parsed = family.parse(message)
    except WireError:
        return
    assert parsed.build() == message
    assert [span.end for span in spans(type(parsed), message)][-1] == len(message)


FIXED = [
    (family, message)
    for family, message in [
        *((ide_km.IDE_KM, message) for message, _ in IDE_MESSAGES),
        *((tdisp.TDISP, kind(**fields)) for kind, fields, _, _ in TDISP_BODIES),
        *((tsp.TSP, message) for message, _ in TSP_SIZES),
        (CXL_IDE_KM, CxlKeyProg(key=bytes(32), iv=bytes(12))),
    ]
    if not open_ended(type(message))
]


@pytest.mark.parametrize(("family", "message"), FIXED, ids=lambda v: v.name)
def test_a_message_of_another_size_is_refused(family, message):
    data = message.build()
    for other in (data[:-1], data + bytes(1)):
        with pytest.raises(WireError):
            family.parse(other)
