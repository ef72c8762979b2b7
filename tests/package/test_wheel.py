"""What people install: the wheel carries profiles and certificates and runs without this tree."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel of this tree, built with the installed hatchling."""
    folder = tmp_path_factory.mktemp("wheel")
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([sys.executable, *command, "--wheel-dir", str(folder), str(ROOT)], check=True)
    return next(folder.glob("spdm_responder-*.whl"))


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(unpacked: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command of the unpacked wheel, in a folder where nothing else of ours is."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [sys.executable, "-m", "responder.cli.main", *arguments],
        cwd=unpacked,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_shipped_profile_loads_from_the_wheel(unpacked):
    shipped = sorted(path.stem for path in (ROOT / "profiles").glob("*.toml"))
    assert "default" in shipped
    listed = run(unpacked, "profiles", "list")
    assert listed.returncode == 0, listed.stderr
    for name in shipped:
        assert name in listed.stdout
        checked = run(unpacked, "profiles", "check", name)
        assert checked.returncode == 0, checked.stderr


def test_all_profiles_and_certificates_are_in_the_wheel(unpacked):
    for kind in ("profiles", "certs"):
        here = {p.relative_to(ROOT / kind) for p in (ROOT / kind).rglob("*") if p.is_file()}
        there = unpacked / "responder" / "_data" / kind
        assert here
        assert {p.relative_to(there) for p in there.rglob("*") if p.is_file()} == here


def test_all_data_of_the_package_is_in_the_wheel(unpacked):
    package = ROOT / "responder"
    data = {p.relative_to(ROOT) for p in package.rglob("*.*") if p.suffix not in {".py", ".pyc"}}
    assert Path("responder/campaign/reports/assets/page.html") in data
    assert not [path for path in data if not (unpacked / path).exists()]


def test_the_wheel_names_its_command_and_its_pytest_plugin(unpacked):
    entries = next(unpacked.glob("*.dist-info/entry_points.txt")).read_text()
    assert "spdm-responder = responder.cli.main:main" in entries
    assert "spdm_responder = responder.pytest_plugin" in entries
