"""The hooks of key schedule, records and registers, one struct at a time."""

import pytest
from core.fakes import responder
from faults.engines import engine, fault

from responder.core.hooks import Access, Derivation, Exchange, Sealing
from responder.faults.memory import FaultMemory
from responder.spec.algorithms import BASE_HASHES, by_name
from responder.wire.context import WireContext
from responder.wire.secured import SecuredRecord
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
    ({"do": "double-part", "part": ["A"]}, "parts", [("A", b"a"), ("A", b"a"), ("B", b"b")]),
    ({"do": "put-in", "value": "07"}, "parts", [("A", b"a"), ("B", b"b"), ("put in", b"\x07")]),
    ({"do": "flip", "part": "B", "bit": 0}, "parts", [("A", b"a"), ("B", b"c")]),
]  # fmt: skip


@pytest.mark.parametrize(("action", "field", "value"), DERIVE, ids=str)
def test_a_derivation_goes_wrong_in_one_field(action, field, value):
    result, evidence, memory = derived(action)
    assert getattr(result, field) == value
    assert [event.hook for event in evidence] == ["derive"]
    assert memory.fired["x.test"] == 1


def test_evidence_is_the_bytes_of_the_fields_that_changed():
    _, (event,), _ = derived(
        {"do": "set", "field": "secret", "value": "zeros"}, {"do": "add", "field": "size", "by": 1}
    )
    assert (event.before, event.after) == (b"secret\x20\0", bytes(6) + b"\x21\0")


def test_a_derivation_is_found_by_its_purpose():
    _, evidence, _ = derived({"do": "flip", "field": "secret"}, purpose=["handshake"])
    assert len(evidence) == 1
    _, evidence, memory = derived({"do": "flip", "field": "secret"}, purpose=["salt 1"])
    assert evidence == []
    assert memory.nearest["x.test"].text.endswith("handshake, wanted salt 1")


def test_what_does_not_apply_is_a_miss():
    _, evidence, memory = derived({"do": "set", "field": "colour", "value": 1})
    assert evidence == []
    assert "no colour" in memory.nearest["x.test"].text


SEALED = [
    ({"do": "add", "field": "sequence", "by": 1}, "sequence", 8),
    ({"do": "add", "field": "header_sequence", "by": 1}, "header_sequence", b"\x08\0"),
    ({"do": "set", "field": "key", "value": "zeros"}, "key", bytes(32)),
    ({"do": "set", "field": "encrypted", "value": 0}, "encrypted", False),
    ({"do": "set", "field": "aead", "value": "AES-128-GCM"}, "aead", "AES-128-GCM"),
    ({"do": "extend", "field": "padding", "by": 3}, "padding", bytes(3)),
    (
        {"do": "add", "field": "plaintext.application_data_length", "by": 1},
        "plaintext",
        b"\x06\0hello",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("action", "field", "value"), SEALED, ids=str)
def test_a_record_is_sealed_with_one_thing_wrong(action, field, value):
    hooks = engine(fault(hook="seal", action=[action]))
    key, plaintext = b"k" * 32, b"\x05\0hello"
    right = Sealing(0xFFFF0000, 7, b"\x07\0", key, bytes(12), "AES-256-GCM", plaintext)
    there = exchange()
    sealing = hooks.seal(there, right)
    assert getattr(sealing, field) == value
    assert [event.hook for event in there.evidence] == ["seal"]
    assert there.evidence[0].before != there.evidence[0].after


RECORD = SecuredRecord(session_id=1, payload=b"abcd").build()


def test_a_record_is_cut_sent_twice_or_not_at_all():
    cut = SecuredRecord(session_id=1, payload=b"abc").build()
    for action, expected in (
        ({"do": "truncate", "by": 1}, [RECORD[:-1]]),
        ({"do": "truncate", "field": "payload", "by": 1}, [cut]),
        ({"do": "set", "field": "session_id", "value": 0}, [bytes(4) + RECORD[4:]]),
        ({"do": "add", "field": "length", "by": 1}, [RECORD[:4] + b"\x05" + RECORD[5:]]),
        ({"do": "again"}, [RECORD, RECORD]),
        ({"do": "answer", "value": "07"}, [b"\x07"]),
        ({"do": "silence"}, []),
    ):
        hooks = engine(fault(hook="record", action=[action]))
        assert hooks.record(exchange(), RECORD) == expected


def test_an_earlier_record_is_sent_again():
    hooks = engine(fault(hook="record", action=[{"do": "replay", "message": "*"}]))
    assert hooks.record(exchange(), b"first") == [b"first"]
    assert hooks.record(exchange(), b"second") == [b"first"]
    assert hooks.record(exchange(), b"third") == [b"second"]


def test_counting_begins_anew_in_each_session():
    spec = fault(hook="request", scope="session", nth=[2], action=[{"do": "silence"}])
    hooks = engine(spec)
    fates = []
    for session_id in (1, 2, 1, 2, None, 1):
        there = exchange()
        there.session_id = session_id
        fates.append(hooks.request(there))
    assert fates == [None, None, [], [], None, None]


def test_another_encapsulated_request_comes_or_none():
    other = engine(fault(hook="encap", action=[{"do": "answer", "value": "12810000"}]))
    assert other.encap(exchange(), GetVersion()).build().hex() == "12810000"
    ended = engine(fault(hook="encap", action=[{"do": "suppress"}]))
    assert ended.encap(exchange(), GetVersion()) is None
    assert ended.encap(exchange(), None) is None
    changed = engine(fault(hook="encap", action=[{"do": "set", "field": "param2", "value": 9}]))
    assert changed.encap(exchange(), GetVersion()).build().hex() == "10840009"
    assert changed.encap(exchange(), None) is None


def test_a_register_reads_as_a_fault_says():
    spec = fault(
        hook="register", space=["STATUS"], action=[{"do": "set-bits", "field": "value", "mask": 4}]
    )
    hooks = engine(spec)
    assert hooks.register(Access("STATUS", 0xC, False, 1)).value == 5
    assert hooks.register(Access("CONTROL", 8, False, 1)).value == 1
