"""How long a broker is left alone."""

from responder.observe.mqtt_backoff import FIRST, HELD, LONGEST, Backoff


def test_waits_double_up_to_the_longest():
    backoff = Backoff(lambda: 1.0)
    waits = [backoff.after(0.0) for _ in range(12)]
    assert waits[:4] == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST]
    assert waits[-2:] == [LONGEST, LONGEST]


def test_chance_takes_up_to_half():
    assert Backoff(lambda: 0.0).after(0.0) == FIRST / 2


def test_a_link_that_held_is_a_new_beginning():
    backoff = Backoff(lambda: 1.0)
    for _ in range(5):
        backoff.after(HELD / 2)
    assert backoff.after(HELD) == FIRST
    assert backoff.after(0.0) == 2 * FIRST
