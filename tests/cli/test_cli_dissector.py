"""``dissector``: one script, on stdout or in a file."""

from click.testing import CliRunner

from responder.cli.dissector import command
from responder.dissector.script import script


def test_the_script_is_printed():
    result = CliRunner().invoke(command)
    assert result.exit_code == 0
    assert result.output == script()


def test_the_script_is_written_to_a_file(tmp_path):
    path = tmp_path / "spdm.lua"
    result = CliRunner().invoke(command, ["-o", str(path)])
    assert (result.exit_code, result.output) == (0, "")
    assert path.read_text("utf-8") == script()
