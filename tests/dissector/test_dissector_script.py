"""The script as text; what Wireshark makes of it the other files here say."""

import re

from responder.dissector.declared import records
from responder.dissector.layouts import snake
from responder.dissector.script import quoted, script, table
from responder.spec.codes import RequestCode, ResponseCode

TEXT = script()


def test_it_is_the_same_each_time():
    assert script() == TEXT


def test_every_record_is_written_once():
    assert re.findall(r"^RECORDS\.(\w+) = ", TEXT, re.MULTILINE) == [
        snake(kind) for kind in records()
    ]


def test_every_code_is_named():
    codes = re.search(r"^CODES = \{(.*)\}$", TEXT, re.MULTILINE)[1]
    for code in (*RequestCode, *ResponseCode):
        assert f"{code.name} = {int(code)}" in codes


def test_a_filter_means_one_type_of_field():
    types = {}
    for filter_name, kind, most in re.findall(
        r'filter = "([\w.]+)", kind = "(\w+)"(?:, width = .*?, most = (\d))?', TEXT
    ):
        types.setdefault(filter_name, set()).add((kind in ("uint", "list"), most))
    assert [name for name, kinds in types.items() if len(kinds) > 1] == []


def test_nothing_that_only_one_lua_has_is_in_it():
    code = re.sub(r"--.*|\"[^\"]*\"", "", TEXT)
    for word in (r"\bbit32\b", r"\bgoto\b", "//", "<<", ">>", r"[^~]=~", r"&", r"\|"):
        assert not re.search(word, code), word


def test_tables_and_texts():
    assert quoted('say "a\\b"\n') == '"say \\"a\\\\b\\"\\n"'
    assert table({1: 2, 3: "x"}) == '{[1] = 2, [3] = "x"}'
    assert table({value: value for value in range(256)}).startswith("{[0] = 0, 1, 2, ")
