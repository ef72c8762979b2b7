"""What is wrong with options of MQTT is said before anything is served."""

import pytest
from click.testing import CliRunner

from responder.cli.mqtt import PASSWORD as VARIABLE
from responder.cli.serve import command

USUAL = ("ecdsa-p256", "--port", "0")
PASSWORD = "pass:w0rd@/"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--mqtt", f"mqtt://u:{PASSWORD}@127.0.0.1"], "--mqtt-password-file"),
        (["--mqtt", "mqtt://127.0.0.1", "--mqtt-name", "a/b"], "no '/'"),
        (["--mqtt", "mqtt://127.0.0.1", "--mqtt-ca", __file__], "mqtts://"),
        (["--mqtt", "mqtts://127.0.0.1", "--mqtt-ca", __file__], "no certificate"),
        (["--mqtt", "mqtts://127.0.0.1", "--mqtt-cert", __file__], "no certificate"),
        (["--mqtt", "mqtts://127.0.0.1", "--mqtt-key", __file__], "--mqtt-cert"),
        (["--mqtt", "mqtt://127.0.0.1", "--mqtt-password-file", __file__], "needs a user"),
        (["--mqtt", "127.0.0.1"], "did you mean 'mqtt://127.0.0.1'"),
        (["--mqtt-control"], "needs --mqtt"),
        (["--mqtt-name", "x"], "needs --mqtt"),
    ],
)
def test_what_cannot_be_is_said_at_once(arguments, text):
    result = CliRunner().invoke(command, [*USUAL, *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert text in result.stderr
    assert PASSWORD not in result.stderr


def test_a_password_needs_a_user_wherever_it_comes_from():
    arguments = [*USUAL, "--mqtt", "mqtt://127.0.0.1"]
    result = CliRunner(env={VARIABLE: PASSWORD}).invoke(command, arguments)
    assert result.exit_code == 2
    assert "needs a user" in result.stderr
    assert PASSWORD not in result.stderr


@pytest.mark.parametrize(("content", "text"), [(b"\n", "no password"), (b"\xff", "no text")])
def test_a_file_without_a_password(tmp_path, content, text):
    file = tmp_path / "password"
    file.write_bytes(content)
    arguments = [*USUAL, "--mqtt", "mqtt://u@127.0.0.1", "--mqtt-password-file", str(file)]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert text in result.stderr
