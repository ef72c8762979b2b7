import json
import tomllib
from pathlib import Path

import pytest

from responder.cli.main import main
from responder.profiles.load import list_profiles

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.fixture
def run(capsys):
    """Runs the command line; returns exit code, stdout and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as caught:
            main(["profiles", *arguments])
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    return run


def test_list_names_and_describes_every_profile(run):
    code, out, err = run("list")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in lines] == list_profiles()
    assert all(len(line.split()) > 3 for line in lines)


def test_show_prints_what_is_inherited(run):
    code, out, _ = run("show", "rsapss-3072")
    shown = tomllib.loads(out)
    assert code == 0
    assert shown["algorithms"]["base_asym"] == ["RSAPSS-3072"]
    assert shown["spdm"]["versions"] == ["1.0", "1.1", "1.2", "1.3", "1.4"]
    assert "extends" not in shown


def test_show_of_an_unknown_profile_suggests_one(run):
    code, out, err = run("show", "rsapss-3073")
    assert (code, out) == (3, "")
    assert "did you mean 'rsapss-3072'?" in err


def test_check_of_good_profiles(run):
    assert run("check", "default", "eight-slots") == (0, "default: good\neight-slots: good\n", "")


def test_check_goes_on_after_a_bad_profile(run, tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('extends = "default"\n\n[spdm]\nversion = ["1.2"]\n')
    code, out, err = run("check", str(path), "default")
    assert (code, out) == (3, "default: good\n")
    assert err == (f"error: {path}:4: unknown key 'version' in spdm (did you mean 'versions'?)\n")


def test_check_needs_a_profile(run):
    code, _, err = run("check")
    assert code == 2
    assert "NAME|FILE" in err


def test_schema_is_the_published_one(run):
    code, out, _ = run("schema")
    assert code == 0
    assert json.loads(out) == json.loads((DOCS / "profile.schema.json").read_text())


def test_update_writes_schema_and_tables_and_keeps_the_rest(run, tmp_path):
    page = (DOCS / "profiles.md").read_text()
    (tmp_path / "profiles.md").write_text(page.replace("| `versions` |", "| `stale` |"))
    assert run("schema", "--update", str(tmp_path)) == (0, "", "")
    assert (tmp_path / "profiles.md").read_text() == page
    schema = (tmp_path / "profile.schema.json").read_text()
    assert schema == (DOCS / "profile.schema.json").read_text()
