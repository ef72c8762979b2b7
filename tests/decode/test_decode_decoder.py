"""Payloads are taken apart; what came before in their conversation counts."""

import pytest
from captures.loader import recordings
from replay.folders import write_runs
from wire.corpus.reader import HERE as CORPUS

from responder.decode.decoder import Decoder
from responder.decode.payload import Payload
from responder.decode.source import path_payloads
from responder.transport.socket_frame import TransportType, wrap_frame

GET_VERSION, VERSION = bytes.fromhex("10840000"), bytes.fromhex("1004000000010012")
RECORD = bytes.fromhex("0100ff0f 0000 0400 aabbccdd")


def decode(*payloads, **options):
    decoder = Decoder(**options)
    return [found for payload in payloads for found in decoder.decode(payload)]


def test_a_message():
    (found,) = decode(Payload(GET_VERSION, connection=3, received=True))
    assert (found.number, found.kind, found.name) == (1, "message", "GET_VERSION")
    assert (found.title, found.origin) == ("GET_VERSION 1.0, 4 bytes", "connection 3")
    assert (found.direction, found.binding, found.session) == ("request", "none", None)
    assert [line.name for line in found.lines] == ["spdm_version", "code", "param1", "param2"]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("received", "expected"), [(True, "request"), (False, "response"), (None, "response")]
)
def test_the_direction_is_as_seen_else_as_the_code_says(received, expected):
    (found,) = decode(Payload(VERSION, received=received))
    assert found.direction == expected


def test_frames_in_a_payload_are_payloads():
    stream = wrap_frame(1, 0, GET_VERSION) + wrap_frame(0xDEAD, 0, b"hello") + b"\0"
    found = decode(Payload(stream))
    assert [(one.number, one.kind, one.name) for one in found] == [
        (1, "message", "GET_VERSION"),
        (2, "other", "socket command TEST"),
        (2, "other", ""),
    ]
    assert found[2].problems == ("the stream ends after 1 of 12 bytes of a frame header",)


def test_what_a_payload_lacks_is_a_problem_of_its_last_part():
    (found,) = decode(Payload(GET_VERSION, problem="half a byte at the end"))
    assert (found.name, found.problems) == ("GET_VERSION", ("half a byte at the end",))


def test_a_wrong_header_leaves_bytes():
    (found,) = decode(Payload(GET_VERSION, transport=TransportType.PCI_DOE))
    assert (found.kind, found.name, found.data) == ("other", "payload", GET_VERSION)
    assert found.problems == ("4 bytes are no DOE header",)


def test_what_a_record_carried_has_its_number():
    place = {"connection": 1, "received": False}
    found = decode(
        Payload(b"\6" + RECORD, transport=TransportType.MCTP, **place),
        Payload(VERSION, transport=TransportType.NONE, session=0x0FFF0001, inside=True, **place),
        Payload(GET_VERSION, transport=TransportType.NONE, session=7, **place),
    )
    assert [(one.number, one.kind, one.session) for one in found] == [
        (1, "record", 0x0FFF0001),
        (1, "message", 0x0FFF0001),
        (2, "message", 7),
    ]
    assert found[1].origin == "connection 1, session 0x0fff0001"


def test_a_storage_command_is_acknowledged_before_its_record_is_open():
    place = {"connection": 1, "transport": 4}
    found = decode(
        Payload(
            bytes.fromhex("e81800100000 00") + bytes(4) + RECORD, command=2, received=True, **place
        ),
        Payload(bytes(2), command=4, received=False, **place),
        Payload(GET_VERSION, transport=0, session=1, inside=True, received=True, connection=1),
    )
    assert [(one.number, one.name) for one in found] == [
        (1, "secured record"),
        (2, "socket command ACK_STATUS"),
        (1, "GET_VERSION"),
    ]


def test_conversations_do_not_mix():
    """The request of one is not what the other's response answers."""
    run = next(one for one in recordings() if one.name == "v12-mctp-p384-dhe-nomut")
    plain = [one for one in run.exchanges if one.command == 1 and one.request[0] == 5]
    payloads = []
    for one in plain:
        for data, received in ((one.request, True), (one.response, False)):
            for number, name in ((1, ""), (1, "case"), (2, "")):
                payloads.append(
                    Payload(
                        data,
                        transport=run.transport,
                        received=received,
                        connection=number,
                        conversation=name,
                    )
                )
    found = decode(*payloads)
    assert not any(one.problems for one in found)
    assert len(found) == 6 * len(plain)


@pytest.mark.parametrize("name", ["v14-mctp-mldsa65-secp384", "v13-doe-p384-app", "v11-tcp-p384"])
def test_all_of_a_recorded_run_can_be_read(name, tmp_path):
    found = decode(*path_payloads(write_runs(tmp_path, [name])))
    assert [one.title for one in found if one.problems] == []
    kinds = {one.kind for one in found}
    assert {"message", "record", "other"} <= kinds
    assert ("large" in kinds) == ("mldsa" in name)


def test_a_large_message_is_shown_behind_its_last_chunk(tmp_path):
    found = decode(*path_payloads(write_runs(tmp_path, ["v14-mctp-mldsa65-secp384"])))
    at = next(number for number, one in enumerate(found) if one.kind == "large")
    assert found[at - 1].name == "CHUNK_RESPONSE"
    assert (found[at].name, found[at].origin) == ("CERTIFICATE", "in chunks")
    assert len(found[at].data) > len(found[at - 1].data)
    assert found[at].number == found[at - 1].number


def test_sizes_that_nobody_negotiated_are_missing():
    text = (CORPUS / "CHALLENGE_AUTH/1.2-summary.hex").read_text().split("\n", 2)[2]
    (found,) = decode(Payload(bytes.fromhex("".join(text.split()))))
    assert found.context_missing
    (found,) = decode(Payload(GET_VERSION[:3]))
    assert not found.context_missing


def test_the_conversation_that_was_silent_longest_is_forgotten(monkeypatch):
    monkeypatch.setattr("responder.decode.decoder._MAX_CONVERSATIONS", 2)
    decoder = Decoder()
    for connection in (1, 2, 1, 3):
        list(decoder.decode(Payload(GET_VERSION, connection=connection)))
    assert [connection for _, connection in decoder._followed] == [1, 3]
