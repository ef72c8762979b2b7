"""Makes an input smaller while the requester breaks down on it in the same way."""

from collections.abc import Callable, Iterator

import msgspec

from responder.campaign.fuzz.inputs import Input, digest_of, fault_of, input_of
from responder.campaign.simpler_fault import named, simpler_faults, without_names
from responder.faults.rule import FaultSpec
from responder.faults.written import written

Still = Callable[[Input], bool]
"""Runs an input; whether the requester breaks down on it as before."""


class Shrunk(msgspec.Struct, frozen=True):
    """What came of an input.

    Attributes:
        rules: the smallest that was found.
        again: the breakdown came once more with the input as it was; else nothing was tried.
        runs: how often the requester was run.
    """

    rules: Input
    again: bool
    runs: int


def shrunk(rules: Input, still: Still, most: int) -> Shrunk:
    """Try one simpler input after the other, and go on with each that does.

    Args:
        rules: the input.
        still: whether one does.
        most: how often it may be asked.
    """
    runs = 1
    if not still(rules):
        return Shrunk(rules, again=False, runs=runs)
    tried = {digest_of(rules)}
    smaller = True
    while smaller:
        smaller = False
        for one in _simpler(rules):
            if digest_of(one) in tried:
                continue
            if runs >= most:
                return Shrunk(rules, again=True, runs=runs)
            tried.add(digest_of(one))
            runs += 1
            if still(one):
                rules, smaller = one, True
                break
    return Shrunk(rules, again=True, runs=runs)


def _simpler(rules: Input) -> Iterator[Input]:
    for table, _ in simpler_faults(named(written(fault_of(rules)))):
        try:
            yield input_of(msgspec.convert(without_names(table), FaultSpec))
        except msgspec.ValidationError:
            continue  # a guess that is no fault
