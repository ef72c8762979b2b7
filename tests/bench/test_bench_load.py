"""Many endpoints and requesters, smaller than ``load.py`` does by hand."""

import pytest
from load import MIB, Size, run

SIZE = Size(endpoints=200, requesters=50, seconds=3.0, settling=1.0)


@pytest.mark.parametrize("workers", [1, 2])
def test_many_endpoints_and_requesters_at_once(workers, report):
    outcome = run(workers, SIZE)
    assert outcome.load.failures == []
    assert outcome.load.attestations > SIZE.requesters
    assert outcome.verified
    figure = f"{outcome.rate:.0f}"
    report.add(f"attestations a second, {workers} worker(s)", figure, "")
    growth = f"{outcome.growth / MIB:+.2f} MiB"
    report.add(f"memory of {SIZE.endpoints} endpoints under load", growth, "at most 1 MiB")
    assert outcome.growth <= MIB
