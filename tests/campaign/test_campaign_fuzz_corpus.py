"""Which inputs are kept, and which are picked to go on with."""

from collections import Counter
from random import Random

from responder.campaign.fuzz.corpus import Corpus, Kept
from responder.campaign.fuzz.inputs import digest_of
from responder.faults.edits import Add
from responder.faults.rule import Rule


def rules(by):
    action = Add(field="provisioned_slot_mask", by=by)
    return (Rule(hook="draft", message=["DIGESTS"], action=[action]),)


def corpus_of(**seen):
    """A corpus in which each behaviour was seen so often; the inputs add 1, 2 and so on."""
    corpus = Corpus()
    for number, (behaviour, count) in enumerate(seen.items(), 1):
        for _ in range(count):
            corpus.take(Kept(rules(number), behaviour, number))
    return corpus


def test_an_input_is_kept_once_its_behaviour_is_new():
    corpus = Corpus()
    assert corpus.take(Kept(rules(1), "refused", 1))
    assert not corpus.take(Kept(rules(2), "refused", 2))
    assert corpus.take(Kept(rules(3), "attested", 3))
    assert list(corpus.kept) == [digest_of(rules(1)), digest_of(rules(3))]
    assert corpus.seen == {"refused": 2, "attested": 1}


def test_nothing_can_be_picked_from_nothing():
    assert Corpus().pick(Random(1)) is None


def test_rare_behaviours_are_picked_more_often():
    corpus, random = corpus_of(rare=1, common=100), Random(1)
    counts = Counter(digest_of(corpus.pick(random)) for _ in range(30))
    assert counts[digest_of(rules(1))] > counts[digest_of(rules(2))] > 0


def test_what_was_picked_often_is_picked_less():
    corpus, random = corpus_of(one=1, other=1), Random(1)
    corpus.kept[digest_of(rules(1))].picked = 1_000
    counts = Counter(digest_of(corpus.pick(random)) for _ in range(50))
    assert counts[digest_of(rules(2))] > 40
