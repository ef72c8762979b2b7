import pytest

from responder.errors import ConfigError
from responder.profiles.source import find_profile, list_profiles, open_source, path_text


def test_tables_merge_and_lists_replace(write):
    write(
        "x = [1, 2]\n[t]\na = 1\nb = 1\n[t.u]\nc = 1\n[[s]]\nid = 1\n[[s]]\nid = 2\n", "base.toml"
    )
    top = write('extends = "base.toml"\nx = [3]\n[t]\nb = 2\n[t.u]\nd = 2\n[[s]]\nid = 3\n')
    assert open_source(top).data == {
        "extends": "base.toml",
        "x": [3],
        "t": {"a": 1, "b": 2, "u": {"c": 1, "d": 2}},
        "s": [{"id": 3}],
    }


def test_overrides_merge_like_one_more_profile(write):
    path = write("x = [1, 2]\n[t]\na = 1\nb = 1\n")
    assert open_source(path, {"t": {"b": 2}, "x": []}).data == {"x": [], "t": {"a": 1, "b": 2}}


def test_neither_description_nor_extends_is_inherited(write):
    write('description = "base"\nextends = "default"\n', "base.toml")
    data = open_source(write('extends = "base.toml"\n')).data
    assert data["extends"] == "base.toml"
    assert "description" not in data
    assert data["slot"][0]["set"] == "device"


def test_each_key_is_located_in_the_file_that_it_comes_from(write):
    base = write("[t]\na = 1\nb = 1\n[[s]]\nid = 1\nk = 1\n[[s]]\nid = 2\n", "base.toml")
    top = write('\nextends = "base.toml"\n[t]\nb = 2\n[[s]]\nid = 3\n')
    source = open_source(top)
    assert source.error(("t", "a"), "r").where == f"{base}:2"
    assert source.error(("t", "b"), "r").where == f"{top}:4"
    assert source.error(("t", "c"), "r").where == f"{top}:3"
    assert source.error(("s", 0, "id"), "r").where == f"{top}:6"
    assert source.error(("s", 0, "k"), "r").where == f"{top}:5"
    assert source.error(("nowhere",), "r").where == f"{top}:1"


def test_overrides_are_named_by_their_key(write):
    source = open_source(write("[t]\na = 1\n"), {"t": {"b": [1]}})
    assert source.error(("t", "b", 0), "r").where == "override t.b[0]"
    assert source.error(("t", "a"), "r").where.endswith("x.toml:2")


def test_files_are_relative_to_the_profile_that_names_them(write, tmp_path):
    (tmp_path / "sub").mkdir()
    write('f = "a.bin"\n', "sub/base.toml")
    source = open_source(write('extends = "sub/base.toml"\ng = "b.bin"\n'))
    assert source.file(("f",), "a.bin") == tmp_path / "sub" / "a.bin"
    assert source.file(("g",), "b.bin") == tmp_path / "b.bin"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = = 2\n", 2),
        ("a = 1\n[t\n", 2),
        ('a = 1\n\n\nb = "', 4),
        ("a = 1\na = 2\n", 2),
        ("a = [1,\n2\n", 2),
    ],
)
def test_syntax_errors_carry_the_line(write, text, line):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        open_source(path)
    assert caught.value.where == f"{path}:{line}"
    assert "(at " not in caught.value.reason


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = '\x80'"])
def test_profile_is_utf8(tmp_path, content):
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="UTF-8") as caught:
        open_source(str(path))
    assert caught.value.where == str(path)


@pytest.mark.parametrize("other", ["x.toml", "y.toml"])
def test_circles_are_found(write, other):
    path = write(f'a = 1\nextends = "{other}"\n')
    back = write('extends = "x.toml"\n', "y.toml")
    with pytest.raises(ConfigError, match="circle") as caught:
        open_source(path)
    assert caught.value.where == (f"{path}:2" if other == "x.toml" else f"{back}:1")


def test_unknown_base_is_an_error_at_extends(write):
    path = write('\nextends = "defualt"\n')
    with pytest.raises(ConfigError) as caught:
        open_source(path)
    assert caught.value.where == f"{path}:2"
    assert caught.value.suggestion == "default"


def test_missing_base_file_is_an_error_at_extends(write):
    write("", "base.toml")
    path = write('\nextends = "bse.toml"\n')
    with pytest.raises(ConfigError, match="no such profile") as caught:
        open_source(path)
    assert caught.value.where == f"{path}:2"
    assert caught.value.suggestion.endswith("base.toml")


@pytest.mark.parametrize("value", ["1", '["default"]', "{}"])
def test_extends_is_one_name(write, value):
    path = write(f"\nextends = {value}\n")
    with pytest.raises(ConfigError) as caught:
        open_source(path)
    assert caught.value.where == f"{path}:2"


def test_unknown_name_suggests_a_shipped_profile_or_a_file_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").touch()
    for name, suggestion in (("qemu-nvm", "qemu-nvme"), ("mine", "./mine.toml"), ("zzz", "")):
        with pytest.raises(ConfigError) as caught:
            find_profile(name)
        assert caught.value.suggestion == suggestion


def test_unreadable_file_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        open_source(f"{tmp_path}/")


def test_paths_below_the_working_directory_are_said_short(write, tmp_path, monkeypatch):
    write("a = = 1\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        open_source("./x.toml")
    assert caught.value.where == "x.toml:1"


def test_key_paths_are_written_as_people_do():
    assert path_text(("slot", 0, "model")) == "slot[0].model"
    assert path_text(()) == ""


def test_shipped_profiles_are_the_ones_promised():
    signing = {f"rsa{kind}-{bits}" for kind in ("ssa", "pss") for bits in (2048, 3072, 4096)}
    signing |= {"ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"}
    signing |= {"ml-dsa-44", "ml-dsa-65", "ml-dsa-87", "post-quantum", "mixed-chain"}
    others = {"default", "qemu-nvme", "minimal-1.0", "eight-slots", "bad-signature", "stale-nonce"}
    assert set(list_profiles()) >= signing | others
