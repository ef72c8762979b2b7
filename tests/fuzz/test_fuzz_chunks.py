"""Pieces of large messages in any order, of any size, from anywhere: always one sound answer."""

from core import raw_requests as raw
from core.chunks import chunk_get, chunk_send, cut, in_pieces, meet
from core.in_session import InSession
from fuzzing import fuzzing
from hypothesis import given
from hypothesis import strategies as st

VERSIONS = (0x12, 0x13, 0x14)
SMALLEST, LARGE_RESPONSE = 42, 0x0F
REFUSALS = {0x01, 0x04, 0x07, LARGE_RESPONSE}

numbers = st.one_of(st.integers(0, 4), st.sampled_from([0xFFFF]))
handles = st.integers(0, 3)
chunks = st.tuples(
    st.just("send"),
    handles,
    numbers,
    st.binary(max_size=40),
    st.booleans(),
    st.sampled_from([None, None, 0, 1, 43, 70, 0xFFFFFFFF]),
    st.sampled_from([None, None, None, 0, 30, 0xFFFFFFFF]),
)
gets = st.tuples(st.just("get"), handles, numbers)
others = st.tuples(st.just("say"), st.sampled_from(["digests", "measurements", "vendor", "large"]))
steps = st.lists(
    st.tuples(st.sampled_from([0, 1, 2]), st.one_of(chunks, gets, others)), max_size=12
)


def messages(version, step):
    """What a step says, each message of at most 60 bytes."""
    kind, *rest = step
    if kind == "send":
        handle, number, data, last, whole, size = rest
        yield chunk_send(version, handle, number, data, last=last, whole=whole, size=size)
    elif kind == "get":
        yield chunk_get(version, *rest)
    elif rest[0] == "large":
        yield from in_pieces(version, raw.vendor_defined(version, bytes(100)), SMALLEST, 1)
    else:
        yield {
            "digests": raw.get_digests,
            "measurements": raw.get_measurements,
            "vendor": raw.vendor_defined,
        }[rest[0]](version)


def sound(request, answer):
    """A response to that request, or an ERROR of a kind that chunks have a use for."""
    assert len(answer) <= SMALLEST, answer.hex()
    if answer[1] == 0x7F:
        assert answer[2] in REFUSALS, f"{request.hex()} got {answer.hex()}"
        return
    assert answer[1] == request[1] & 0x7F, f"{request.hex()} got {answer.hex()}"
    if answer[1] == 0x06:
        cut(answer)
    if answer[1] == 0x05:
        inside = answer[8 if answer[0] >= 0x14 else 6 :]
        assert not answer[2] or inside[1:3] == b"\x7f\x01", answer.hex()


@fuzzing(150)
@given(st.sampled_from(VERSIONS), steps)
def test_pieces_in_any_order(version, said):
    dialogue = meet(version)
    sessions = [InSession(dialogue, session_id) for session_id in (0xFFFF_0001, 0xFFFE_0001)]
    places = [lambda message: dialogue.hear(message)[0], *(one.say for one in sessions)]
    for where, step in said:
        for message in messages(version, step):
            answer = places[where](message)
            sound(message, answer)
    dialogue.state = "nothing"
    dialogue.reach("authenticated")
    request = raw.get_measurements(version, attributes=1)
    dialogue.check_measurements([(request, dialogue.ask(request, 0x60))])
