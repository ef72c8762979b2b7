"""The state in a folder: the old or the new one, and an error rather than half of one."""

import json

import msgspec
import pytest
from device.provisioned import KEY_PAIRS, P384, SHA_384, device, done, renewed, terms

from responder.device.state import Contents, DeviceState
from responder.errors import ConfigError, UnavailableError
from responder.server.state_dir import (
    FILE,
    NEGOTIATED_FILE,
    NEW_FILE,
    NegotiatedKeeper,
    StateDir,
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "made" / "state"


@pytest.fixture
def opened(folder):
    """Opens the folder for a profile, and leaves it at the end."""
    dirs = []

    def open_for(profile="p"):
        dirs.append(StateDir(folder, profile))
        return dirs[-1]

    yield open_for
    for one in dirs:
        one.close()


def again(folder, profile=None, name="p"):
    """Another process, as it were: the folder is opened anew, for a fresh device."""
    its = profile or device(key_pairs=KEY_PAIRS)
    state_dir = StateDir(folder, name)
    try:
        state_dir.restore(its.device.provisioning)
    finally:
        state_dir.close()
    return its.device


def test_a_new_folder_holds_no_state(opened):
    assert opened().load() is None


def test_what_was_kept_is_there_again(tmp_path):
    folder = tmp_path / "state"
    first = StateDir(folder, "p")
    dev = device(key_pairs=KEY_PAIRS).device
    first.restore(dev.provisioning)
    done(dev.provisioning.write(0, renewed(dev.slot(0)), terms(key_pair_id=1)))
    first.close()
    other = again(folder)
    assert other.slot(0).chain(P384, SHA_384) == dev.slot(0).chain(P384, SHA_384)
    assert other.provisioning.state == dev.provisioning.state


def test_the_file_is_its_owner_s_alone_and_nothing_else_is_left(tmp_path):
    state_dir = StateDir(tmp_path, "p")
    state_dir(DeviceState())
    state_dir.close()
    assert {file.name for file in tmp_path.iterdir()} == {"lock", FILE}
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_one_process_at_a_time(folder, opened):
    opened()
    with pytest.raises(UnavailableError, match="another process"):
        StateDir(folder, "p")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="state folder"):
        StateDir(tmp_path / "file", "p")


def kept(folder, state=None, profile="p"):
    """A file as it is kept, and its bytes."""
    state_dir = StateDir(folder, profile)
    state_dir(state or DeviceState())
    state_dir.close()
    return folder / FILE, (folder / FILE).read_bytes()


def flip(data):
    """Another digit in the state, so that only the checksum tells."""
    return data.replace(b'"waiting_slots":0', b'"waiting_slots":1')


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda data: data[: len(data) // 2], "damaged"),
        (lambda _: b"", "damaged"),
        (lambda _: b"\xff\xfe\x00", "damaged"),
        (lambda _: b"{}", "damaged"),
        (flip, "checksum"),
        (lambda data: data.replace(b"state 1", b"state 2"), "unknown format"),
        (lambda data: data.replace(b'"profile":"p"', b'"profile":"q"'), "of profile 'q'"),
    ],
    ids=["half", "empty", "binary", "other JSON", "changed", "newer", "other profile"],
)
def test_a_file_that_cannot_be_used_is_an_error_and_stays_as_it_is(tmp_path, spoil, reason):
    path, data = kept(tmp_path)
    spoiled = spoil(data)
    assert spoiled != data
    path.write_bytes(spoiled)
    with pytest.raises(ConfigError, match=reason) as error:
        again(tmp_path)
    assert error.value.where == str(path)
    assert path.read_bytes() == spoiled


def test_the_state_of_another_device_is_an_error(tmp_path):
    path, data = kept(tmp_path, DeviceState(Contents()))
    with pytest.raises(ConfigError, match="another device: it has 0 key pairs"):
        again(tmp_path)
    assert path.read_bytes() == data


def test_a_half_written_new_state_is_passed_over(tmp_path):
    path, data = kept(tmp_path)
    (tmp_path / NEW_FILE).write_bytes(data[:100])
    state_dir = StateDir(tmp_path, "p")
    assert state_dir.load() == DeviceState()
    state_dir(DeviceState(waiting_slots=1))
    assert state_dir.load() == DeviceState(waiting_slots=1)
    state_dir.close()
    assert not (tmp_path / NEW_FILE).exists()
    assert path.read_bytes() != data


def test_every_single_byte_that_changes_is_noticed(tmp_path):
    path, data = kept(tmp_path)
    for place in range(0, len(data) - 1, 7):
        spoiled = bytearray(data)
        spoiled[place] ^= 0x01
        path.write_bytes(spoiled)
        with pytest.raises(ConfigError):
            again(tmp_path, device())


def test_the_file_is_json_for_people(tmp_path):
    path, _ = kept(tmp_path)
    envelope = json.loads(path.read_text())
    assert envelope["format"] == "spdm-responder device state 1"
    assert msgspec.convert(envelope["state"], DeviceState) == DeviceState()


VCA = (b"one", b"\0two")


def keeper(state_dir):
    """What keeps the negotiated state there, and what it has to say."""
    said = []
    return NegotiatedKeeper(state_dir, said.append), said


def test_a_new_folder_holds_no_negotiated_state(opened):
    found, said = keeper(opened())
    assert (found.found, said) == ((), [])


@pytest.mark.parametrize("state", [VCA, ()])
def test_the_negotiated_state_is_there_again_beside_the_device_s(tmp_path, state):
    first = StateDir(tmp_path, "p")
    first(DeviceState())
    NegotiatedKeeper(first, print).keep(VCA)
    NegotiatedKeeper(first, print).keep(state)
    first.close()
    again_there = StateDir(tmp_path, "p")
    found, said = keeper(again_there)
    assert (found.found, said) == (state, [])
    assert again_there.load() == DeviceState()
    again_there.close()
    assert {file.name for file in tmp_path.iterdir()} == {"lock", FILE, NEGOTIATED_FILE}
    assert (tmp_path / NEGOTIATED_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("profile", "change", "reason"),
    [
        ("p", lambda data: data[:-9], "is damaged"),
        ("p", lambda data: data.replace(b"b25l", b"b25m"), "checksum"),
        ("p", lambda data: data.replace(b"state 1", b"state 9"), "unknown format"),
        ("p", lambda _: b"\xff", "is damaged"),
        ("other", lambda data: data, "of profile 'p'"),
    ],
)
def test_a_negotiated_state_of_no_use_is_told_and_done_without(tmp_path, profile, change, reason):
    first = StateDir(tmp_path, "p")
    NegotiatedKeeper(first, print).keep(VCA)
    first.close()
    file = tmp_path / NEGOTIATED_FILE
    file.write_bytes(change(file.read_bytes()))
    second = StateDir(tmp_path, profile)
    found, said = keeper(second)
    assert found.found == ()
    assert reason in said[0]
    assert str(file) in said[0]
    assert said[0].endswith("beginning without a negotiated state")
    found.keep(VCA)
    assert keeper(second)[0].found == VCA
    second.close()
