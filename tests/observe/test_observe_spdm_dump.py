"""Files for spdm-dump are byte for byte as the reference emulator writes them."""

import io
import struct

import pytest
from captures.loader import runs

from responder.observe.batch import Batch
from responder.observe.entry import Entry
from responder.observe.spdm_dump import SpdmDump
from responder.server.events import BytesReceived, BytesSent, WireClosed, WireOpened
from responder.transport.socket_frame import wrap_frame

NORMAL, TEST = 1, 0xDEAD
NONE, MCTP, DOE = range(3)


def written(*events, begin=0):
    file = io.BytesIO()
    dump = SpdmDump(Batch(file), begin)
    dump.take([Entry(0.5, 1, event) for event in events])
    dump.close()
    return file.getvalue(), dump.left_out


@pytest.mark.parametrize(
    ("name", "header", "before"),
    [("v12-mctp-default", "23010000", "000000c0"), ("v12-doe-p384-app", "24010000", "")],
)
def test_a_recorded_conversation(name, header, before):
    run = next(one for one in runs() if one.name == name)
    events, expected = [WireOpened(1, "spdm-emu", "", "")], []
    for exchange in run.exchanges:
        for kind, payload in ((BytesReceived, exchange.request), (BytesSent, exchange.response)):
            events.append(kind(1, wrap_frame(exchange.command, run.transport, payload)))
            if exchange.command == NORMAL:
                expected.append(bytes.fromhex(before) + payload)
    data, left_out = written(*events, begin=1_700_000_000_250_000_000)
    assert left_out == 0
    assert data[:24].hex() == "d4c3b2a1020004000000000000000000" + "00000100" + header
    data = data[24:]
    for packet in expected:
        size = len(packet)
        assert struct.unpack_from("<IIII", data) == (1_700_000_000, 750_000, size, size)
        assert data[16 : 16 + size] == packet
        data = data[16 + size :]
    assert data == b""


def test_other_transports_have_no_place():
    frames = [(TEST, NONE, b"hello"), (NORMAL, NONE, b"no"), (NORMAL, DOE, b"object")]
    stream = b"".join(wrap_frame(*frame) for frame in (*frames, (NORMAL, MCTP, b"no")))
    data, left_out = written(WireOpened(1, "spdm-emu", "", ""), BytesReceived(1, stream))
    assert data[20:24].hex() == "24010000"
    assert data.endswith(b"object")
    assert left_out == 2


def test_a_conversation_without_messages_is_a_file_all_the_same():
    data, _ = written(WireOpened(1, "spdm-emu", "", ""), WireClosed(1, "it left"))
    assert len(data) == 24


def test_a_packet_too_large_for_the_tool_is_cut():
    events = (WireOpened(1, "mailbox", "", ""), BytesReceived(1, bytes(0x10004)))
    data, _ = written(*events)
    assert struct.unpack_from("<II", data, 24 + 8) == (0x10000, 0x10004)
    assert len(data) == 24 + 16 + 0x10000
