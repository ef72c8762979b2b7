"""Everything for which the requester refuses a responder, one row of a table each.

A requester that forgot one check is made by name: ``AttestOptions(without=frozenset({id}))``. A
check that was left out and would have refused is noted, and the requester goes on as well as it
can; what it needs and was not given reads as zeros.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from responder.errors import ConfigError, suggest
from responder.requester.check_table import CHECKS

if TYPE_CHECKING:
    from responder.requester.report import Report


class UnknownCheckError(LookupError):
    """``require`` was called with an id that the table does not have: a defect of this program."""


class Refused(Exception):  # noqa: N818 - the requester's verdict, not a fault of the program
    """A conforming requester stops here.

    Attributes:
        step: the request at which it stopped, or ``POLICY``.
        check_id: the row of ``CHECKS``.
        detail: what was seen.
        report: what was learnt up to here; set by ``attest``.
    """

    def __init__(self, step: str, check_id: str, detail: str) -> None:
        super().__init__(f"{step}: {check_id}: {detail}")
        self.step = step
        self.check_id = check_id
        self.detail = detail
        self.report: Report | None = None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A check that would have refused, had it not been left out."""

    step: str
    check_id: str
    detail: str


class Checks:
    """The checks of one attestation.

    Attributes:
        step: the request that is being answered; refusals name it.
        passed_over: the checks that were left out and would have refused, in order.
    """

    def __init__(self, without: frozenset[str] = frozenset()) -> None:
        """Check the names.

        Raises:
            ConfigError: ``without`` names a check that does not exist.
        """
        for check_id in sorted(without - CHECKS.keys()):
            meant = suggest(check_id, CHECKS)
            raise ConfigError(f"there is no check {check_id!r}", suggestion=meant)
        self.without = without
        self.step = ""
        self.passed_over: list[PassedOver] = []

    def require(self, check_id: str, condition: object, detail: str) -> bool:
        """Refuse unless ``condition`` holds or the check is left out.

        Returns:
            Whether the condition holds.

        Raises:
            Refused: it does not.
            UnknownCheckError: the table has no such id.
        """
        holds = bool(condition)
        if not self.holds(check_id, condition, detail):
            raise Refused(self.step, check_id, detail)
        return holds

    def holds(self, check_id: str, condition: object, detail: str) -> bool:
        """Whether ``condition`` holds or the check is left out: for what is answered with ERROR.

        Raises:
            UnknownCheckError: the table has no such id.
        """
        if check_id not in CHECKS:
            raise UnknownCheckError(check_id)
        if condition:
            return True
        if check_id not in self.without:
            return False
        self.passed_over.append(PassedOver(self.step, check_id, detail))
        return True
