"""The commands of docs/wireshark.md, with tshark."""

import re

from captures.loader import recordings
from docs.pages import DOCS, run, steps
from test_dissector_captures import LINK_MCTP, write_as_the_tool_does, write_runs

NOT_HERE = ("wireshark ", "spdm-responder serve")
"""A program with windows, and one that runs until it is stopped."""


def test_the_commands_of_the_page_show_what_they_promise(lua, tmp_path):
    run_of_doe = next(one for one in recordings() if one.name == "v13-doe-p384")
    run_of_mctp = next(one for one in recordings() if one.name == "v12-mctp-p384-app")
    write_runs(tmp_path / "capture.pcapng", [run_of_doe])
    write_as_the_tool_does(tmp_path / "spdm-emu.pcap", run_of_mctp, LINK_MCTP)
    (tmp_path / "keys.jsonl").write_text("")
    page = (DOCS / "wireshark.md").read_text()
    outputs = []
    for step in steps(page, tmp_path):
        if not step.command.startswith(NOT_HERE):
            done = run(step.command, tmp_path)
            assert done.returncode == 0, (step.command, done.stderr)
            outputs.append(done.stdout)
    shown = [one for one in outputs if "SPDM" in one]
    assert len(shown) == sum(line.startswith("$ tshark") for line in page.splitlines()) == 4
    assert "GET_VERSION" in shown[0]
    assert re.search(r"code: CHALLENGE_AUTH \(0x03\)", shown[1])
    assert "secured record of session" in shown[2]
    assert "ALGORITHMS" in shown[3]


def test_every_expert_of_the_page_is_one_of_the_script(lua):
    page = set(re.findall(r"spdm\.expert\.(\w+)", (DOCS / "wireshark.md").read_text()))
    assert page == set(re.findall(r'^expert_information\("(\w+)"', lua.read_text(), re.MULTILINE))
