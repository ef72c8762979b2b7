"""Small campaigns of every kind of result, as stores."""

from responder.campaign.result import Begin, Control, End, Result
from responder.campaign.store import VERSION, Store

CASES = tuple(f"case.{number}" for number in range(7))


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
