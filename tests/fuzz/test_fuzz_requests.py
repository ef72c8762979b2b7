"""Bad requests: a right answer or an SPDM ERROR, whatever comes, and never anything else.

After every answer the test's own transcripts follow, and a signature shows that they agree with
those of the responder.
"""

from pathlib import Path

import pytest
from core.fakes import VERSIONS
from core.raw_requests import HOME
from fuzzing import OFFERED, REQUESTS, fuzzing, still_attests, subject, tell
from hypothesis import given
from hypothesis import strategies as st

every_version = pytest.mark.parametrize("version", VERSIONS, ids="1.{0.real}".format)
every_request = pytest.mark.parametrize("name", REQUESTS)
STATES = ("nothing", "version", "capabilities", "negotiated", "certificate", "authenticated")


@pytest.mark.slow
@every_version
@every_request
def test_every_single_bit(name, version):
    state = HOME.get(name, "certificate")
    dialogue = subject(version, state)
    request = REQUESTS[name](version)
    for bit in range(8 * len(request)):
        wrong = bytearray(request)
        wrong[bit // 8] ^= 1 << bit % 8
        tell(dialogue, bytes(wrong))
        if dialogue.state != state or dialogue.version != version:
            still_attests(dialogue)
            dialogue = subject(version, state)
    still_attests(dialogue)


@pytest.mark.slow
@every_version
@every_request
def test_every_truncation_and_every_tail(name, version):
    dialogue = subject(version, HOME.get(name, "certificate"))
    request = REQUESTS[name](version)
    for padding in (0, 3):
        for size in range(len(request)):
            assert tell(dialogue, request[:size], padding=padding)[1] == 0x7F
        for tail in (padding + 1, padding + 2, 64, 5_000):
            for byte in (b"\0", b"\xa5"):
                assert tell(dialogue, request + byte * tail, padding=padding)[1] == 0x7F
    still_attests(dialogue)


@pytest.mark.slow
@every_version
@every_request
def test_every_byte_at_its_limits(name, version):
    state = HOME.get(name, "certificate")
    dialogue = subject(version, state)
    request = REQUESTS[name](version)
    for position in range(len(request)):
        for value in (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF):
            tell(dialogue, request[:position] + bytes([value]) + request[position + 1 :])
            if dialogue.state != state or dialogue.version != version:
                dialogue = subject(version, state)
    still_attests(dialogue)


codes = st.one_of(st.sampled_from(sorted(OFFERED)), st.integers(0, 255))


@pytest.mark.parametrize("state", STATES)
@fuzzing(60)
@given(
    st.sampled_from(VERSIONS),
    st.lists(
        st.tuples(st.integers(0, 8), codes, st.binary(max_size=80), st.sampled_from([0, 3])),
        max_size=8,
    ),
)
def test_random_bodies(state, version, messages):
    dialogue = subject(version, state)
    for header, code, body, padding in messages:
        # Mostly the agreed version, so that more than its check is reached.
        first = version if header < 6 else (0x0F, 0x15, 0xFF)[header - 6]
        tell(dialogue, bytes([first, code]) + body, padding=padding)
    still_attests(dialogue)


@fuzzing(60)
@given(st.lists(st.binary(max_size=64), max_size=10), st.sampled_from(STATES))
def test_random_bytes(messages, state):
    dialogue = subject(0x12, state)
    for message in messages:
        tell(dialogue, message)
    still_attests(dialogue)


edits = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 6), st.binary(max_size=6)), min_size=1, max_size=4
)


@fuzzing(150)
@given(st.sampled_from(VERSIONS), st.sampled_from(sorted(REQUESTS)), edits)
def test_valid_requests_with_parts_replaced(version, name, changes):
    dialogue = subject(version, HOME.get(name, "certificate"))
    request = REQUESTS[name](version)
    for place, cut, put in changes:
        position = round(place * len(request))
        request = request[:position] + put + request[position + cut :]
    tell(dialogue, request)
    still_attests(dialogue)


@fuzzing(40)
@given(st.sampled_from(VERSIONS), st.integers(0, 0xFFFF), st.integers(0, 6), st.binary(max_size=99))
def test_negotiation_with_random_structures(version, length, count, trailer):
    dialogue = subject(version, "capabilities")
    request = REQUESTS["NEGOTIATE_ALGORITHMS"](version)
    honest = 32 + len(trailer)
    for its_length in (length, honest):
        head = request[:2] + bytes([count, 0]) + its_length.to_bytes(2, "little")
        tell(dialogue, head + request[6:32] + trailer)
        if dialogue.state != "capabilities":
            break
    still_attests(dialogue)


CORPUS = Path(__file__).parent / "corpus" / "requests"


def corpus():
    """The cases: lines of ``state version hex``, and what is remarkable about them behind a #."""
    for path in sorted(CORPUS.glob("*.txt")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            fields = line.partition("#")[0].split()
            if fields:
                yield pytest.param(*fields, id=f"{path.stem}:{number}")


@pytest.mark.parametrize(("state", "version", "text"), list(corpus()))
@pytest.mark.parametrize("padding", [0, 3])
def test_corpus(state, version, text, padding):
    dialogue = subject(int(version, 16), state)
    for message in text.split(","):
        tell(dialogue, bytes.fromhex(message), padding=padding)
    still_attests(dialogue)


def test_the_corpus_has_every_request():
    assert {path.stem for path in CORPUS.glob("*.txt")} >= {
        "get_version",
        "get_capabilities",
        "negotiate_algorithms",
        "get_digests",
        "get_certificate",
        "challenge",
        "get_measurements",
        "vendor_defined",
        "respond_if_ready",
    }
