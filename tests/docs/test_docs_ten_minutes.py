"""docs/ten-minutes.md in an empty folder: each command is run, each output is the program's."""

import pages
import pytest

PAGE = (pages.DOCS / "ten-minutes.md").read_text()
INSTALLS = {
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "pip install spdm-responder",
}
"""What is not run: the package under test is installed already."""
FAILS = {"--group E -o versions.jsonl", "--budget 60s -o campaign.jsonl"}
"""Ends of the commands of which the page says that they exit 1."""


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The folder in the end, and each step with what came of it."""
    folder = tmp_path_factory.mktemp("empty")
    done = [
        (step, pages.run(step.command, folder))
        for step in pages.steps(PAGE, folder)
        if step.command not in INSTALLS
    ]
    return folder, done


def test_each_command_ends_as_the_page_says(followed):
    _, done = followed
    assert len(done) == 7
    for step, ran in done:
        wanted = int(any(step.command.endswith(end) for end in FAILS))
        assert ran.returncode == wanted, f"{step.command}\n{ran.stdout}{ran.stderr}"


def test_each_output_is_that_of_the_program(followed):
    _, done = followed
    shown = [(step, ran) for step, ran in done if step.shown]
    assert len(shown) == 4
    for step, ran in shown:
        assert pages.fits(step.shown, ran.stdout), f"{step.command}\n{ran.stdout}"


def test_the_report_is_there(followed):
    folder, _ = followed
    assert (folder / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_the_installation_is_what_is_left_out():
    lines = [line[2:] for line in PAGE.splitlines() if line.startswith("$ ")]
    assert {line for line in lines if not line.startswith("spdm-responder ")} == INSTALLS
