"""The two keys of a CXL port."""

import pytest
from requester.cases import put
from requester.cxl_peer import PORT, STREAM, CxlPeer, talk
from requester.test_requester_protocols import RUNS, RecordedPeer, recorded

from responder.crypto.random_tree import RandomTree
from responder.requester.tdi_options import TdiOptions
from responder.wire import cxl_ide_km as ide
from responder.wire.ide_km import swapped_dwords

FLOW = ("cxl-query", "cxl-get-key", "cxl-keys", "cxl-go", "cxl-stop")


def sent(peer, kind):
    return [message for message in peer.asked if isinstance(message, kind)]


def test_both_directions_get_keys():
    peer = CxlPeer()
    outcome = talk(peer, *FLOW[:-1])
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.observed == []
    keys = sent(peer, ide.CxlKeyProg)
    assert [one.key_sub_stream for one in keys] == [0x88, 0x8A]
    assert [one.key_sub_stream for one in sent(peer, ide.CxlKSetGo)] == [0x80, 0x82]
    assert {one.stream_id for one in keys} == {STREAM}
    found = outcome.report.cxl_port
    assert (found.port_index, found.max_port_index, found.function) == (PORT, 1, "01:00.0")
    assert (found.version, found.capabilities) == (1, ["IV_GEN", "KEY_GEN", "K_SET_STOP"])
    assert found.keys == ["stream 3 RX, in use", "stream 3 TX, in use"]


def test_keys_are_drawn_and_the_iv_is_the_default_one():
    peer = CxlPeer()
    talk(peer, "cxl-keys", "cxl-keys")
    stream = RandomTree(b"requester").child("ide-key")
    keys = [swapped_dwords(one.key) for one in sent(peer, ide.CxlKeyProg)]
    assert keys == [stream.bytes(32) for _ in range(4)]
    assert {one.iv.hex() for one in sent(peer, ide.CxlKeyProg)} == {"00000080" + "00" * 8}


def test_keys_are_stopped():
    peer = CxlPeer()
    outcome = talk(peer, *FLOW)
    assert [one.key_sub_stream for one in sent(peer, ide.CxlKSetStop)] == [0x80, 0x82]
    assert outcome.report.cxl_port.keys == []


@pytest.mark.parametrize(
    ("step", "kind", "name"),
    [
        ("cxl-get-key", ide.CxlGetKey, "KEY_GEN"),
        ("cxl-stop", ide.CxlKSetStop, "K_SET_STOP"),
    ],
)
def test_what_a_port_does_not_support_is_left_out(step, kind, name):
    peer = CxlPeer(says={ide.CxlQueryResp: put(caps=1)})
    outcome = talk(peer, step)
    assert not sent(peer, kind)
    assert [(seen.id, seen.detail) for seen in outcome.report.observations] == [
        ("cxl.unsupported", name)
    ]


@pytest.mark.parametrize("key", [bytes(32), b"\5" * 32])
def test_an_odd_key_of_the_port_is_noted(key):
    peer = CxlPeer(says={ide.CxlGetKeyAck: put(key=key)})
    assert "cxl.key-odd" in talk(peer, "cxl-get-key").observed


def test_a_port_above_the_highest_one_is_noted():
    peer = CxlPeer(says={ide.CxlQueryResp: put(max_port_index=0)})
    assert talk(peer, "cxl-query").observed == ["cxl.max-port"]


@pytest.mark.parametrize("kind", [ide.CxlGetKeyAck, ide.CxlKGostopAck, ide.CxlKpAck])
@pytest.mark.parametrize(
    ("lie", "check"),
    [
        ({"stream_id": 9}, "cxl.stream"),
        ({"key_sub_stream": 0}, "cxl.sub-stream"),
        ({"port_index": 9}, "cxl.port"),
    ],
)
def test_every_answer_echoes(kind, lie, check):
    assert talk(CxlPeer(says={kind: put(**lie)}), *FLOW).check == check


@pytest.mark.parametrize("status", [1, 2, 255])
def test_a_key_that_was_not_taken_is_not_used(status):
    peer = CxlPeer(says={ide.CxlKpAck: put(status=status)})
    assert talk(peer, "cxl-keys", "cxl-go").check == "cxl.status"
    assert not sent(peer, ide.CxlKSetGo)


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_the_reference_responders_port(run):
    """It was programmed with other bits in the byte of the key, so that is left out."""
    peer = RecordedPeer(exchanges=recorded(run))
    outcome = talk(peer, "cxl-query", "cxl-go", "cxl-stop", tdi=TdiOptions())
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.report.cxl_port.max_port_index == 7
    assert outcome.report.cxl_port.capabilities == ["IV_GEN", "KEY_GEN", "K_SET_STOP"]
