"""Small campaigns of every kind of result, as stores."""

from functools import cache

from responder.campaign.conversation import converse
from responder.campaign.result import (
    FAILURES,
    VERDICTS,
    Begin,
    Control,
    End,
    Exchange,
    Observed,
    Process,
    Result,
    Strike,
    Wire,
)
from responder.campaign.settings import SETTINGS
from responder.campaign.store import VERSION, Store
from responder.faults.catalogue import find, group_of

CASES = tuple(f"case.{number}" for number in range(7))
HOSTILE = (
    "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1> & \"quotes' `code`"
    " | [link](javascript:window.pwned=1) *bold* ${{ secrets }} $title ::error::%0A]]>"
    "\x1b[31mred\x1b[0m\x00\x07 \u202ereversed\u202c \ufffe\ud800 {{7*7}} <!-- @all #1 \r\nnext"
)
"""What a requester may write."""


def begin(plan=CASES, **changes):
    fields = {
        "version": VERSION,
        "program": "0.1.0",
        "target": "a-target",
        "target_digest": "c0ffee",
        "seed": "seed",
        "started": "2026-11-28T12:00:00Z",
    }
    return Begin(plan=tuple(plan), **(fields | changes))


def passed(case, **changes):
    return Result(**({"case": case, "verdict": "pass", "text": "it refused"} | changes))


def write(path, *lines):
    with Store(path) as store:
        for line in lines:
            store.append(line)
    return path


def whole(path, plan=CASES, **changes):
    """A campaign without a finding."""
    control = Control(setting="attestation", when="before", passed=True)
    results = [passed(case) for case in plan]
    return write(path, begin(plan, **changes), control, *results, End(seconds=2.0))


@cache
def wire_of(setting, case):
    """What the reference requester and a device with this fault say to each other."""
    run = converse(SETTINGS[setting], find(case)[:1], b"stores")
    numbers = run.struck()
    exchanges = [
        Exchange(
            connection=one.attestation + 1,
            request=one.request,
            response=bytes(one.response or b""),
            struck=number in numbers,
        )
        for number, one in enumerate(run.exchanges)
    ]
    strikes = [
        Strike(
            exchange=number,
            hook=fired.hook,
            message=fired.message,
            detail=fired.detail,
            before=fired.before,
            after=fired.after,
        )
        for number, fired in zip(numbers, run.evidence, strict=True)
    ]
    return Wire(
        exchanges=tuple(exchanges),
        count=len(exchanges),
        strikes=tuple(strikes),
        connections=1,
        reaction=("GET_MEASUREMENTS", "close"),
        went_on=("GET_MEASUREMENTS",),
    )


def of_catalogue(case, verdict="pass", *, setting="attestation", **changes):
    """A case of the catalogue, with a real exchange."""
    fault = find(case)[0]
    observed = {"wire": wire_of(setting, case), "seconds": 0.25, "reasons": ("chal.nonce",)}
    fields = {
        "case": fault.id,
        "verdict": verdict,
        "text": "it accepted it" if verdict in FAILURES else "it refused",
        "description": fault.description,
        "duty": fault.duty,
        "allows": tuple(fault.allows),
        "basis": fault.basis,
        "source": fault.source,
        "importance": fault.importance,
        "group": group_of(case).letter,
        "setting": setting,
        "expected": ("chal.signature",),
        "observed": Observed(**(observed | changes.pop("observed", {}))),
    }
    return Result(**(fields | changes))


BITFLIP = "sig.bitflip:CHALLENGE_AUTH"
"""Accepted by the requester of the gallery; one byte of a signature changes."""


def gallery(path):
    """A campaign with every verdict, texts that want to do harm, and a huge exchange."""
    bulk = Exchange(connection=1, request=b"\x12\x82" + bytes(6), response=b"\x12\x02" * 4000)
    process = Process(
        signal="SIGSEGV",
        stdout=HOSTILE * 50,
        stderr="e" * 40_000,
        sanitizer="ERROR: AddressSanitizer: heap-buffer-overflow",
        seconds=1.5,
        peak_memory=64 << 20,
        left_behind=2,
    )
    hostile = Observed(text=HOSTILE, reasons=(HOSTILE,), surfaced=(HOSTILE,), process=process)
    results = [
        of_catalogue(BITFLIP, "accepted", weight="security failure"),
        of_catalogue("ver.count-zero", "accepted", weight="differs from the reference"),
        passed("a.crash", verdict="crash", text=HOSTILE, description=HOSTILE, observed=hostile),
        passed("a.hang:1", verdict="hang", observed=Observed(hang="it read for ever")),
        passed("an.overstrict", verdict="overstrict", basis="judgement", duty="accept"),
        passed("a.recovery", verdict="wrong-recovery", basis="reference", duty="retry"),
        passed("a.flaky", verdict="flaky", attempts=3, basis="reference"),
        passed("a.known", verdict="accepted", expectation="issue 7"),
        passed("an.unreached", verdict="unreached", text="the fault did not strike"),
        passed("an.unimplemented", verdict="unimplemented", text="exit 89"),
        passed("a.loose", verdict="pass-loose"),
        passed(
            "a.huge",
            verdict="hang",
            observed=Observed(wire=Wire(exchanges=(bulk,) * 400, count=5000)),
        ),
        of_catalogue("chal.nonce-zero"),
    ]
    assert {result.verdict for result in results} == set(VERDICTS)
    first = begin([result.case for result in results], target="a <b>target</b>")
    control = Control(setting="attestation", when="before", passed=True)
    end = End(seconds=10.0, requester_share=0.75, stale=("old.*: expected crash",))
    return write(path, first, control, *results, end)
