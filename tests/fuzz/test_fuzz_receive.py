"""The corpus of the coverage-guided fuzzer, and that its target would notice."""

from pathlib import Path

import pytest
from receive_target import STARTS, VERSIONS, BrokenError, one_input, start

CORPUS = sorted((Path(__file__).parent / "corpus" / "receive").glob("*"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", STARTS)
def test_every_start_is_reached(version, name):
    dialogue, session = start(version, name)
    assert dialogue.responder.connection.phase.name == (
        {"nothing": "NOT_STARTED", "capabilities": "AFTER_CAPABILITIES"}.get(name, "NEGOTIATED")
    )
    assert bool(dialogue.responder.connection.sessions) == (session is not None)


def test_the_corpus_breaks_nothing():
    assert len(CORPUS) > 100
    for path in CORPUS:
        one_input(path.read_bytes())


def test_a_defect_would_be_noticed(monkeypatch):
    from responder.core.turn import Turn

    def defect(self):
        raise KeyError("made for this test")

    monkeypatch.setattr(Turn, "take", defect)
    with pytest.raises(BrokenError, match="made for this test"):
        one_input(b"\0\0\4\x10\x84\0\0")
