"""Ground truth: recorded conversations of an independent implementation, field by field."""

import struct

import pytest
from captures.loader import MCTP, NONE, PCI_DOE, TCP, recordings
from comparing import assert_same, complaints, described, payloads, plaintext, told
from pdml import dissect, tshark

from responder.observe.pcapng import PcapngWriter
from responder.replay.recording import REQUEST
from responder.transport.socket_frame import wrap_frame

LONG = 120
"""Exchanges of a run; longer ones repeat themselves."""
EVERY = {NONE: 1, MCTP: 4, PCI_DOE: 1, TCP: 1}
"""One run of so many is compared."""
TOOL_MADE = ("all-doe-default", "all-mctp-default", "v12-mctp-default", "v13-doe-p384-app")
"""Runs of which the tool wrote a capture itself: packets with these very bytes."""
MCTP_HEADER = bytes.fromhex("000000c0")
LINK_MCTP, LINK_DOE, LINK_USER = 291, 292, 147
"""Link types of those captures; of the first Wireshark knows nothing, and it has to be changed."""
USER_IS_MCTP = ("-o", 'uat:user_dlts:"User 0 (DLT=147)","spdm_mctp","0","","0",""')


def write_runs(path, runs):
    """A capture of recorded runs, each a connection, with the interface for plaintext."""
    with path.open("wb") as file:
        writer = PcapngWriter(file, "test", 2323, plaintext=True)
        for number, run in enumerate(runs, 1):
            for exchange, side, data in payloads(run):
                received, frame = side == REQUEST, wrap_frame(exchange.command, run.transport, data)
                writer.message(0.0, number, frame, received=received)
                if (inside := plaintext(run, exchange, side)) is not None:
                    writer.plaintext(0.0, number, 1, inside[0], received=received, kind=inside[1])
        writer.close()
    return path


def words(title):
    return title.replace(",", "").split()


def compare(descriptions, shown):
    """Everything is shown, and shown as it is described; how many messages that were."""
    assert len(descriptions) == len(shown)
    compared = 0
    for description, one in zip(descriptions, shown, strict=True):
        if description is not None:
            assert_same(list(told(description)), one)
            assert bool(description.problem) == bool(complaints(one)), one
            assert set(words(description.title)) <= set(words(one.title))
            compared += 1
    return compared


@pytest.mark.parametrize("transport", EVERY, ids=["none", "mctp", "doe", "tcp"])
def test_every_field_of_recorded_runs(lua, tmp_path, transport):
    runs = [run for run in recordings() if run.transport == transport]
    runs = [run for run in runs if len(run.exchanges) < LONG][:: EVERY[transport]]
    shown = dissect(lua, write_runs(tmp_path / "runs.pcapng", runs))
    assert compare([one for run in runs for one in described(run)], shown) > 100


def write_as_the_tool_does(path, run, link):
    """The file of ``--pcap`` of spdm-emu: a packet for each message, times in whole seconds."""
    header = MCTP_HEADER if run.transport == MCTP else b""
    packets = [header + data for exchange, _, data in payloads(run) if exchange.command == 1]
    text = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65536, link)
    for packet in packets:
        text += struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet
    path.write_bytes(text)
    return path


@pytest.mark.parametrize("name", TOOL_MADE)
def test_every_field_of_the_captures_that_the_tool_makes(lua, tmp_path, name):
    run = next(run for run in recordings() if run.name == name)
    link, options = (LINK_USER, USER_IS_MCTP) if run.transport == MCTP else (LINK_DOE, ())
    path = write_as_the_tool_does(tmp_path / "tool.pcap", run, link)
    shown = dissect(lua, path, *options)
    assert compare(list(described(run, tool_made=True)), shown) > 50


def test_packets_of_the_protocol_that_owns_a_link_type_are_left_to_it(lua, tmp_path):
    frame = bytes.fromhex("dead0700060100000000")
    text = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65536, LINK_DOE)
    text += struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame
    path = tmp_path / "other.pcap"
    path.write_bytes(text)
    assert tshark(lua, path, "-T", "fields", "-e", "_ws.col.Protocol").strip() != "SPDM"
    assert "spdm.unread" not in tshark(lua, path, "-T", "pdml")


def test_what_is_learned_when_packets_are_first_seen_holds_afterwards(lua, tmp_path):
    names = ("v12-mctp-p384-mut-wencap", "v14-doe-mldsa65-mlkem768", "v13-tcp-p384")
    runs = [run for run in recordings() if run.name in names]
    path = write_runs(tmp_path / "runs.pcapng", runs)
    assert len(runs) == len(names)
    assert dissect(lua, path, "-2") == dissect(lua, path)
