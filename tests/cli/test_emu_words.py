"""The words against the tables of profiles: what is translated has to exist there."""

import re

import pytest

from responder.cli import emu_words as emu
from responder.profiles import names


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (emu.HASHES, names.BASE_HASH_BITS),
        (emu.MEASUREMENT_HASHES, names.MEASUREMENT_HASH_BITS),
        (emu.SIGNATURES, names.BASE_ASYM_BITS),
        (emu.DHE_GROUPS, names.TABLE_BITS["dhe"]),
        (emu.AEADS, names.TABLE_BITS["aead"]),
        (emu.KEY_SCHEDULES, names.TABLE_BITS["key_schedule"]),
        (emu.POST_QUANTUM, names.PQC_ASYM_BITS),
        (emu.KEMS, names.TABLE_BITS["kem"]),
    ],
)
def test_all_algorithms_have_a_word(words, known):
    assert set(words.values()) - set(names.LACKING) == set(known)


def test_words_are_their_names_in_another_spelling():
    for words in (emu.HASHES, emu.DHE_GROUPS, emu.AEADS, emu.POST_QUANTUM, emu.KEMS):
        for word, name in words.items():
            if word != "SM4_128_GCM":
                assert re.sub("[-_]", "", word) == re.sub("[-_]", "", name).upper()


def test_all_capabilities_have_a_word():
    assert set(emu.RESPONDER_CAPABILITIES.values()) == set(names.CAPABILITIES)


@pytest.mark.parametrize("option", emu.DEFAULTS)
def test_defaults_are_values_of_their_options(option):
    words = emu.DEFAULTS[option].split(",")
    assert set(words) <= set(emu.OPTIONS[option].words)
    assert len(words) == len(set(words))


@pytest.mark.parametrize("option", emu.OPTIONS)
def test_values_without_a_warning_are_values(option):
    assert set(emu.OPTIONS[option].quiet) <= set(emu.OPTIONS[option].words)


def test_slh_dsa_has_twelve_sets():
    slh_dsa = {word for word in emu.POST_QUANTUM if word.startswith("SLH")}
    assert len(slh_dsa) == 12
    assert {"SLH_DSA_SHA2_128S", "SLH_DSA_SHAKE_192F"} <= slh_dsa
