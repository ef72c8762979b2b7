"""Every command of the documentation is run, here or by the test that its page names."""

import shutil

import following
import pages
import pytest

ROOT = pages.DOCS.parent
OTHERWISE = {"ten-minutes.md": "test_docs_ten_minutes.py", "control.md": "test_docs_control.py"}
"""Pages that have a test of their own, which runs all of their commands."""
PAGES = [ROOT / "README.md", *sorted(pages.DOCS.rglob("*.md"))]
FOLLOWED = [
    path for path in PAGES if path.name not in OTHERWISE and following.commands(path.read_text())
]
SETUPS = {"scripts/demo", "scripts/test", "pip install ."}
"""What sets up the tree, or runs these tests."""
DEVICE = 'extends = "default"\n'
TARGET = """\
command = ["spdm-responder", "attest", "{uri}", "--without", "chal.signature"]
[[conversations]]
settings = ["attestation"]
"""
NARROW = """\
command = ["spdm-responder", "attest", "{uri}"]
[[conversations]]
settings = ["rsassa-1.1"]
"""
"""A requester that holds one of the conversations only, so that a campaign takes seconds."""


def named(path):
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def belongings(tmp_path_factory):
    """What a reader has already: a device, a requester, a recording, the store of a campaign."""
    folder = tmp_path_factory.mktemp("reader")
    for name in ("mine.toml", "my-device.toml"):
        (folder / name).write_text(DEVICE)
    for name in ("requester.toml", "ours.toml"):
        (folder / name).write_text(NARROW)
    roots = [path.read_text() for path in (ROOT / "certs" / "roots").glob("*.pem")]
    (folder / "ca.cert.der").write_text("".join(one for one in roots if "PRIVATE" not in one))
    with following.reading(folder) as reader:
        for line in (
            "spdm-responder serve full --journal run.jsonl --keylog keys.jsonl",
            "spdm-responder attest spdm-emu+mctp://127.0.0.1:2323 --session kex:measurements",
        ):
            reader.run(following.Command(line))
    run = "spdm-responder campaign run --target our-requester --sample 30"
    for line in (
        f"{run} --shard 1/2 -o shard-1.jsonl",
        f"{run} --shard 2/2 -o shard-2.jsonl",
        "spdm-responder report merge shard-1.jsonl shard-2.jsonl -o campaign.jsonl",
    ):
        assert pages.run(line, folder).returncode == 0
    (folder / "known.toml").write_text("")
    return folder


def give(belongings, folder, page):
    """Put a copy of them into the folder in which a page is followed."""
    for path in belongings.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    if page == "campaign-tools.md":
        (folder / "mine.toml").write_text(TARGET)


def test_pages_that_are_not_followed_here_are_so_elsewhere():
    for page, test in OTHERWISE.items():
        assert page in (ROOT / "tests" / "docs" / test).read_text()


@pytest.mark.parametrize("path", FOLLOWED, ids=named)
def test_each_command_of_a_page_does_what_it_says(path, belongings, tmp_path):
    give(belongings, tmp_path, path.name)
    page = path.read_text()
    list(pages.steps(page, tmp_path))  # writes the files that it has
    with following.reading(tmp_path) as reader:
        for command in following.commands(page):
            if command.elsewhere:
                assert (ROOT / command.elsewhere).is_file(), command
            elif command.needs and not shutil.which(command.needs):
                continue
            elif command.text not in SETUPS:
                told = reader.run(command)
                if path.parent.name == "tutorials" and command.shown:
                    assert any(pages.fits(command.shown, text) for text in told), told
