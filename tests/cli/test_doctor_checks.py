"""Each thing that `doctor` looks at, good and bad."""

import resource
import socket
from importlib import metadata

import pytest

from responder.cli.doctor_checks import (
    Tool,
    files_check,
    loopback_check,
    package_check,
    package_checks,
    port_check,
    tool_check,
    unix_socket_check,
)

ANY = resource.RLIM_INFINITY
TOOL = Tool("tool", "2.10", "--version", "tests", "apt-get install tool")


@pytest.mark.parametrize(
    ("bounds", "good"),
    [("", True), (">=1", True), (">=1,<1000", True), ("<1000,>=999", False), ("<2", False)],
)
def test_a_package_is_within_its_bounds_or_not(bounds, good):
    check = package_check("click", bounds, "")
    assert check.good is good
    assert metadata.version("click") in check.found
    assert check.get == ("" if good else f"pip install 'click{bounds}'")


@pytest.mark.parametrize(("extra", "required"), [("", True), ("cluster", False)])
def test_a_package_that_is_missing(extra, required):
    check = package_check("there-is-no-such-package", ">=1", extra)
    assert (check.good, check.required, check.found) == (False, required, "missing")
    assert (extra or "there-is-no-such-package") in check.get


def test_packages_are_those_that_this_one_names(monkeypatch):
    wanted = [
        "aiomqtt<3,>=2.5",
        "click>=8.1",
        "distributed>=2024.1; extra == 'cluster'",
        "pytest>=8; extra == 'dev'",
    ]
    monkeypatch.setattr(metadata, "requires", lambda _: wanted)
    checks = {check.name: check for check in package_checks()}
    assert list(checks) == ["aiomqtt", "click", "distributed"]
    assert [check.required for check in checks.values()] == [True, True, False]


def test_a_folder_that_is_not_installed_works_too(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", missing)
    (check,) = package_checks()
    assert (check.good, check.required) == (False, False)


def test_a_port_that_somebody_has():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        check = port_check(port)
    assert (check.good, check.found) == (False, "Address already in use")
    assert port_check(port).good


def test_loopback():
    assert loopback_check(socket.AF_INET, "127.0.0.1").good
    elsewhere = loopback_check(socket.AF_INET, "192.0.2.1")  # RFC 5737: nobody has it
    assert (elsewhere.good, elsewhere.required) == (False, True)


def test_sockets_of_a_folder(tmp_path):
    assert unix_socket_check(tmp_path).good
    missing = unix_socket_check(tmp_path / "no")
    assert not missing.good
    assert "No such file" in missing.found


@pytest.mark.parametrize(
    ("soft", "hard", "good"), [(256, 4096, True), (256, ANY, True), (256, 512, False)]
)
def test_open_files(soft, hard, good):
    check = files_check(soft, hard)
    assert check.good is good
    assert bool(check.get) is not good


@pytest.mark.parametrize(
    ("says", "good", "found"),
    [
        ("echo 'Tool version 2.10.1 (x)'", True, "2.10.1"),
        ("echo 'tool 2.9' >&2; exit 3", False, "2.9, wanted 2.10"),
        ("true", False, "does not tell its version"),
    ],
)
def test_a_program_of_others(tmp_path, says, good, found):
    path = tmp_path / "tool"
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)
    check = tool_check(TOOL, str(path))
    assert (check.good, check.required) == (good, False)
    assert found in check.found
    assert check.get == ("" if good else TOOL.get)


def test_a_program_that_is_not_there_or_cannot_be_started(tmp_path):
    path = tmp_path / "tool"
    path.write_text("no program")
    assert not tool_check(TOOL, str(path)).good
    assert tool_check(TOOL, None).found == "missing"
