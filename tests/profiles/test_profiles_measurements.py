from hashlib import sha256

import pytest

from responder.errors import ConfigError
from responder.profiles.load import load_profile
from responder.profiles.measurements import check_new_value
from responder.spec.algorithms import MEASUREMENT_HASHES, by_name
from responder.wire.measurement_extension_log import DmtfMel


@pytest.fixture
def measured(write, head):
    """The measurements of a profile, by index."""

    def measured(tables):
        profile = load_profile(write(head + tables))
        return {one.index: one for one in profile.device.measurements()}

    return measured


def table(index, kind, *lines):
    return "\n".join((f"[[measurement]]\nindex = {index}\ntype = {kind!r}", *lines, ""))


LOGGED = table(0x11, "hash-extend") + "\n"


def entry(index, kind, *lines):
    return "\n".join((f"[[log]]\nmeasurement = {index}\ntype = {kind!r}\ntext = 'x'", *lines, ""))


def test_values_in_all_their_forms(measured, tmp_path):
    (tmp_path / "fw.bin").write_bytes(b"\x00firmware")
    found = measured(
        table(1, "immutable-rom", 'hex = "00 ff 10"')
        + table(2, "mutable-firmware", 'file = "fw.bin"')
        + table(3, "hardware-configuration", "fill = { byte = 0xAB, size = 3 }")
        + table(0x10, "svn", "integer = 0x0102")
        + table(0x11, "version", 'text = "1.0β"')
        + table(0xFE, "device-mode", 'mode = { operational_state = ["rma", "normal"] }')
    )
    assert {index: one.value for index, one in found.items()} == {
        1: b"\x00\xff\x10",
        2: b"\x00firmware",
        3: b"\xab\xab\xab",
        0x10: b"\x02\x01" + bytes(6),
        0x11: "1.0β".encode(),
        0xFE: bytes(4) + b"\x14\x00\x00\x00" + bytes(8),
    }
    assert {index: int(one.kind) for index, one in found.items()} == {
        1: 0, 2: 1, 3: 2, 0x10: 7, 0x11: 6, 0xFE: 5
    }  # fmt: skip


def test_rom_is_the_tcb_unless_the_profile_says_otherwise(measured):
    found = measured(
        table(1, "immutable-rom", 'text = "r"')
        + table(2, "mutable-firmware", 'text = "f"', "tcb = true")
        + table(3, "immutable-rom", 'text = "r"', "tcb = false")
        + table(4, "mutable-firmware", 'text = "f"')
    )
    assert {index for index, one in found.items() if one.tcb} == {1, 2}


def test_raw_and_digest_forms(measured):
    found = measured(
        table(1, "immutable-rom", 'text = "r"')
        + table(2, "immutable-rom", 'text = "r"', "raw = true")
        + table(3, "immutable-rom", 'text = "r"', "raw_available = false")
        + table(4, "version", 'text = "v"', "raw = true")
        + table(5, "version", 'text = "v"')
    )
    forms = {index: (one.raw, one.raw_available) for index, one in found.items()}
    assert forms == {
        1: (False, True),
        2: (True, True),
        3: (False, False),
        4: (True, True),
        5: (True, True),
    }


def test_a_digest_of_what_is_not_known(measured):
    found = measured(table(1, "immutable-rom", f"digest = {'ab' * 48!r}"))[1]
    sha_384, sha_256 = (by_name(MEASUREMENT_HASHES, f"SHA-{size}") for size in (384, 256))
    assert found.block(sha_384, raw=True)[4:] == bytes.fromhex("003000" + "ab" * 48)
    assert found.block(sha_256, raw=False)[7:] == sha256(bytes.fromhex("ab" * 48)).digest()
    assert found.tcb


