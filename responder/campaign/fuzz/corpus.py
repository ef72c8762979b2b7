"""The inputs whose behaviour was new, and which of them are picked to go on with."""

from random import Random

import msgspec

from responder.campaign.fuzz.inputs import Input, digest_of


class Kept(msgspec.Struct, omit_defaults=True):
    """An input whose behaviour was new.

    Attributes:
        rules: the input.
        behaviour: what the requester did, as ``behaviour.behaviour`` has it.
        run: the run in which that was seen first, from 1.
        picked: how often it was picked to be mutated.
    """

    rules: Input
    behaviour: str
    run: int
    picked: int = 0


class Corpus(msgspec.Struct):
    """All behaviours that were seen, and an input for each.

    Attributes:
        kept: the inputs by digest, in the order in which they were found.
        seen: how often each behaviour was seen.
    """

    kept: dict[str, Kept] = {}
    seen: dict[str, int] = {}

    def take(self, one: Kept) -> bool:
        """Count a behaviour; whether it is new, and its input is kept."""
        count = self.seen.get(one.behaviour, 0)
        self.seen[one.behaviour] = count + 1
        if count:
            return False
        self.kept.setdefault(digest_of(one.rules), one)
        return True

    def pick(self, random: Random) -> Input | None:
        """An input to be mutated: one of a rare behaviour, and one seldom picked, more likely."""
        if not self.kept:
            return None
        some = list(self.kept.values())
        weights = [1 / (self.seen[one.behaviour] * (1 + one.picked)) for one in some]
        chosen = random.choices(some, weights)[0]
        chosen.picked += 1
        return chosen.rules
