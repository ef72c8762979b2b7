"""What the marker ``spdm_faults`` is made of: cases as parameters, and a verdict on each.

Imported only where a test has the marker: see ``pytest_plugin``.
"""

import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from responder.campaign.attempt import Health, attempt, health_of, lacking, unimplemented
from responder.campaign.expectations import Expectations, read_expectations
from responder.campaign.plan import Case, Choice, chosen, full_plan
from responder.campaign.reports.summary import verdict_text
from responder.campaign.result import Process, Result
from responder.campaign.target import Target, read_target
from responder.campaign.targets.called import REFUSED, UNIMPLEMENTED, passed
from responder.campaign.targets.performers import Invocation
from responder.campaign.targets.sockets import SocketRunner
from responder.errors import ConfigError

_SEED = "pytest"
_MANY = ("without", "groups", "tags", "duties", "settings")
"""Keys of a choice that may be given as one text instead of several."""
_FREED = 1.0
"""Seconds that a requester gets when its device is gone."""
_WELL = frozenset({"pass", "pass-loose"})
Healths = dict[tuple[str, str], Health]
"""What a test's requester does without a fault, by the test and the conversation."""


class FaultMarker(msgspec.Struct, frozen=True):
    """What a test's marker says.

    Attributes:
        choice: of the cases.
        target: how the requester is to be understood.
        expectations: what is known to fail.
        repeat: how often a verdict that is no pass must be repeated.
    """

    choice: Choice
    target: Target
    expectations: Expectations
    repeat: int


def parametrize(metafunc: pytest.Metafunc, mark: pytest.Mark) -> None:
    """Give a test its cases, in the order of the plan, which is the same in each process."""
    try:
        marker = _read(mark, metafunc.config.rootpath)
        cases = chosen(_plan(), marker.choice)
    except ConfigError as error:
        pytest.fail(f"spdm_faults: {error}", pytrace=False)
    if not cases:
        pytest.fail("spdm_faults: there is no such case", pytrace=False)
    parameters = [pytest.param((case, marker), id=case.id) for case in cases]
    metafunc.parametrize("spdm_case", parameters, indirect=True)


def case_of(request: pytest.FixtureRequest, healths: Healths) -> "SpdmCase":
    """The case of a test; ``healths`` is kept from test to test."""
    if not hasattr(request, "param"):
        pytest.fail("spdm_case is for tests with @pytest.mark.spdm_faults(...)", pytrace=False)
    case, marker = request.param
    return SpdmCase(case, marker, healths, request.node.nodeid.partition("[")[0])


class SpdmCase:
    """A case, and the verdict on a requester that meets it; what the fixture ``spdm_case`` gives.

    Attributes:
        case: its id, the fault, the conversation, and the checks for which to refuse.
    """

    def __init__(self, case: Case, marker: FaultMarker, healths: Healths, test: str) -> None:
        self.case = case
        self._marker = marker
        self._healths = healths
        self._test = test

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    @property
    def id(self) -> str:
        """The id of the case."""
        return self.case.id

    def judge(
        self,
        attest: Callable[..., Any],
        refused: type[Exception] | tuple[type[Exception], ...] = Exception,
    ) -> Result:
        """Let a requester meet the device, and fail unless it does its duty.

        It runs in a thread, once for each connection of the conversation. Before the first case
        of a conversation it also meets the same device without a fault.

        Args:
            attest: the requester: a function, or a coroutine function, that gets those of
                ``uri``, ``host``, ``port``, ``root``, ``version`` and the other values of a
                target's command that it has parameters for; if it has none of them, the URI
                alone. If it returns, and not ``False``, it is satisfied with the device;
                ``NotImplementedError`` is what it says of a conversation that it cannot hold.
            refused: what it raises if it refuses; any other exception is the test's.

        Returns:
            The result of the case, if that is ``pass`` or ``pass-loose``.
        """
        with tempfile.TemporaryDirectory(prefix="spdm-case-") as work:
            performer = _ThreadPerformer(attest, refused, self._marker.target.time_limit)
            with closing(SocketRunner(self._marker.target, Path(work), performer)) as runner:
                result = self._result(runner)
        _tell(self._marker.expectations.applied(result))
        return result

    def _result(self, runner: SocketRunner) -> Result:
        disabled = self._marker.expectations.disabled(self.id)
        if disabled:
            return unimplemented(self.case, f"disabled: {disabled}")
        health = self._health(runner)
        name = self.case.setting.name
        if not (health.passed or health.unimplemented):
            pytest.fail(f"without any fault it fails in {name}: {health.text}", pytrace=False)
        why = lacking(self.case, health)
        if why:
            return unimplemented(self.case, why)
        return attempt(runner, self.case, self._seed, health, repeat=self._marker.repeat)

    def _health(self, runner: SocketRunner) -> Health:
        key = (self._test, self.case.setting.name)
        if key not in self._healths:
            self._healths[key] = health_of(runner.run(self.case.setting, (), self._seed))
        return self._healths[key]

    @property
    def _seed(self) -> bytes:
        return self._marker.choice.seed.encode()


