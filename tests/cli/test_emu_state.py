"""The file of the negotiated state: what ``spdm_responder_emu`` wrote is read and written again."""

import struct
from pathlib import Path

import pytest

from responder.cli import emu_options
from responder.cli.emu_state import EmuStateFile
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError
from responder.profiles.load import load_profile

SPDM_12 = bytes.fromhex(
    "010000001200c6f7020000f5fb83810102000800000080000000020000001000020008000100980000000000"
    "000010840000100400000001001212e1000000000000c6f7020000120000008002001261000000000000f5fb"
    "0300001200000080020012e30400300001029000000003000000000000000000000000000000000000000220"
    "1b000320060004200f0005200100126304003400010208000000800000000200000000000000000000000000"
    "000000000000022010000320020004200800052001"
).ljust(256, b"\0")
"""Of ``spdm_responder_emu --ver 1.2 --slot_id 0xFF --save_state FILE``, version 85436d5."""
SPDM_13 = bytes.fromhex(
    "010000001300c6f7820800f7fb9ab90112000800000080000000020000001000020008000100980000000000"
    "000010840000100400000001001313e1000000000000c6f7820800120000008002001361000000000000f7fb"
    "9a39001200000080020013e30400300001129000000003000000000000000000000000000000000000010220"
    "1b000320060004200f0005200100136304003400011208000000800000000200000000000000000000000000"
    "000100000000022010000320020004200800052001"
).ljust(256, b"\0")
"""Of ``spdm_responder_emu --ver 1.3 --save_state FILE``: a multi-key connection."""
RESPONDER_FLAGS = slice(11, 15)
"""There all that the responder has; here what CAPABILITIES said, cut to the version."""
MEL_SPECIFICATION = 17
"""There always 0; here what ALGORITHMS selected."""
CODES = [0x84, 0x04, 0xE1, 0x61, 0xE3, 0x63]


@pytest.fixture(params=[SPDM_12, SPDM_13], ids=["1.2", "1.3"])
def written(request, tmp_path):
    """A file that the other program has written, and its bytes."""
    file = tmp_path / "its.state"
    file.write_bytes(request.param)
    return file, request.param


def test_its_messages_are_found(written):
    file, data = written
    found = EmuStateFile(file, None).found
    assert [message[1] for message in found] == CODES
    (size,) = struct.unpack_from("<Q", data, 38)
    assert b"".join(found) == data[46 : 46 + size]


def test_a_responder_with_its_options_goes_on_there(written):
    file, _ = written
    run = emu_options.translate(["--load_state", str(file)], Path(__file__).parent)
    profile = load_profile("default", run.overrides)
    responder = Responder(profile.device, profile.policy, RandomTree(b"seed"))
    assert responder.resume(run.states.found)
    assert responder.connection.kept == run.states.found


def test_the_options_that_are_given_beside_it_do_not_count(written):
    file, _ = written
    alone, beside = (
        emu_options.translate(["--load_state", file.name, *more], file.parent).overrides
        for more in ((), ("--ver", "1.4", "--cap", "CERT", "--asym", "RSASSA_2048"))
    )
    assert alone == beside


def test_written_again_it_is_the_same_file(written, tmp_path):
    file, data = written
    mine = tmp_path / "mine.state"
    states = EmuStateFile(file, mine)
    states.keep(states.found)
    expected = bytearray(data)
    flags = struct.unpack_from("<I", states.found[3], 8)[0]
    expected[RESPONDER_FLAGS] = struct.pack("<I", flags)
    expected[MEL_SPECIFICATION] = states.found[5][31]
    assert mine.read_bytes() == bytes(expected)


def test_nothing_to_keep_is_an_empty_file_as_there(tmp_path):
    file = tmp_path / "state"
    EmuStateFile(None, file).keep(())
    assert file.read_bytes() == b""


def test_messages_that_are_too_long_for_its_file_are_not_cut(written, tmp_path):
    states = EmuStateFile(written[0], tmp_path / "mine")
    long = (*states.found[:1], states.found[1] + bytes(100), *states.found[2:])
    (tmp_path / "mine").write_bytes(SPDM_12)
    with pytest.raises(ValueError, match="210 have room"):
        states.keep(long)
    assert (tmp_path / "mine").read_bytes() == b"", "what was there before counts no more"


def test_without_a_file_there_is_nothing(tmp_path):
    states = EmuStateFile(None, None)
    states.keep((b"x",))
    assert (states.found, states.given, states.overrides) == ((), {}, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no negotiated state was kept"),
        (SPDM_12[:45], "no negotiated state of"),
        (b"\x02" + SPDM_12[1:], "no negotiated state of"),
        (SPDM_12[:120], "damaged"),
        (SPDM_12[:38] + struct.pack("<Q", 300) + SPDM_12[46:], "damaged"),
        (SPDM_12[:47] + b"\x81" + SPDM_12[48:], "damaged: .*GetVersion"),
        (SPDM_12.replace(b"\x12\x63\x04", b"\x12\x63\x09"), "damaged"),
        (SPDM_12.replace(b"\0\x01\0\x12\x12\xe1", b"\0\x01\0\x77\x12\xe1"), "damaged"),
    ],
)
def test_a_file_that_is_none_is_a_mistake_of_the_user(tmp_path, data, reason):
    file = tmp_path / "state"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=reason) as caught:
        EmuStateFile(file, None)
    assert str(file) in str(caught.value)


def test_so_is_one_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        EmuStateFile(tmp_path / "missing", None)
