"""Which cases a campaign runs, and in which order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from random import Random

from msgspec import Struct, field

from responder.campaign.expected import ExpectedTable, load_expected
from responder.campaign.setting import Setting
from responder.campaign.settings import SETTINGS
from responder.errors import ConfigError, suggest
from responder.faults import catalogue
from responder.faults.rule import FaultSpec

_AT = "@"


class Case(Struct, frozen=True):
    """One fault in one conversation.

    Attributes:
        id: stable: that of the fault's case; ``CASE@SETTING`` in a conversation not its own.
        fault: what goes wrong.
        setting: the conversation.
        group: the letter of the fault's group.
        expected: the checks by which our requester refuses; no others are expected elsewhere.
    """

    id: str
    fault: FaultSpec
    setting: Setting
    group: str
    expected: tuple[str, ...] = ()

    @property
    def tags(self) -> frozenset[str]:
        """What it can be chosen by: duty, basis, hooks, messages, setting, and its checks."""
        rules = self.fault.rules
        messages = {name for rule in rules for name in (*rule.message, *rule.inside)}
        hooks = {rule.hook for rule in rules}
        return frozenset(
            {self.fault.duty, self.fault.basis, self.setting.name}
            | messages
            | hooks
            | {*self.expected}
        )


class Choice(Struct, frozen=True, kw_only=True):
    """What is wanted of all cases; what is given here must hold together.

    Attributes:
        ids: ids of cases or faults, or patterns of them.
        without: the same, of those that are not wanted.
        groups: letters.
        tags: patterns; one of them must fit a tag.
        duties: of these alone.
        importance: 1 is the most important; no case of a higher number.
        settings: instead of each case's own conversation these, by pattern.
        sample: so many, drawn by the seed.
        seed: of the drawing.
    """

    ids: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    importance: int = 3
    settings: tuple[str, ...] = ()
    sample: int | None = None
    seed: str = field(default="")


def full_plan() -> list[Case]:
    """Each case once, in its own conversation: version, algorithms and transport."""
    table = load_expected()
    return [
        _case(fault, group.letter, table)
        for group in catalogue.groups()
        for family in group.faults
        for fault in catalogue.find(family)
    ]


def case_named(case_id: str) -> Case:
    """One case.

    Raises:
        ConfigError: there is none of that id, or several.
    """
    found = cases_named([case_id])
    if len(found) > 1:
        some = ", ".join(case.id for case in found[:3])
        raise ConfigError(f"{case_id} has {len(found)} cases: {some} …: name one of them")
    return found[0]


def cases_named(ids: Iterable[str]) -> list[Case]:
    """Cases by their ids, in that order; the id of a fault is that of all its cases.

    Raises:
        ConfigError: a case, a fault or a setting does not exist.
    """
    table = load_expected()
    found: list[Case] = []
    for case_id in ids:
        name, _, setting = case_id.partition(_AT)
        family = name.partition(":")[0]
        cases = _family(family)
        faults = [one for one in cases if name in {one.id, family}]
        if not faults:
            hint = suggest(name, [one.id for one in cases])
            raise ConfigError(f"{family} has no case {name!r}", suggestion=hint)
        letter = catalogue.group_of(family).letter
        found += [_case(fault, letter, table, setting) for fault in faults]
    return found


@lru_cache(maxsize=16)
def _family(name: str) -> list[FaultSpec]:
    """The cases of a fault; the jobs of a campaign ask for those of the same one again."""
    return catalogue.find(name)


def chosen(cases: Sequence[Case], choice: Choice) -> list[Case]:
    """The cases that are wanted, in their order.

    Raises:
        ConfigError: an id, a group, a tag or a setting that is asked for does not exist.
    """
    _check(cases, choice)
    found = [case for case in cases if _wanted(case, choice)]
    if choice.settings:
        names = [name for name in SETTINGS if _fits(name, choice.settings)]
        found = [_elsewhere(case, name) for case in found for name in names]
    if choice.sample is not None and choice.sample < len(found):
        drawn = Random(choice.seed).sample(range(len(found)), choice.sample)  # noqa: S311
        found = [found[number] for number in sorted(drawn)]
    return found


def telling(cases: Sequence[Case]) -> list[Case]:
    """The same cases, the most telling first.

    First come those that are alone in testing a check of a requester, one for each; then one for
    each fault; then the others; the more important ones first each time.
    """
    checks: set[str] = set()
    families: set[str] = set()
    rounds: list[list[Case]] = [[], [], []]
    for case in sorted(cases, key=lambda one: one.fault.importance):
        new = set(case.expected) - checks
        number = 0 if new else 1 if case.fault.family not in families else 2
        rounds[number].append(case)
        checks |= new
        families.add(case.fault.family)
    return [case for some in rounds for case in some]


def sharded(cases: Sequence[Case], number: int, shards: int) -> list[Case]:
    """Every ``shards``-th case, from the ``number``-th on; numbers begin at 1."""
    return list(cases[number - 1 :: shards])


def _case(fault: FaultSpec, letter: str, table: ExpectedTable, setting: str = "") -> Case:
    expected = table.get(fault.id) or table[fault.family]
    own = _setting(expected.setting)
    case = Case(fault.id, fault, own, letter, expected.checks)
    return _elsewhere(case, setting) if setting else case


def _elsewhere(case: Case, setting: str) -> Case:
    """The same case in another conversation."""
    if setting == case.setting.name:
        return case
    name = case.fault.id + _AT + setting
    return Case(name, case.fault, _setting(setting), case.group, case.expected)


def _setting(name: str) -> Setting:
    if name not in SETTINGS:
        raise ConfigError(f"there is no setting {name!r}", suggestion=suggest(name, SETTINGS))
    return SETTINGS[name]


def _wanted(case: Case, choice: Choice) -> bool:
    names = (case.id, case.fault.family)
    return (
        case.fault.importance <= choice.importance
        and (not choice.ids or any(_fits(name, choice.ids) for name in names))
        and not any(_fits(name, choice.without) for name in names)
        and (not choice.groups or _fits(case.group, choice.groups))
        and (not choice.duties or case.fault.duty in choice.duties)
        and (not choice.tags or any(_fits(tag, choice.tags) for tag in case.tags))
    )


@cache
def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, one) if _is_pattern(one) else name == one for one in patterns)


def _check(cases: Sequence[Case], choice: Choice) -> None:
    """Refuse what fits nothing: a mistyped id would make a campaign that tests nothing."""
    ids = {name for case in cases for name in (case.id, case.fault.family)}
    tags = {tag for case in cases for tag in case.tags} if choice.tags else set()
    known: Mapping[str, tuple[Sequence[str], Iterable[str]]] = {
        "case": (choice.ids, ids),
        "group": (choice.groups, {case.group for case in cases}),
        "tag": (choice.tags, tags),
        "setting": (choice.settings, SETTINGS),
    }
    for what, (wanted, there) in known.items():
        for pattern in _unmet(wanted, there):
            hint = suggest(pattern, there)
            raise ConfigError(f"there is no {what} {pattern!r}", suggestion=hint)


def _unmet(patterns: Sequence[str], names: Iterable[str]) -> Iterator[str]:
    names = [*names]
    yield from (one for one in patterns if not any(_fits(name, (one,)) for name in names))
