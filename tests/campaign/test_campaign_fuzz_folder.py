"""A search that was interrupted goes on as if it had not been."""

import msgspec
import pytest
from fuzzed import healthy, search_of, seen

from responder.campaign.fuzz.corpus import Kept
from responder.campaign.fuzz.folder import STATE, Folder
from responder.campaign.fuzz.search import Search, begin
from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError


def requester(rules):
    """Says something else about each message, and breaks down on one."""
    if rules[0].message == ["VERSION"] and rules[0].action[0].__struct_config__.tag == "truncate":
        return seen(crash="it was ended by SIGSEGV")
    return seen(" ".join(rule.message[0] for rule in rules))


def run(search, folder, runs):
    """Run so many inputs, with what is kept and the state written down; the inputs."""
    inputs = []
    while len(inputs) < runs:
        for trial in search.round()[: runs - len(inputs)]:
            inputs.append(trial.rules)
            kept, _ = search.take(trial, requester(trial.rules))
            if kept is not None:
                folder.keep(kept)
    folder.save(search.state)
    return inputs


def resumed(folder):
    return Search(folder.load(begin()), healthy(), RandomTree(b"fuzz"))


def test_two_sittings_are_as_good_as_one(tmp_path):
    whole = run(search_of(), Folder(tmp_path / "whole", "key"), 1_000)
    folder = Folder(tmp_path / "parts", "key")
    parts = run(search_of(), folder, 407)
    search = resumed(Folder(tmp_path / "parts", "key"))
    parts += run(search, folder, 593)
    assert parts == whole
    assert search.state.runs == 1_000


def test_each_kept_input_has_a_file_with_its_digest(tmp_path):
    search = search_of()
    run(search, Folder(tmp_path, "key"), 320)
    names = {path.stem for path in tmp_path.glob("*.json")} - {"state"}
    assert names == set(search.state.corpus.kept)
    digest, kept = next(iter(search.state.corpus.kept.items()))
    written = msgspec.json.decode((tmp_path / f"{digest}.json").read_bytes(), type=Kept)
    assert (written.rules, written.behaviour) == (kept.rules, kept.behaviour)


def test_inputs_that_are_in_no_state_are_tried_first(tmp_path):
    search = search_of()
    run(search, Folder(tmp_path, "key"), 320)
    (tmp_path / STATE).unlink()
    state = Folder(tmp_path, "key").load(begin())
    assert len(state.next) == len(search.state.corpus.kept) > 0
    assert state.runs == 0


def test_the_state_of_another_search_is_not_gone_on_with(tmp_path):
    run(search_of(), Folder(tmp_path, "key"), 32)
    state = Folder(tmp_path, "another target").load(begin())
    assert state.runs == 0
    assert state.next


def test_a_breakdown_is_not_told_again_in_the_next_sitting(tmp_path):
    folder = Folder(tmp_path, "key")
    run(search_of(), folder, 320)
    again = resumed(folder)
    (found,) = again.state.breakdowns
    trial = again.round()[0]
    assert again.take(trial, seen(crash="it was ended by SIGSEGV")) == (None, None)
    assert again.state.breakdowns == [found]


@pytest.mark.parametrize("name", ["0123456789ab.json", STATE])
def test_a_file_that_is_none_of_a_corpus_is_named(tmp_path, name):
    (tmp_path / name).write_text('{"rules": 3}', "utf-8")
    with pytest.raises(ConfigError, match=name):
        Folder(tmp_path, "key").load(begin())
