import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.errors import data_root
from responder.profiles.locate import key_lines

DOCUMENT = '''\
# a comment = 1
a = 1
"quo ted".b = """x
[no] "" y # = 2
"""
c.d."e.f" = 'x # y'

[[slot]]
id = 0 # [x]
m = { x = [1, { z = 2 }], "k}k" = 'a#b', y = """}""" }
[[slot]]
caps = [
  "A", # , "]"
  # "C"
  "B",
]
[slot.sub]
t = 1979-05-27 07:32:00
[[slot.deep]]
w = true
[[slot.deep]]
w = false
[ p . "q" ]
r = [[1, 2],
  [3]]
'''
LINES = {
    ("a",): 2,
    ("quo ted",): 3,
    ("quo ted", "b"): 3,
    ("c", "d", "e.f"): 6,
    ("slot",): 8,
    ("slot", 0): 8,
    ("slot", 0, "id"): 9,
    ("slot", 0, "m"): 10,
    ("slot", 0, "m", "x", 1, "z"): 10,
    ("slot", 0, "m", "k}k"): 10,
    ("slot", 0, "m", "y"): 10,
    ("slot", 1): 11,
    ("slot", 1, "caps"): 12,
    ("slot", 1, "caps", 0): 13,
    ("slot", 1, "caps", 1): 15,
    ("slot", 1, "sub"): 17,
    ("slot", 1, "sub", "t"): 18,
    ("slot", 1, "deep", 0): 19,
    ("slot", 1, "deep", 0, "w"): 20,
    ("slot", 1, "deep", 1, "w"): 22,
    ("p", "q"): 23,
    ("p", "q", "r"): 24,
    ("p", "q", "r", 0, 1): 24,
    ("p", "q", "r", 1): 25,
    ("p", "q", "r", 1, 0): 25,
}


def paths(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield (*path, index)
            yield from paths(inner, (*path, index))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_counted_by_hand(newline):
    found = key_lines(DOCUMENT.replace("\n", newline))
    assert {path: found.get(path) for path in LINES} == LINES


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_finds_exactly_the_keys_that_tomllib_finds(newline):
    text = DOCUMENT.replace("\n", newline)
    assert set(key_lines(text)) == set(paths(tomllib.loads(text)))


@pytest.mark.parametrize("path", sorted(data_root("profiles").glob("*.toml")), ids=lambda p: p.stem)
def test_every_key_of_a_shipped_profile_is_named_on_its_line(path):
    text = path.read_text()
    lines = text.splitlines()
    found = key_lines(text)
    assert set(found) == set(paths(tomllib.loads(text)))
    for place, number in found.items():
        if isinstance(place[-1], str):
            assert place[-1] in lines[number - 1]


quotes = st.text(alphabet="ab\"'\\#=[]{},.\n ", max_size=6)
scalars = st.one_of(st.integers(), st.booleans(), quotes)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=6)


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if isinstance(value, list):
        return "[" + ",\n ".join(map(toml, value)) + "]"
    return str(value)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(quotes, values, max_size=4))
def test_finds_exactly_the_keys_of_any_document(table):
    text = "".join(f"{toml(key)} = {toml(value)}\n" for key, value in table.items())
    assert set(key_lines(text)) == set(paths(tomllib.loads(text)))
