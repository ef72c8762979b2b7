"""docs/control.md in an empty folder: each command is run, each output is the program's."""

import pages
import pytest

PAGE = (pages.DOCS / "control.md").read_text()


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Each step with what came of it; variables that are exported hold for those after it."""
    folder = tmp_path_factory.mktemp("empty")
    variables, done = {}, []
    try:
        for step in pages.steps(PAGE, folder):
            name, exported, value = step.command.removeprefix("export ").partition("=")
            if step.command.startswith("export ") and exported:
                variables[name] = value
            else:
                done.append((step, pages.run(step.command, folder, **variables)))
    finally:
        pages.run("spdm-responder ctl shutdown --now || true", folder, **variables)
    return folder, done


def test_each_command_ends_well_and_prints_what_the_page_shows(followed):
    _, done = followed
    assert len(done) == 24
    for step, ran in done:
        assert ran.returncode == 0, f"{step.command}\n{ran.stdout}{ran.stderr}"
        if step.shown:
            assert pages.resembles(step.shown, ran.stdout), f"{step.command}\n{ran.stdout}"


def test_the_server_and_the_requester_have_ended_well(followed):
    folder, _ = followed
    assert "READY spdm-emu://127.0.0.1:" in (folder / "ready").read_text()
    assert "ATTESTED" in (folder / "report").read_text()
    assert not (folder / "ctrl").exists()
