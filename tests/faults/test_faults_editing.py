"""Every edit as a table: what stands there before, the action, and what stands there after."""

import msgspec
import pytest
from faults.engines import fault
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.crypto.random_tree import RandomTree
from responder.faults.editing import edit
from responder.faults.place import NoSuchPlace
from responder.faults.sources import NoSources
from responder.faults.subject import Subject
from responder.wire.context import WireContext
from responder.wire.version import Version

WIRE = WireContext()
BYTES = bytes.fromhex("00112233445566")
VERSIONS = [0x1000, 0x1100, 0x1200]


def action(do, **keys):
    return fault(hook="message", action=[{"do": do, **keys}]).action[0]


def whole(do, data=BYTES, seed=b"s", **keys):
    """All bytes after an action."""
    subject = Subject.of_bytes(data, WIRE)
    edit(subject, action(do, **keys), RandomTree(seed), NoSources())
    return subject.bytes()


def entries(do, **keys):
    """The version entries of a VERSION message after an action on them."""
    keys.setdefault("field", "version_number_entry")
    subject = Subject(Version(version_number_entry=VERSIONS), b"", WIRE)
    edit(subject, action(do, **keys), RandomTree(b"s"), NoSources())
    return Version.parse(subject.bytes(), WIRE).version_number_entry


ON_BYTES = [
    ("set", {"value": "aabb"}, "aabb"),
    ("set", {"value": "zeros"}, "00000000000000"),
    ("set", {"value": "ones"}, "ffffffffffffff"),
    ("set", {"value": 0x0102}, "02010000000000"),
    ("add", {"by": 1}, "01112233445566"),
    ("add", {"by": -1}, "ff102233445566"),
    ("xor", {"mask": "0f"}, "0f1e2d3c4b5a69"),
    ("xor", {"mask": 0xFF00}, "00ee2233445566"),
    ("set-bits", {"mask": 0x81}, "81112233445566"),
    ("clear-bits", {"mask": 0x1000}, "00012233445566"),
    ("flip", {"bit": 0}, "01112233445566"),
    ("flip", {"bit": -8}, "00112233445567"),
    ("flip", {"bit": -1}, "001122334455e6"),
    ("truncate", {"by": 2}, "0011223344"),
    ("truncate", {"to": 2}, "0011"),
    ("truncate", {"to": -1}, "001122334455"),
    ("truncate", {"by": 99}, ""),
    ("extend", {"by": 2}, "001122334455660000"),
    ("extend", {"value": "abcd"}, "00112233445566abcd"),
    ("extend", {"value": "abcd", "by": 3}, "00112233445566abcdab"),
    ("extend", {"to": 9, "value": "ones"}, "00112233445566ffff"),
    ("insert", {"value": "abcd", "at": 1}, "00abcd112233445566"),
    ("insert", {"value": "zeros", "at": -1, "by": 2}, "001122334455000066"),
    ("delete", {"at": 1, "size": 2}, "0033445566"),
    ("delete", {}, ""),
    ("double", {}, "0011223344556600112233445566"),
    ("reverse", {}, "66554433221100"),
    ("swap", {}, "33445566001122"),
]


@pytest.mark.parametrize(("do", "keys", "after"), ON_BYTES, ids=lambda x: str(x)[:30])
def test_what_an_edit_makes_of_bytes(do, keys, after):
    assert whole(do, **keys).hex() == after


ON_LISTS = [
    ("set", {"value": [0x1300]}, [0x1300]),
    ("set", {"value": "reversed"}, [0x1200, 0x1100, 0x1000]),
    ("truncate", {"by": 1}, [0x1000, 0x1100]),
    ("extend", {"value": [0x1300, 0x1400]}, [*VERSIONS, 0x1300, 0x1400]),
    ("insert", {"value": [0x1300], "at": 1}, [0x1000, 0x1300, 0x1100, 0x1200]),
    ("delete", {}, []),
    ("delete", {"at": 0}, [0x1100, 0x1200]),
    ("double", {}, VERSIONS * 2),
    ("delete", {"field": "version_number_entry[-1]"}, [0x1000, 0x1100]),
    ("double", {"field": "version_number_entry[0]"}, [0x1000, *VERSIONS]),
    ("set", {"field": "version_number_entry[1]", "value": 0xFF00}, [0x1000, 0xFF00, 0x1200]),
    ("add", {"field": "version_number_entry[1]", "by": 1}, [0x1000, 0x1101, 0x1200]),
    (
        "swap",
        {"field": "version_number_entry[0]", "other": "version_number_entry[2]"},
        [0x1200, 0x1100, 0x1000],
    ),
]


@pytest.mark.parametrize(("do", "keys", "after"), ON_LISTS, ids=lambda x: str(x)[:30])
def test_what_an_edit_makes_of_a_list(do, keys, after):
    assert entries(do, **keys) == after


def test_a_shuffled_list_is_another_order_of_the_same():
    shuffled = entries("set", value="shuffled")
    assert sorted(shuffled) == VERSIONS
    assert shuffled != VERSIONS


def test_the_header_of_a_message_lies_without_changing_its_layout():
    subject = Subject(Version(version_number_entry=VERSIONS), b"", WIRE)
    before = subject.bytes()
    edit(subject, action("set", field="spdm_version", value=0x20), RandomTree(b""), NoSources())
    edit(subject, action("add", field="code", by=0x80), RandomTree(b""), NoSources())
    assert subject.bytes() == bytes([0x20, before[1] + 0x80]) + before[2:]
    edit(subject, action("set", field="reserved", value=7), RandomTree(b""), NoSources())
    assert subject.bytes()[:5] == bytes([0x20, before[1] + 0x80, 0, 0, 7])


def test_cut_before_a_field():
    subject = Subject(Version(version_number_entry=VERSIONS), b"", WIRE)
    before = subject.bytes()
    edit(subject, action("truncate", at="version_number_entry"), RandomTree(b""), NoSources())
    assert subject.bytes() == before[:6]


IMPOSSIBLE = [
    ("flip", {"bit": 56}),
    ("flip", {"bit": -57}),
    ("set", {"value": "no hex"}),
    ("set", {"field": "version_number_entry", "value": 3}),
    ("truncate", {"field": "param1", "by": 1}),
    ("copy", {"of": "request"}),
    ("extend", {"to": "transfer-size"}),
]


@pytest.mark.parametrize(("do", "keys"), IMPOSSIBLE, ids=lambda x: str(x)[:30])
def test_what_cannot_be_done_is_a_miss(do, keys):
    data = Version(version_number_entry=VERSIONS).build() if "field" in keys else BYTES
    with pytest.raises(NoSuchPlace):
        whole(do, data=data, **keys)


def test_random_bytes_come_from_the_seed():
    same = [whole("set", value="random", seed=b"a") for _ in range(2)]
    assert same[0] == same[1] != whole("set", value="random", seed=b"b")
    assert len(same[0]) == len(BYTES)


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(st.binary(min_size=1, max_size=70), st.integers(-560, 559))
def test_flipping_changes_one_bit_or_nothing(data, bit):
    inside = -8 * len(data) <= bit < 8 * len(data)
    if not inside:
        with pytest.raises(NoSuchPlace):
            whole("flip", data=data, bit=bit)
        return
    changed = whole("flip", data=data, bit=bit)
    difference = int.from_bytes(data, "little") ^ int.from_bytes(changed, "little")
    assert difference == 1 << bit % (8 * len(data))


def test_an_unknown_action_is_refused():
    with pytest.raises(msgspec.ValidationError):
        action("dance")
