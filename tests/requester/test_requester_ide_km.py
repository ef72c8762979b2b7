"""Keys for a stream: what goes onto the wire, and what is noticed of the port."""

import pytest
from requester.cases import put
from requester.peer import error
from requester.tdi_peer import FUNCTION_ID, STREAM, TdiPeer, talk

from responder.crypto.random_tree import RandomTree
from responder.spec.codes import ErrorCode, RequestCode
from responder.spec.ide import KeySet, KpAckStatus
from responder.spec.versions import V12
from responder.wire import ide_km
from responder.wire.ide_km import swapped_dwords

RECEIVERS_FIRST = [0x00, 0x10, 0x20, 0x02, 0x12, 0x22]


def sent(peer, kind):
    return [message for message in peer.asked if isinstance(message, kind)]


def test_six_keys_are_programmed_and_used_receivers_first():
    peer = TdiPeer()
    outcome = talk(peer, "ide-query", "ide-keys", "ide-go", "ide-query")
    assert outcome.report.verdict == "attested"
    assert outcome.observed == []
    assert [m.key_sub_stream for m in sent(peer, ide_km.KeyProg)] == RECEIVERS_FIRST
    assert [m.key_sub_stream for m in sent(peer, ide_km.KSetGo)] == RECEIVERS_FIRST
    assert {m.stream_id for m in peer.asked if hasattr(m, "stream_id")} == {STREAM}
    found = outcome.report.ide
    assert (found.function, found.max_port_index) == ("01:05.0", 1)
    assert found.capabilities == ["SELECTIVE_IDE", "IDE_KM"]
    assert [(s.kind, s.stream_id, s.state) for s in found.streams] == [
        ("selective", STREAM, "SECURE")
    ]
    assert found.keys[0] == "stream 3 PR RX K0, in use"
    assert len(found.keys) == 6


def test_the_invocation_field_is_1_with_the_high_dword_first():
    peer = TdiPeer()
    talk(peer, "ide-keys")
    assert {m.ifv.hex() for m in sent(peer, ide_km.KeyProg)} == {"0000000001000000"}


def test_keys_are_drawn_in_the_order_of_aes_and_none_comes_twice():
    peer = TdiPeer()
    talk(peer, "ide-keys", "ide-go", "ide-refresh", "ide-stop", "ide-keys")
    keys = [swapped_dwords(m.key) for m in sent(peer, ide_km.KeyProg)]
    assert len(set(keys)) == len(keys) == 18
    stream = RandomTree(b"requester").child("ide-key")
    assert keys == [stream.bytes(32) for _ in keys]


@pytest.mark.parametrize("first", KeySet)
def test_a_refresh_takes_the_other_key_set(first):
    peer = TdiPeer()
    outcome = talk(peer, "ide-keys", "ide-go", "ide-refresh", "ide-stop", key_set=first)
    assert outcome.report.verdict == "attested"
    sets = [m.key_sub_stream & 1 for m in sent(peer, ide_km.KeyProg)]
    assert sets == [first] * 6 + [first ^ 1] * 6
    assert {m.key_sub_stream & 1 for m in sent(peer, ide_km.KSetStop)} == {first ^ 1}


@pytest.mark.parametrize("status", [1, 2, 3, 4, 5, 255])
def test_a_key_that_was_not_taken_is_not_used(status):
    peer = TdiPeer(says={ide_km.KpAck: put(status=status)})
    outcome = talk(peer, "ide-keys", "ide-go")
    assert outcome.check == "ide.status"
    assert not sent(peer, ide_km.KSetGo)
    named = status in list(KpAckStatus)
    text = KpAckStatus(status).name if named else f"reserved status {status}"
    assert text in outcome.report.refusal.reason


@pytest.mark.parametrize("kind", [ide_km.KSetGo, ide_km.KSetStop])
@pytest.mark.parametrize(
    ("lie", "check"),
    [
        ({"stream_id": 4}, "ide.stream"),
        ({"key_sub_stream": 0xF0}, "ide.sub-stream"),
        ({"port_index": 1}, "ide.port"),
    ],
)
def test_an_acknowledgement_echoes(kind, lie, check):
    peer = TdiPeer(says={ide_km.KGostopAck: put(**lie)})
    steps = ("ide-keys", "ide-go") if kind is ide_km.KSetGo else ("ide-stop",)
    assert talk(peer, *steps).check == check


def test_the_port_of_query_resp_is_the_one_asked():
    peer = TdiPeer(says={ide_km.QueryResp: put(port_index=1)})
    assert talk(peer, "ide-query").check == "ide.port"


@pytest.mark.parametrize(
    ("code", "check"), [(ErrorCode.INVALID_REQUEST, "err.refused"), (None, "vdm.standard-id")]
)
def test_a_device_that_knows_no_ide_km(code, check):
    request = RequestCode.VENDOR_DEFINED_REQUEST
    lie = error(V12, code) if code else bytes.fromhex("127e00000100000000")
    assert talk(TdiPeer(first={request: [lie]}), "ide-query").check == check


def ask_port(change, *steps, **tdi):
    peer = TdiPeer(says={ide_km.QueryResp: change})
    return talk(peer, *(steps or ("ide-query",)), **tdi).observed


