"""The hooks of key schedule, records and registers: ready for the parts that call them."""

import pytest
from core.fakes import responder
from faults.engines import engine, fault

from responder.core.hooks import Access, Derivation, Exchange, Sealing
from responder.faults.memory import FaultMemory
from responder.spec.algorithms import BASE_HASHES, by_name
from responder.wire.context import WireContext
from responder.wire.version import GetVersion

SHA256 = by_name(BASE_HASHES, "SHA-256")
SHA384 = by_name(BASE_HASHES, "SHA-384")


def exchange():
    peer = responder()
    request = GetVersion()
    return Exchange(peer.connection, request, request.build(), WireContext(version=0x12), 0.0)


def derived(*actions, **keys):
    memory = FaultMemory()
    hooks = engine(fault(hook="derive", action=list(actions), **keys), memory=memory)
    derivation = Derivation(
        "handshake", b"secret", b"salt", "rsp hs data", [("A", b"a"), ("B", b"b")], 32, SHA256, 0x12
    )
    there = exchange()
    result = hooks.derive(there, derivation)
    return result, there.evidence, memory


DERIVE = [
    ({"do": "set", "field": "label", "value": "req hs data"}, "label", "req hs data"),
    ({"do": "set", "field": "secret", "value": "zeros"}, "secret", bytes(6)),
    ({"do": "set", "field": "base_hash", "value": "SHA-384"}, "base_hash", SHA384),
    ({"do": "set", "field": "result", "value": "00"}, "result", b"\0"),
    ({"do": "flip", "field": "salt", "bit": 0}, "salt", b"ralt"),
    ({"do": "add", "field": "size", "by": 1}, "size", 33),
    ({"do": "leave-out", "part": ["A"]}, "parts", [("B", b"b")]),
]  # fmt: skip


@pytest.mark.parametrize(("action", "field", "value"), DERIVE, ids=str)
def test_a_derivation_goes_wrong_in_one_field(action, field, value):
    result, evidence, memory = derived(action)
    assert getattr(result, field) == value
    assert [event.hook for event in evidence] == ["derive"]
    assert memory.fired["x.test"] == 1


def test_what_does_not_apply_is_a_miss():
    _, evidence, memory = derived({"do": "set", "field": "colour", "value": 1})
    assert evidence == []
    assert "no colour" in memory.nearest["x.test"].text


def test_a_record_is_sealed_with_another_number():
    action = {"do": "add", "field": "sequence", "by": 1}
    hooks = engine(fault(hook="seal", action=[action]))
    sealing = Sealing(0xFFFF0000, 7, b"\x07\x00", bytes(32), bytes(12), "AES-256-GCM", b"hello")
    assert hooks.seal(exchange(), sealing).sequence == 8


def test_a_record_is_cut_sent_twice_or_not_at_all():
    for action, expected in (
        ({"do": "truncate", "by": 1}, [b"recor"]),
        ({"do": "again"}, [b"record", b"record"]),
        ({"do": "silence"}, []),
        ({"do": "flip", "bit": 0}, [b"secord"]),
    ):
        hooks = engine(fault(hook="record", action=[action]))
        assert hooks.record(exchange(), b"record") == expected


def test_another_encapsulated_request_comes_or_none():
    other = engine(fault(hook="encap", action=[{"do": "answer", "value": "12810000"}]))
    assert other.encap(exchange(), GetVersion()).build().hex() == "12810000"
    ended = engine(fault(hook="encap", action=[{"do": "suppress"}]))
    assert ended.encap(exchange(), GetVersion()) is None


def test_a_register_reads_as_a_fault_says():
    spec = fault(
        hook="register", space=["STATUS"], action=[{"do": "set-bits", "field": "value", "mask": 4}]
    )
    hooks = engine(spec)
    assert hooks.register(Access("doe", "STATUS", 0xC, False, 1)).value == 5
    assert hooks.register(Access("doe", "CONTROL", 8, False, 1)).value == 1
