import pytest

from responder.errors import ConfigError
from responder.profiles.overrides import parse_overrides


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('spdm.versions=["1.2", "1.1"]', {"spdm": {"versions": ["1.2", "1.1"]}}),
        ("spdm.ct_exponent=12", {"spdm": {"ct_exponent": 12}}),
        ("spdm.data_transfer_size = 0x1200", {"spdm": {"data_transfer_size": 0x1200}}),
        ("spdm.allow_inconsistent=true", {"spdm": {"allow_inconsistent": True}}),
        ("server.idle_timeout=1.5", {"server": {"idle_timeout": 1.5}}),
        ("server.attach=sticky", {"server": {"attach": "sticky"}}),
        ("description='two words'", {"description": "two words"}),
        ("algorithms.x=ECDSA-P384", {"algorithms": {"x": "ECDSA-P384"}}),
        ("timing.ready_after={CHALLENGE=5}", {"timing": {"ready_after": {"CHALLENGE": 5}}}),
        ('a."b.c"=1', {"a": {"b.c": 1}}),
        ("text='a = b'", {"text": "a = b"}),
    ],
)
def test_a_setting_is_a_dotted_key_and_a_value_of_toml_or_a_bare_word(text, meant):
    assert parse_overrides([text]) == meant


def test_settings_add_up_and_the_last_of_a_key_counts():
    settings = ["spdm.ct_exponent=1", "spdm.ct_exponent=2", "spdm.versions=[]", "trust={}"]
    assert parse_overrides(settings) == {"spdm": {"ct_exponent": 2, "versions": []}, "trust": {}}
    assert parse_overrides([]) == {}


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["spdm"], "'spdm' is not KEY=VALUE"),
        (["=1"], "'=1' is not KEY=VALUE"),
        (["spdm.versions="], "is not KEY=VALUE"),
        (["two words=1"], "'two words' is no key of TOML"),
        (["[spdm]\nversions=1"], "is no key of TOML"),
        (["spdm.=1"], "is no key of TOML"),
        (["a=two words"], "goes in quotes"),
        (["a=1\nb=2"], "goes in quotes"),
        (['a=["1.2"'], "goes in quotes"),
        (["spdm=1", "spdm.versions=2"], "spdm has a value already"),
        (["extends=default"], "PROFILE"),
    ],
)
def test_what_is_no_setting_is_refused_with_its_text(texts, reason):
    with pytest.raises(ConfigError) as caught:
        parse_overrides(texts)
    assert caught.value.where == "--set"
    assert reason in caught.value.reason
