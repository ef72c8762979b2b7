"""Makes inputs: first each place by itself in turn, then whatever became of what was new."""

from collections.abc import Callable
from random import Random

import msgspec
from msgspec.structs import replace

from responder.campaign.fuzz.inputs import MAX_RULES, Input
from responder.campaign.fuzz.mutators import MUTATORS, mutators_for
from responder.campaign.fuzz.sites import Site, Sites
from responder.campaign.result import Wire
from responder.crypto.random_tree import RandomTree
from responder.faults import edits
from responder.faults.rule import AnyAction, HookName, Rule

Pick = Callable[[Random], Input | None]
"""Picks an input that did something new; ``None`` while there is none."""

_SWEEPS = 1 + max(one.sweep for one in MUTATORS if one.sweep is not None)
_MOST = 1 << 16
"""Bytes, entries or times that a change in one step does not go beyond."""
_LARGEST = (1 << 64) - 1
_UNLIKELY = 0.25
"""How often something is done that mostly leads nowhere."""


class Ground(msgspec.Struct):
    """Where inputs come from.

    Attributes:
        sites: the places that can be changed.
        waiting: inputs that change one place, which are tried in turn: the most telling ones
            first, and of each list the last.
        learnt: how often places were added.
    """

    sites: Sites
    waiting: list[list[Input]] = msgspec.field(default_factory=lambda: [[] for _ in range(_SWEEPS)])
    learnt: int = 0


class Breeder:
    """Makes the inputs of a search."""

    def __init__(self, ground: Ground, random: RandomTree) -> None:
        self._ground = ground
        self._random = random

    def learn(self, wire: Wire) -> None:
        """Take the places of a conversation in; those that are new will be tried one by one."""
        new = self._ground.sites.learn(wire)
        if not new:
            return
        self._ground.learnt += 1
        random = as_random(self._random.child("sweep", self._ground.learnt))
        for site in new:
            for mutator in mutators_for(site):
                if mutator.sweep is None:
                    continue
                action = mutator.make(site, random)
                if not _changes_nothing(action, site):
                    rule = _rule(site, action, _hook(site), [])
                    self._ground.waiting[mutator.sweep].append((rule,))
        for waiting in self._ground.waiting:
            random.shuffle(waiting)

    def make(self, number: int, pick: Pick) -> Input:
        """The input of run ``number``.

        The most telling changes of each place come first; of the others every second input is one
        until all were tried, and the rest are left to chance.
        """
        random = as_random(self._random.child("run", number))
        most_telling, *others = self._ground.waiting
        if most_telling:
            return most_telling.pop()
        if number % 2:
            for waiting in others:
                if waiting:
                    return waiting.pop()
        parent = None if random.random() < _UNLIKELY else pick(random)
        if parent is None:
            return (self._fresh(random),)
        return self._mutated(parent, pick, random)

    def _mutated(self, parent: Input, pick: Pick, random: Random) -> Input:
        rules = list(parent)
        for _ in range(random.choice((1, 1, 2, 3))):
            self._step(rules, pick, random)
        return tuple(rules[:MAX_RULES]) or (self._fresh(random),)

    def _step(self, rules: list[Rule], pick: Pick, random: Random) -> None:
        """Change a list of rules a little."""
        deed = random.choices(_DEEDS, _CHANCES)[0]
        at = random.randrange(len(rules)) if rules else 0
        if deed == "add" or not rules:
            rules.insert(at, self._fresh(random))
        elif deed == "cross":
            other = pick(random) or ()
            rules[at:] = other[random.randrange(len(other) + 1) :]
        elif deed == "remove":
            del rules[at]
        elif deed == "nudge":
            rules[at] = replace(rules[at], action=[_nudged(rules[at].action[0], random)])
        elif deed == "when":
            rules[at] = replace(rules[at], nth=self._which(rules[at].message[0], random))
        elif deed == "elsewhere":
            rules[at] = self._at_message(rules[at].message[0], random)

    def _fresh(self, random: Random) -> Rule:
        return self._at_message(random.choice(list(self._ground.sites.by_message)), random)

    def _at_message(self, name: str, random: Random) -> Rule:
        site = random.choice(self._ground.sites.by_message[name])
        action = random.choice(mutators_for(site)).make(site, random)
        hook = "message" if random.random() < _UNLIKELY else _hook(site)
        return _rule(site, action, hook, self._which(name, random))

    def _which(self, name: str, random: Random) -> list[int]:
        """Which of the responses of that name are struck: all of them, or one."""
        seen = self._ground.sites.seen.get(name, 1)
        if random.random() < 0.5 and seen > 1:
            return [random.randint(1, seen)]
        return [1] if random.random() < _UNLIKELY else []


_DEEDS = ("add", "nudge", "elsewhere", "when", "cross", "remove")
_CHANCES = (6, 4, 3, 2, 3, 2)


def as_random(branch: RandomTree) -> Random:
    """The generator of a branch: the same numbers each time."""
    return Random(int.from_bytes(branch.bytes(16), "big"))  # noqa: S311 - no secrets


def _changes_nothing(action: AnyAction, site: Site) -> bool:
    return isinstance(action, edits.Set) and action.value == site.value


def _hook(site: Site) -> HookName:
    """Where a place is changed so that a signature covers it, if there is such a place."""
    return "message" if site.late or site.kind == "message" else "draft"


def _rule(site: Site, action: AnyAction, hook: HookName, nth: list[int]) -> Rule:
    return Rule(hook=hook, message=[site.message], nth=nth, action=[action])


def _nudged(action: AnyAction, random: Random) -> AnyAction:
    """The action with its number a little larger or smaller, or twice as large, or half of it."""
    step = random.choice((1, -1))
    times, parts = random.choice(((1, 1), (2, 1), (1, 2)))

    def near(number: int, least: int, most: int = _MOST) -> int:
        moved = number + step if times == parts else number * times // parts
        return max(least, min(most, moved))

    changes: dict[str, object] = {}
    match action:
        case edits.Add():
            changes["by"] = near(action.by, -_MOST) or step
        case edits.Set(value=int(value)):
            changes["value"] = near(value, 0, _LARGEST)
        case edits.Extend(by=int(by)) | edits.Truncate(by=int(by)):
            changes["by"] = near(by, 1)
        case edits.Double():
            changes["times"] = near(action.times, 1)
        case edits.Resize():
            changes["lengths"] = "keep" if action.lengths == "follow" else "follow"
        case edits.Flip(bit=int(bit)):
            changes["bit"] = near(bit, 0)
    return replace(action, **changes)