@cache
def _plan() -> list[Case]:
    return full_plan()


def _read(mark: pytest.Mark, root: Path) -> FaultMarker:
    """Read a marker; ``root`` is where its relative paths begin."""
    given = {"seed": _SEED, **mark.kwargs}
    target = given.pop("target", {})
    expect = given.pop("expect", "")
    repeat = given.pop("repeat", 1)
    expectations = read_expectations(root / expect) if expect else Expectations()
    texts = {name: (given[name],) for name in _MANY if isinstance(given.get(name), str)}
    try:
        choice = msgspec.convert({"ids": mark.args, **given, **texts}, _Choice)
        return FaultMarker(choice, _target(target, root), expectations, repeat)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error)) from None


def _target(given: str | Mapping[str, Any], root: Path) -> Target:
    """The description of a file, or the keys of one; its command is not what is run."""
    if isinstance(given, str):
        return msgspec.structs.replace(read_target(str(root / given)), command=[])
    return msgspec.convert({"name": "pytest", **given}, Target)


def _tell(result: Result) -> None:
    """End the test, unless the requester did what it must."""
    if result.verdict == "unimplemented":
        pytest.skip(result.text)
    if result.verdict in _WELL:
        return
    if result.expectation:
        pytest.xfail(f"{result.verdict}: {result.expectation}")
    sentence = f"{result.case}: {verdict_text(result)}: {result.text}"
    pytest.fail(f"{sentence}\n{result.description}", pytrace=False)


class _Choice(Choice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A choice that knows when a key is mistyped."""


class _ThreadPerformer:
    """Calls a requester in a thread, to see when it hangs; a ``Performer``."""

    def __init__(
        self,
        attest: Callable[..., Any],
        refused: type[Exception] | tuple[type[Exception], ...],
        limit: float,
    ) -> None:
        self._attest = attest
        self._refused = refused
        self._limit = limit
        self._thread: threading.Thread | None = None

    def __call__(self, invocation: Invocation) -> Process:
        """As ``Performer``; raises what the requester raises that is no refusal."""
        ended: list[Process | BaseException] = []

        def work() -> None:
            try:
                ended.append(self._once(invocation.values))
            except BaseException as error:  # noqa: BLE001 - the test's own: raised there
                ended.append(error)

        self._thread = threading.Thread(target=work, name="spdm-case", daemon=True)
        self._thread.start()
        self._thread.join(self._limit)
        if not ended:
            return Process(timed_out=True, seconds=self._limit)
        (end,) = ended
        if isinstance(end, BaseException):
            raise end
        return end

    def _once(self, values: Mapping[str, str]) -> Process:
        try:
            returned = passed(self._attest, values)
        except NotImplementedError as error:
            return Process(exit=UNIMPLEMENTED, stderr=str(error))
        except self._refused as error:
            text = traceback.format_exception_only(error)
            return Process(exit=REFUSED, stderr="".join(text))
        said = returned if isinstance(returned, str) else ""
        return Process(exit=REFUSED if returned is False else 0, stdout=said)

    def close(self) -> None:
        """Wait for a requester that hung on a device that is gone now."""
        if self._thread is not None:
            self._thread.join(_FREED)
