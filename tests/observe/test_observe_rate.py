"""Counts by the second."""

from responder.observe.rate import Rate


def counted(*times):
    rate = Rate()
    for time in times:
        rate.add(time)
    return rate


def test_whole_seconds_and_not_the_present_one():
    rate = counted(0.1, 0.9, 2.0, 3.5)
    assert rate.history(3.7, 4) == [0, 2, 0, 1]
    assert rate.history(4.0, 4) == [2, 0, 1, 1]


def test_a_mean_over_five_seconds():
    assert counted(*[10.5] * 20).per_second(11.0) == 4.0
    assert counted(*[10.5] * 20).per_second(16.0) == 0.0


def test_what_is_kept_is_bounded_and_the_latest():
    rate = counted(*range(1000))
    assert len(rate._counts) <= 256
    assert rate.history(1000.0, 60) == [1] * 60