def registers(**fields):
    def change(message):
        found = ide_km.IdeRegisters.parse(message.ide_registers).replace(**fields)
        return message.replace(ide_registers=found.build())

    return change


def test_a_port_above_the_highest_one_is_noted():
    assert ask_port(put(max_port_index=0), port_index=1) == ["ide.max-port"]


@pytest.mark.parametrize("lie", [{"bus_num": 2}, {"segment": 1, "bus_num": 2}])
def test_a_port_elsewhere_is_noted(lie):
    assert ask_port(put(**lie)) == ["ide.other-function"]


def test_a_port_in_another_segment_is_noted():
    function_id = 0x01010000 | FUNCTION_ID
    assert ask_port(put(segment=1), function_id=function_id) == []
    assert ask_port(put(segment=2), function_id=function_id) == ["ide.other-function"]


def test_registers_without_selective_streams_are_noted():
    lie = registers(capability=1 << 6, selective_streams=b"")
    assert ask_port(lie) == ["ide.no-selective", "ide.stream-unknown"]


def test_registers_that_do_not_add_up_are_noted():
    two = registers(capability=0x42 | 1 << 16)
    assert ask_port(two) == ["ide.registers-odd"]
    assert ask_port(lambda m: m.replace(ide_registers=m.ide_registers[:-4])) == [
        "ide.registers-odd"
    ]


def test_a_stream_that_does_not_become_secure_is_noted():
    steps = ("ide-query", "ide-keys", "ide-go", "ide-query")
    assert talk(TdiPeer(enabled=False), *steps).observed == ["ide.insecure"]


def test_a_stream_that_stays_secure_is_noted():
    def still(message):
        lie = ide_km.SelectiveStream(control=STREAM << 24, status=2).build()
        return registers(selective_streams=lie)(message)

    steps = ("ide-keys", "ide-go", "ide-stop", "ide-query")
    assert ask_port(still, *steps) == ["ide.still-secure"]


def test_a_reserved_state_of_a_stream_is_told():
    def reserved(message):
        lie = ide_km.SelectiveStream(control=STREAM << 24, status=1).build()
        return registers(selective_streams=lie)(message)

    peer = TdiPeer(says={ide_km.QueryResp: reserved})
    assert talk(peer, "ide-query").report.ide.streams[0].state == "reserved 1"


def test_keys_that_are_used_before_they_are_there_are_noted():
    outcome = talk(TdiPeer(), "ide-go")
    assert outcome.observed == ["ide.go-without-keys"]
    assert outcome.report.ide.keys == []


def test_keys_that_are_no_longer_in_use_are_retired():
    peer = TdiPeer()
    steps = ("ide-keys", "ide-go", "ide-refresh", "ide-retire")
    outcome = talk(peer, *steps)
    assert outcome.report.verdict == "attested"
    assert [m.key_sub_stream for m in sent(peer, ide_km.KSetStop)] == sorted(RECEIVERS_FIRST)
    assert all(" K1, in use" in text for text in outcome.report.ide.keys)


def refusing(kind, refusal):
    """A peer that refuses a request of that class with an ERROR of SPDM, the first time."""

    class Peer(TdiPeer):
        def vendor(self, request):
            answer = super().vendor(request)
            return refusal if sent(self, kind) == self.asked[-1:] else answer

    return Peer()


def test_a_key_that_is_not_there_must_not_be_used():
    invalid = error(V12, ErrorCode.INVALID_REQUEST)
    peer = refusing(ide_km.KSetGo, invalid)
    outcome = talk(peer, "ide-go-early", "ide-keys", "ide-go")
    assert outcome.report.verdict == "attested"
    assert outcome.observed == []
    assert [m.key_sub_stream for m in sent(peer, ide_km.KSetGo)] == [0, *RECEIVERS_FIRST]
    assert talk(TdiPeer(), "ide-go-early").observed == ["ide.go-unchecked"]


def test_a_key_must_not_be_taken_twice():
    class Peer(TdiPeer):
        def key_prog(self, message):
            again = [m.key for m in sent(self, ide_km.KeyProg)].count(message.key) > 1
            status = KpAckStatus.UNSUPPORTED_VALUE if again else KpAckStatus.SUCCESS
            return super().key_prog(message).replace(status=status)

    peer = Peer()
    outcome = talk(peer, "ide-key-again", "ide-keys")
    assert outcome.report.verdict == "attested"
    assert outcome.observed == []
    first, again, *rest = sent(peer, ide_km.KeyProg)
    assert first == again
    assert first.key not in [m.key for m in rest]
    assert talk(TdiPeer(), "ide-key-again").observed == ["ide.key-repeated"]


@pytest.mark.parametrize(
    ("place", "observed"),
    [
        (0x28, []),
        (0x00, []),
        (0x29, ["ide.other-function"]),
        (0x30, ["ide.other-function"]),
        (0x08, ["ide.other-function"]),
    ],
)
def test_the_port_is_function_0_of_the_device(place, observed):
    peer = TdiPeer(says={ide_km.QueryResp: put(dev_func_num=place)})
    assert talk(peer, "ide-keys", "ide-go", "ide-query").observed == observed
