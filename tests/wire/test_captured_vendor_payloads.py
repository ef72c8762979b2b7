"""Ground truth: IDE_KM, TDISP, CXL_IDE_KM and TSP messages of an independent implementation."""

from collections import Counter

from captures.loader import runs
from captures.replay import replay

from responder.faults.place import loosen
from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.ide import FIRST_INVOCATION
from responder.wire.context import WireContext
from responder.wire.describe import describe
from responder.wire.ide_km import KeyProg, swapped_dwords
from responder.wire.registry import parse_message
from responder.wire.tdisp import DeviceInterfaceReport, InterfaceReport
from responder.wire.vendor_payload import build_payload, parse_payload, protocol_of

VENDOR_DEFINED = (RequestCode.VENDOR_DEFINED_REQUEST, ResponseCode.VENDOR_DEFINED_RESPONSE)
CAPTURED = {
    "IDE_KM": {
        "QUERY": 9,
        "QUERY_RESP": 9,
        "KEY_PROG": 54,
        "KP_ACK": 54,
        "K_SET_GO": 54,
        "K_SET_STOP": 54,
        "K_GOSTOP_ACK": 108,
    },
    "TDISP": {
        "GET_TDISP_VERSION": 9,
        "TDISP_VERSION": 9,
        "GET_TDISP_CAPABILITIES": 9,
        "TDISP_CAPABILITIES": 9,
        "LOCK_INTERFACE_REQUEST": 9,
        "LOCK_INTERFACE_RESPONSE": 9,
        "GET_DEVICE_INTERFACE_REPORT": 18,
        "DEVICE_INTERFACE_REPORT": 18,
        "GET_DEVICE_INTERFACE_STATE": 36,
        "DEVICE_INTERFACE_STATE": 36,
        "START_INTERFACE_REQUEST": 9,
        "START_INTERFACE_RESPONSE": 9,
        "STOP_INTERFACE_REQUEST": 9,
        "STOP_INTERFACE_RESPONSE": 9,
    },
    "CXL_IDE_KM": {
        "QUERY": 9,
        "QUERY_RESP": 9,
        "GET_KEY": 9,
        "GET_KEY_ACK": 9,
        "KEY_PROG": 18,
        "KP_ACK": 18,
        "K_SET_GO": 18,
        "K_SET_STOP": 18,
        "K_GOSTOP_ACK": 36,
    },
    "TSP": {
        "GET_TARGET_TSP_VERSION": 13,
        "GET_TARGET_TSP_VERSION_RSP": 13,
        "GET_TARGET_CAPABILITIES": 13,
        "GET_TARGET_CAPABILITIES_RSP": 13,
        "SET_TARGET_CONFIGURATION": 4,
        "SET_TARGET_CONFIGURATION_RSP": 4,
        "GET_TARGET_CONFIGURATION": 16,
        "GET_TARGET_CONFIGURATION_RSP": 16,
        "GET_TARGET_CONFIGURATION_REPORT": 8,
        "GET_TARGET_CONFIGURATION_REPORT_RSP": 8,
        "LOCK_TARGET_CONFIGURATION": 4,
        "LOCK_TARGET_CONFIGURATION_RSP": 4,
        "SET_TARGET_TE_STATE": 16,
        "SET_TARGET_TE_STATE_RSP": 16,
    },
}
"""How many of each message there are."""


def carriers():
    """Every captured VENDOR_DEFINED message, with how it was seen and in which run."""
    for run in runs():
        for seen in replay(run):
            if seen.code in VENDOR_DEFINED:
                yield parse_message(seen.data, seen.context, padding=run.padding), seen, run


def inside(carrier):
    """The message in a VENDOR_DEFINED message."""
    return parse_payload(carrier.standard_id, carrier.vendor_id, carrier.payload)


def test_every_captured_payload_rebuilds_byte_for_byte():
    counts = {}
    for carrier, _, _ in carriers():
        protocol = protocol_of(carrier.standard_id, carrier.vendor_id, carrier.payload)
        message = inside(carrier)
        assert type(message) is not protocol.raw
        computed = loosen(message, WireContext())
        for one in (message, computed):
            assert build_payload(carrier.payload[0], one) == carrier.payload
        counts.setdefault(protocol.name, Counter())[message.name] += 1
    assert counts == CAPTURED


def test_captured_payloads_are_described_to_their_last_byte():
    parts = Counter()
    for _, seen, run in carriers():
        description = describe(seen.data, seen.context, padding=run.padding)
        assert description.problem is None
        names = [line.name for line in description.lines]
        assert "(unread)" not in names
        parts[names[names.index("protocol_id") + 1]] += 1
    assert parts.total() == sum(sum(counts.values()) for counts in CAPTURED.values())
    assert parts["lock_interface_request"] == CAPTURED["TDISP"]["LOCK_INTERFACE_REQUEST"]


def test_captured_report_portions_make_one_report():
    portions, reports = b"", Counter()
    for carrier, _, _ in carriers():
        message = inside(carrier)
        if isinstance(message, DeviceInterfaceReport):
            portions += message.report_bytes
            if not message.remainder_length:
                report = InterfaceReport.parse(portions)
                assert report.build() == loosen(report, WireContext()).build() == portions
                assert report.device_specific_info == b"tdisp_dev_emu\0\0\0"
                assert all(one.number_of_pages for one in report.ranges())
                reports[len(report.ranges())] += 1
                portions = b""
    assert portions == b""
    assert reports == {4: 9}


def test_captured_invocation_fields_are_1():
    fields = Counter()
    for carrier, _, _ in carriers():
        message = inside(carrier)
        if isinstance(message, KeyProg):
            fields[int.from_bytes(swapped_dwords(message.ifv), "big")] += 1
    assert fields == {FIRST_INVOCATION: CAPTURED["IDE_KM"]["KEY_PROG"]}
