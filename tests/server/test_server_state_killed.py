"""kill -9 while the device is provisioned: it starts again, with the old or the new state."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROUNDS = 200
SEED = 4


def test_a_killed_device_has_the_old_or_the_new_state(tmp_path):
    script = Path(__file__).with_name("killed_writer.py")
    run = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "state"), str(ROUNDS), str(SEED)],
        env={**os.environ, "PYTHONPATH": str(script.parent.parent)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    counts = json.loads(run.stdout)
    assert counts["old"] + counts["new"] == ROUNDS
    assert counts["steps"] > ROUNDS, "there was something to interrupt"
