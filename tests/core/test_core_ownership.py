"""How far resets go: the levels nest, and an endpoint forgets what the table says it forgets."""

import pytest
from core import raw_requests as raw
from core.fakes import responder

from responder.core.effects import Emit, Send
from responder.core.events import PhaseChanged
from responder.core.ownership import CLEARS, Level, Reset

VERSION = 0x12
FORGETS = {Reset.GET_VERSION, Reset.CONVENTIONAL, Reset.POWER_CYCLE}
"""A function level reset is the function's own, the end of a session the session's."""


def answer(peer, request):
    return next(e.message for e in peer.receive(request, 0.0) if isinstance(e, Send))


def with_capabilities():
    peer = responder()
    answer(peer, raw.get_version())
    assert answer(peer, raw.get_capabilities(VERSION))[1] == 0x61
    return peer


def test_every_reset_is_in_the_table():
    assert set(CLEARS) == set(Reset)


@pytest.mark.parametrize("reset", Reset)
def test_sessions_never_outlive_their_endpoint(reset):
    assert Level.ENDPOINT not in CLEARS[reset] or Level.SESSION in CLEARS[reset]


@pytest.mark.parametrize("reset", Reset)
def test_the_process_outlives_every_reset(reset):
    assert Level.PROCESS not in CLEARS[reset]


@pytest.mark.parametrize("reset", sorted(FORGETS, key=str))
def test_an_endpoint_begins_from_nothing(reset):
    peer = with_capabilities()
    effects = peer.reset(reset)
    assert effects == [Emit(PhaseChanged("AFTER_CAPABILITIES", "NOT_STARTED"))]
    refused = answer(peer, raw.negotiate(VERSION))
    assert refused == bytes([0x10, 0x7F, 0x41, 0]), "VersionMismatch: no version is agreed"
    assert answer(peer, raw.get_version())[1] == 0x04


@pytest.mark.parametrize("reset", sorted(set(Reset) - FORGETS, key=str))
def test_an_endpoint_stays_as_it_is(reset):
    peer = with_capabilities()
    assert peer.reset(reset) == []
    assert answer(peer, raw.negotiate(VERSION))[1] == 0x63
