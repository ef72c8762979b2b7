"""docs/mqtt.md: its commands do what it says, with mosquitto's own clients."""

import pytest
from mosquitto import free_port
from programs import program

from docs import pages

PAGE = (pages.DOCS / "mqtt.md").read_text()
FIRST = PAGE[: PAGE.index("## Topics")]


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Each command with what it is to print and what it printed; and the folder."""
    for name in ("mosquitto", "mosquitto_rr"):
        program(name)
    folder = tmp_path_factory.mktemp("empty")
    port, done = str(free_port()), []
    keep = 'PATH="$PATH:/usr/sbin"; '
    try:
        for step in pages.steps(FIRST, folder):
            command = step.command.replace("1883", port)
            if command.endswith("&"):
                quiet = "" if "2>" in command else "2> errors "
                command = f"{command[:-1]}{quiet}& echo $! >> started"
            if "mosquitto -p" in command:
                command += f"; until mosquitto_pub -p {port} -t up -n; do sleep 0.05; done"
            done.append((step, pages.run(keep + command, folder)))
    finally:
        pages.run("kill $(cat started) || true", folder)
    return folder, done


def test_each_command_ends_well_and_prints_what_the_page_shows(followed):
    _, done = followed
    assert len(done) == 9
    for step, ran in done:
        assert ran.returncode == 0, f"{step.command}\n{ran.stdout}{ran.stderr}"
        if step.shown:
            printed = ran.stdout.rstrip() + "\n"  # an answer ends with a line's end of its own
            assert pages.resembles(step.shown, printed), f"{step.command}\n{printed}"


def test_the_server_has_ended_well(followed):
    folder, _ = followed
    assert "READY spdm-emu://127.0.0.1:" in (folder / "ready").read_text()
    assert "BrokerReached" in (folder / "log").read_text()
