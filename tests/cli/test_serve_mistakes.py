"""Mistakes in a profile: exit 3, the file and the line, and what was probably meant."""

import subprocess
import sys

import pytest

from responder.pki.sets import identity_path

MISSPELT = """extends = "default"

[spdm]
versoins = ["1.2"]
"""
UNKNOWN = """extends = "default"

[algorithms]
base_asym = [
  "ECDSA-P256",
  "ECDSA-P348",
]
"""
MISSING = """extends = "default"

[[slot]]
id = 0
identity = "slto0.pem"
"""


def serve(path):
    command = [sys.executable, "-m", "responder.cli.main", "serve", str(path), "--port", "0"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("text", "line", "reason", "meant"),
    [
        (MISSPELT, 4, "unknown key 'versoins'", "versions"),
        (UNKNOWN, 6, "unknown signature algorithm 'ECDSA-P348'", "ECDSA-P384"),
        (MISSING, 5, "no such certificate file", "slot0.pem"),
    ],
    ids=["misspelt-key", "unknown-algorithm", "missing-certificate"],
)
def test_a_wrong_profile_is_exit_3_with_its_line(tmp_path, text, line, reason, meant):
    (tmp_path / "slot0.pem").write_bytes(identity_path("device", "ecp384", 0).read_bytes())
    profile = tmp_path / "mine.toml"
    profile.write_text(text)
    ended = serve(profile)
    assert ended.returncode == 3
    assert ended.stdout == ""
    assert f"{profile}:{line}: " in ended.stderr
    assert reason in ended.stderr
    assert f"did you mean '{meant}'?" in ended.stderr