@pytest.mark.parametrize(
    ("added", "line", "reason", "suggestion"),
    [
        (table(1, "svn"), 1, "this one has none", ""),
        (table(1, "svn", "text = 'a'", "hex = '00'"), 4, "this one has hex and text", ""),
        (table(1, "svn", "text = 'a'"), 1, "a svn has 8 bytes, not 1", ""),
        (table(1, "device-mode", "hex = '00'"), 1, "a device-mode has 16 bytes, not 1", ""),
        (table(1, "svn", "integer = 1", "raw = false"), 5, "has no digest form", ""),
        (table(1, "svn", "integer = 1", "raw_available = false"), 5, "is available raw", ""),
        (table(1, "imutable-rom", "hex = ''"), 3, "unknown type of meas", "immutable-rom"),
        (table(1, "hash-extend", "hex = ''"), 4, "comes from [[log]]", ""),
        (table(1, "immutable-rom", "digest = '00'", "text = 'a'"), 5, "exclude each other", ""),
        (table(1, "immutable-rom", "digest = '00'", "raw = true"), 5, "exclude each other", ""),
        (table(1, "version", "digest = '00'"), 4, "a version has no digest form", ""),
        (table(1, "hash-extend", "digest = ''"), 4, "comes from [[log]]", ""),
        (table(1, "hash-extend", "raw = true"), 4, "comes from [[log]]", ""),
        (LOGGED + entry(1, "version"), 6, "measurement 0x1 is no hash-extend measurement", ""),
        (LOGGED + entry(0x11, "hash-extend"), 7, "unknown type of measurement 'hash-extend'", ""),
        (LOGGED + entry(0x11, "version", "hex = ''"), 8, "this one has hex and text", ""),
        (LOGGED + entry(0x11, "version", "raw = false"), 9, "has no digest form", ""),
        (table(0, "svn", "integer = 1"), 2, "expected int >= 1", ""),
        (table(255, "svn", "integer = 1"), 2, "expected int <= 254", ""),
        (table(1, "version", "hex = 'xx'"), 4, "is not hexadecimal", ""),
        (table(1, "version", "file = 'x.tom'"), 4, "No such file", "x.toml"),
        (table(1, "version", "fill = { byte = 1, size = 65533 }"), 4, "<= 65532", ""),
        (
            table(1, "device-mode", "[measurement.mode]\noperational_state = ['norml']"),
            5,
            "unknown operational mode 'norml'",
            "normal",
        ),
        (
            table(1, "device-mode", "[measurement.mode]\ndevice_state = [\n'normal']"),
            6,
            "unknown device mode 'normal'",
            "",
        ),
        (
            table(17, "version", "text = 'a'") + table(17, "version", "text = 'a'"),
            6,
            "measurement 0x11 is there twice",
            "",
        ),
    ],
)
def test_mistakes(refused, head, added, line, reason, suggestion):
    where, why, hint = refused(head + added)
    assert (where, hint) == (head.count("\n") + line, suggestion)
    assert reason in why


def test_largest_value_fits_its_block(measured, write, head, tmp_path):
    (tmp_path / "big").write_bytes(bytes(0xFFFC))
    (one,) = measured(table(1, "version", 'file = "big"')).values()
    assert len(one.block(None, raw=True)) == 4 + 0xFFFF


def test_value_too_large_for_a_block_is_refused(refused, head, tmp_path):
    (tmp_path / "big").write_bytes(bytes(0xFFFD))
    assert "at most 65532 bytes" in refused(head + table(1, "version", 'file = "big"'))[1]


def test_the_log_extends_the_measurements_that_it_names(write, head):
    sha384 = by_name(MEASUREMENT_HASHES, "SHA-384")
    tables = LOGGED + table(1, "version", "text = 'v'") + entry(0x11, "informational")
    text = head + tables + entry(0x11, "mutable-firmware", "raw = false")
    device = load_profile(write(text)).device
    log = DmtfMel.parse(device.measurement_extension_log(sha384))
    one, two = log.entries()
    assert (one.meas_index, one.value_type, one.value) == (0x11, 0x89, b"x")
    assert (two.mel_index, two.value_type, two.value_size) == (2, 0x01, 48)
    extended = device.measurements()[1]
    assert (extended.index, extended.hash_extend, extended.tcb) == (0x11, True, False)
    assert extended.block(sha384, raw=False)[4:7] == b"\x08\x30\x00"


@pytest.mark.parametrize(
    ("index", "value", "message"),
    [
        (1, bytes(8), ""),
        (1, bytes(7), "value: a svn has 8 bytes, not 7"),
        (0x11, bytes(0xFFFF), ""),
        (2, b"", "there is no measurement 2; measurements are 17, 1"),
    ],
)
def test_a_new_value_has_to_suit_as_the_first_had(write, head, index, value, message):
    tables = LOGGED + table(1, "svn", "integer = 1") + entry(0x11, "informational")
    sections = load_profile(write(head + tables)).spec.measurement
    told = ""
    try:
        check_new_value(sections, index, value)
    except ConfigError as error:
        told = str(error)
    assert told == message
