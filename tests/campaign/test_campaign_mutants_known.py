"""What is known of the mutants, as a file; that it is true, ``tests/mutants`` says."""

from responder.campaign.mutants import Mutant
from responder.campaign.mutants_known import known_mutants, line_of
from responder.requester.check_table import CHECKS


def test_every_check_was_measured_in_the_order_of_the_table():
    assert list(known_mutants()) == list(CHECKS)


def test_a_line_tells_what_is_to_be_told():
    assert line_of(Mutant(check="a")) == '{"check":"a"}'
    mutant = Mutant(check="a", outcome="noticed", case="b", verdict="pass-loose", behind=("c",))
    assert line_of(mutant) == (
        '{"check":"a","outcome":"noticed","case":"b","verdict":"pass-loose","behind":["c"]}'
    )
