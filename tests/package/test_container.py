"""The container recipe of the documentation: its steps are run in a folder, without a container.

Absolute paths are below that folder. The packages that it installs are those of this environment,
at the versions that the constraints name; nothing is fetched.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "docs/examples/Containerfile"
INSTALLED = "/opt/spdm-responder"
TIMEOUT = 60


def instructions():
    """Each stage's instructions, as (name, rest)."""
    stages = []
    for line in RECIPE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            if name == "FROM":
                stages.append([])
            stages[-1].append((name, rest))
    return stages


def below(folder, text):
    """A text in which absolute paths are below a folder."""
    return text.replace(INSTALLED, f"{folder}{INSTALLED}")


def copy(words, source, folder):
    *files, target = words
    for name in files:
        path = source / name
        if path.is_dir():
            shutil.copytree(path, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder / target)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The folder in which the first stage was run."""
    folder = tmp_path_factory.mktemp("image")
    environment = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}
    environment |= {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_CONSTRAINT": ""}
    environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    source = folder
    for name, rest in instructions()[0]:
        if name == "WORKDIR":
            source = folder / rest.lstrip("/")
            source.mkdir(parents=True)
        elif name == "COPY":
            copy(rest.split(), ROOT, source)
        elif name == "RUN":
            command = below(folder, rest)
            done = subprocess.run(
                command, shell=True, cwd=source, env=environment, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(source)
    return folder


def test_the_second_stage_has_what_the_first_installed_and_no_more(image):
    second = dict(instructions()[1])
    assert list((image / INSTALLED.lstrip("/")).glob("lib/*/*/responder/_data/profiles"))
    assert shlex.split(second["COPY"]) == ["--from=build", INSTALLED, INSTALLED]
    assert not [rest for name, rest in instructions()[1] if name == "RUN"]
    assert second["USER"].split(":")[0] != "0"


def test_what_the_recipe_starts_serves_and_ends_at_a_signal(image):
    second = dict(instructions()[1])
    words = json.loads(second["ENTRYPOINT"]) + json.loads(second["CMD"])
    assert f"spdm-emu://0.0.0.0:{second['EXPOSE']}" in words
    words = [word.replace("//0.0.0.0:2323", "//127.0.0.1:0") for word in words]
    environment = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}
    process = subprocess.Popen(
        [below(image, words[0]), *words[1:]],
        cwd=image,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = next(line for line in process.stdout if line.startswith("READY"))
        assert "profile=default" in line
        process.terminate()
        process.communicate(timeout=TIMEOUT)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
