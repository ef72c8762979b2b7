"""What a campaign keeps: of each case what was observed, and the verdict. Data only."""

from typing import Literal, get_args

from msgspec import Struct

Verdict = Literal[
    "pass",
    "pass-loose",
    "accepted",
    "overstrict",
    "wrong-recovery",
    "crash",
    "hang",
    "unreached",
    "unimplemented",
    "flaky",
]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
FAILURES: frozenset[Verdict] = frozenset(
    {"accepted", "overstrict", "wrong-recovery", "crash", "hang", "flaky"}
)
"""Verdicts that say that the requester is wrong; ``unreached`` says nothing, and is no pass."""

Weight = Literal["", "security failure", "differs from the reference", "from our judgement"]
"""How heavy an ``accepted`` is: by the basis of the duty."""


class Exchange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request and what was sent for it, as the responder saw them.

    Attributes:
        connection: its ordinal, from 1.
        request: the SPDM message, decrypted if a record carried it; empty if nothing could be read.
        response: the message that was sent, before a record sealed it; empty if none was.
        session: the id of the session, if it was in one.
        struck: a fault changed something here.
        time: of the request, in seconds from the first event on; virtual in one process.
        took: seconds to the response.
    """

    connection: int
    request: bytes
    response: bytes = b""
    session: int | None = None
    struck: bool = False
    time: float = 0.0
    took: float = 0.0


class Strike(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the fault did.

    Attributes:
        exchange: the number of the exchange that it struck, from 0.
        hook: where.
        message: the message that it struck, by name.
        detail: in a few words.
        before, after: the bytes that it changed; both empty where it did something else.
    """

    exchange: int
    hook: str
    detail: str
    message: str = ""
    before: bytes = b""
    after: bytes = b""


class Wire(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was seen on the wire.

    Attributes:
        exchanges: in order; of a long conversation its end may be missing.
        count: how many there were.
        strikes: what the fault did, in order; of many the first ones.
        connections: how many transport connections the requester opened that asked for something.
        reaction: what the requester did after the first strike, in order: names of requests,
            ``retry`` for the same request once more, ``close`` at the end, or ``nothing``.
        went_on: the names among them that are progress: neither a retry, nor RESPOND_IF_READY,
            GET_VERSION or END_SESSION.
        nearest: what came nearest to a strike, where there was none.
    """

    exchanges: tuple[Exchange, ...] = ()
    count: int = 0
    strikes: tuple[Strike, ...] = ()
    connections: int = 0
    reaction: tuple[str, ...] = ()
    went_on: tuple[str, ...] = ()
    nearest: str = ""


class Process(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a requester's process ended.

    Attributes:
        exit: its exit code; ``None`` if a signal ended it.
        signal: the signal's name, such as ``SIGSEGV``; empty if it ended by itself, or if the
            signal was sent to end it.
        done: it wrote what its target calls the end, and was ended if it went on.
        timed_out: it was still running at its time limit, and was ended.
        stubborn: SIGTERM was not enough to end it.
        over_memory: it wanted more memory than it may have.
        over_output: it wrote more than is kept.
        sanitizer: the first line of a sanitizer's report, if there was one.
        seconds: from its start to its end.
        cpu_seconds: processor time, its children included.
        peak_memory: bytes, of the largest of its processes.
        left_behind: processes that it left when it ended by itself, those included that had ended
            and that it had not waited for; they were ended.
        stdout, stderr: the beginnings and ends of what it wrote.
    """

    exit: int | None = None
    signal: str = ""
    done: bool = False
    timed_out: bool = False
    stubborn: bool = False
    over_memory: bool = False
    over_output: bool = False
    sanitizer: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    left_behind: int = 0
    stdout: str = ""
    stderr: str = ""


class Observed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a requester did in one conversation.

    Attributes:
        succeeded: it said that all is well.
        unimplemented: it said that it cannot do what the case is about.
        crash: how it broke down, if it did.
        hang: what it waited for, if it did not end by itself.
        reasons: why it refused, as ids of checks or patterns of them (``*.signature``); empty if
            it did not refuse, or nobody can tell why.
        surfaced: what it told besides: observations by their ids, or ``told`` if the target cannot
            say more; ``None`` if it has no way to tell anything.
        text: what it said, in a line.
        wire: what was seen on the wire.
        process: how its process ended, if it has one.
        seconds: how long this took, in real time.
        requester_seconds: how much of that was the requester's own.
    """

    succeeded: bool = False
    unimplemented: bool = False
    crash: str = ""
    hang: str = ""
    reasons: tuple[str, ...] = ()
    surfaced: tuple[str, ...] | None = None
    text: str = ""
    wire: Wire = Wire()
    process: Process | None = None
    seconds: float = 0.0
    requester_seconds: float = 0.0


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="result"):
    """The verdict on one case.

    Attributes:
        case: its id.
        verdict: see ``Verdict``.
        text: why, in one sentence.
        weight: of ``accepted``: how much that means.
        description, duty, allows, basis, source, importance: as the fault has them.
        group: the letter of its group.
        setting: the conversation.
        expected: the checks for which a conforming requester refuses, if that is its duty.
        expectation: why this verdict was expected, if the expectations have it.
        observed: what was seen.
        attempts: how often the case was run.
    """

    case: str
    verdict: Verdict
    text: str
    weight: Weight = ""
    description: str = ""
    duty: str = ""
    allows: tuple[str, ...] = ()
    basis: str = ""
    source: str = ""
    importance: int = 1
    group: str = ""
    setting: str = ""
    expected: tuple[str, ...] = ()
    expectation: str = ""
    observed: Observed = Observed()
    attempts: int = 1

    @property
    def failed(self) -> bool:
        """The requester is wrong, and nobody expected it."""
        return self.verdict in FAILURES and not self.expectation


When = Literal["before", "between", "after"]


class Control(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="control"):
    """A conversation without a fault.

    Attributes:
        setting: which.
        when: ``before``, ``between`` or ``after`` the cases.
        passed: it went well.
        text: what went wrong, if not.
        observed: what was seen.
    """

    setting: str
    when: When
    passed: bool
    text: str = ""
    observed: Observed = Observed()


class Begin(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="begin"):
    """The first line of a store.

    Attributes:
        version: of this form of store.
        program: the version of this program.
        target: the target's name.
        target_digest: of its description.
        seed: of all randomness.
        plan: the ids of all cases of the campaign, in their order; of all shards.
        shard: which of how many, such as ``2/4``.
        started: RFC 3339.
    """

    version: int
    program: str
    target: str
    target_digest: str
    seed: str
    plan: tuple[str, ...]
    shard: str = "1/1"
    started: str = ""


class End(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="end"):
    """The last line of a store: a campaign that has none was interrupted.

    Attributes:
        stopped: why the requester could not be tested any more; empty if it could.
        late: the budget was used up before each case had its result.
        seconds: how long it took, from where it was begun or gone on with.
        requester_share: how much of the work's time was the requester's own, 0 to 1.
        stale: entries of the expectations that nothing met.
    """

    stopped: str = ""
    late: bool = False
    seconds: float = 0.0
    requester_share: float = 0.0
    stale: tuple[str, ...] = ()


Line = Begin | Control | Result | End
"""A line of a store."""
