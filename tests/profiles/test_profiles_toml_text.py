import tomllib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.profiles.load import list_profiles, load_profile
from responder.profiles.toml_text import toml_text


@pytest.mark.parametrize("name", list_profiles())
def test_profile_written_whole_reads_as_the_same_profile(name, tmp_path):
    spec = load_profile(name).spec
    spec.extends = None
    path = tmp_path / "whole.toml"
    path.write_text(toml_text(msgspec.to_builtins(spec)))
    assert load_profile(str(path)).spec == spec


def test_tables_follow_values_and_nothing_is_left_out_but_none():
    data = {"t": {"u": {"k": 1}, "n": None}, "a b": 'x"\n', "s": [{"i": [1, "2"]}, {}], "e": []}
    assert tomllib.loads(toml_text(data)) == {
        "a b": 'x"\n',
        "e": [],
        "t": {"u": {"k": 1}},
        "s": [{"i": [1, "2"]}, {}],
    }


def test_empty_tables_are_written_where_they_say_something():
    assert toml_text({"a": {}, "b": {"c": {}}}) == "[b]\n"
    assert toml_text({"a": {}, "b": {"c": {}}}, empty=True) == "[a]\n\n[b]\n\n[b.c]\n"


def test_long_lists_are_broken():
    words = ["a" * 20] * 6
    assert len(toml_text({"k": words}).splitlines()) == 8
    assert tomllib.loads(toml_text({"k": words})) == {"k": words}


text = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"))
scalars = st.one_of(text, st.booleans(), st.integers(-(2**62), 2**62))
tables = st.recursive(
    st.dictionaries(text, scalars, max_size=3),
    lambda inner: st.dictionaries(
        text, st.one_of(inner, st.lists(inner, min_size=1, max_size=2)), max_size=3
    ),
    max_leaves=6,
)


def without_empty_tables(table):
    kept = {}
    for key, value in table.items():
        inner = without_empty_tables(value) if isinstance(value, dict) else value
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            inner = [without_empty_tables(one) for one in inner]
        if inner != {} or not isinstance(inner, dict):
            kept[key] = inner
    return kept


@settings(max_examples=60, deadline=None)
@given(tables)
def test_any_tables_read_as_they_were_written(table):
    assert without_empty_tables(tomllib.loads(toml_text(table))) == without_empty_tables(table)
