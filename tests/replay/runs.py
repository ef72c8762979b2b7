"""Recorded runs by name, and recorded runs with one thing changed."""

from dataclasses import replace

from captures.loader import recordings

from responder.replay.command import JUDGES
from responder.replay.driver import replay as replay_by


def run_of(name):
    return next(run for run in recordings() if run.name == name)


def replay(run, judge="requester"):
    return replay_by(run, JUDGES[judge]())


def flipped(data, place):
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def with_byte_flipped(run, number, side, place):
    """A run in which one bit of one payload (``request`` or ``response``) is another."""
    exchanges = list(run.exchanges)
    exchange = exchanges[number]
    data = flipped(getattr(exchange, side), place)
    exchanges[number] = replace(exchange, **{side: data})
    return replace(run, exchanges=tuple(exchanges))


def with_secret_changed(run, side, index, name):
    """A run in which one side wrote down another value: one digit, or one more."""
    events = list(run.secrets[side])
    value = events[index][name]
    other = f"{'1' if value[0] == '0' else '0'}{value[1:]}" if value and str(value) == value else 1
    if not isinstance(value, str):
        other = value + 1
    events[index] = {**events[index], name: other}
    return replace(run, secrets={**run.secrets, side: events})
