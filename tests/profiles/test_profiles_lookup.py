import pytest

from responder.errors import ConfigError
from responder.profiles.lookup import Lookup, find
from responder.profiles.source import open_source

TABLE = {"SHA-256": 1, "SHA-384": 2}


@pytest.fixture
def lookup(write):
    return Lookup(open_source(write('h = [\n"sha-384",\n"SHA-265",\n"SHA-384"]\nx = "0g"\n')))


def test_words_are_found_without_regard_to_case(lookup):
    assert lookup.one(("h", 0), "sha-384", TABLE, "hash") == 2
    assert find("Sha-256", TABLE) == 1
    assert find("SHA-1", TABLE) is None


def test_unknown_word_names_what_it_should_be(lookup):
    with pytest.raises(ConfigError, match="unknown hash 'SHA-265'") as caught:
        lookup.all(("h",), ["sha-384", "SHA-265"], TABLE, "hash")
    assert caught.value.where.endswith(":3")
    assert caught.value.suggestion == "SHA-256"


def test_same_word_twice_is_refused_even_in_another_spelling(lookup):
    with pytest.raises(ConfigError, match="twice") as caught:
        lookup.all(("h",), ["sha-384", "SHA-256", "SHA-384"], TABLE, "hash")
    assert caught.value.where.endswith(":4")


def test_hexadecimal(lookup):
    assert lookup.hex(("x",), "0a FF\n01") == b"\x0a\xff\x01"
    with pytest.raises(ConfigError, match="x is not hexadecimal") as caught:
        lookup.hex(("x",), "0g")
    assert caught.value.where.endswith(":5")
