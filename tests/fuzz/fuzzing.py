"""What bad input may lead to, and how much of it is tried.

``FUZZ_EXAMPLES=20000 pytest tests/fuzz`` looks further, and at other examples each time.
"""

import os

from core import raw_requests as raw
from core.dialogue import Dialogue, messages_of
from core.fakes import CERT, CHAL, LARGE_RESP, MEAS_SIG, policy, responder
from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))


def fuzzing(examples, **more):
    """Settings of a property: so many examples, unless the environment asks for others."""
    return settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        **more,
    )


REQUESTS = raw.REQUESTS | {"CHALLENGE": lambda version: raw.challenge(version, summary=0xFF)}
OFFERED = {0x81, 0x82, 0x83, 0x84, 0xE0, 0xE1, 0xE3, 0xFE, 0xFF}
REFUSALS = {0x01, 0x04, 0x07, 0x0D, 0x12, 0x41}
"""ERROR codes that this responder has a use for. Unspecified (0x05) would be a defect here."""
IN_SESSIONS = {0xE2, 0xE5, 0xE7, 0xE8, 0xE9, 0xEC, 0xF0, 0xF1}
"""Requests of sessions: outside they get SessionRequired, Unspecified in 1.1."""
EXTENDED = {0x0D: 4, 0x12: 4}
AFTER = {0x84: "version", 0xE1: "capabilities", 0xE3: "negotiated"}


def subject(version, state):
    """A dialogue with a good responder in some state."""
    peer = responder(its_policy=policy(flags=CERT | CHAL | MEAS_SIG | LARGE_RESP))
    dialogue = Dialogue(peer, version)
    return dialogue.reach(state)


def check_outcome(request, effects):
    """One answer: the right kind of response, or a well-formed ERROR; returns it."""
    answers = messages_of(effects)
    assert len(answers) == 1, f"{request.hex()}: {len(answers)} answers"
    answer = answers[0]
    if answer[1] == 0x7F:
        check_error(request, answer)
    else:
        assert request[1] in OFFERED, f"{request.hex()}: {answer.hex()}"
        assert answer[:2] == bytes([request[0], request[1] & 0x7F])
    return answer


def check_error(request, answer):
    """An ERROR has its code, its data, and as many bytes as both want."""
    told = f"{request.hex()} got {answer.hex()}"
    required = 0x05 if answer[0] == 0x11 else 0x0B
    in_session = len(request) > 1 and request[1] in IN_SESSIONS
    assert answer[2] in REFUSALS or (in_session and answer[2] == required), told
    assert answer[0] in range(0x10, 0x15), told
    assert answer[3] == (request[1] if answer[2] == 0x07 else 0), told
    assert len(answer) == 4 + EXTENDED.get(answer[2], 0), told


def tell(dialogue, request, *, padding=0):
    """Say anything; whatever is answered, the dialogue's own transcripts follow."""
    effects = dialogue.responder.receive(request, dialogue.now, padding=padding)
    answer = check_outcome(request, effects)
    if answer[1] == 0x7F:
        return answer
    code = request[1]
    if code == 0x83:
        dialogue.check_challenge(trim(request, dialogue.version), answer)
        dialogue.b, dialogue.state = b"", "authenticated"
        return answer
    if code == 0xE1:
        dialogue.version = request[0]
    if code == 0xE3:
        dialogue.asym = int.from_bytes(answer[12:16], "little")
        dialogue.base_hash = int.from_bytes(answer[16:20], "little")
    dialogue.took(trim(request, dialogue.version), answer, AFTER.get(code))
    return answer


def trim(request, version):
    """A request without the padding behind it, by the lengths that DSP0274 gives."""
    sizes = {0x84: 4, 0x81: 4, 0x82: 8, 0x83: 44 if version >= 0x13 else 36}
    sizes[0xE1] = {0x10: 4, 0x11: 12}.get(request[0], 20)
    size = sizes.get(request[1], len(request))
    if request[1] == 0xE3:
        size = int.from_bytes(request[4:6], "little")
    if request[1] == 0x82 and version >= 0x14 and request[2] & 0x80:
        size = 16
    return request[:size]


def still_attests(dialogue):
    """The connection can be used again from its beginning, and from where it is if it is whole."""
    if dialogue.state in ("negotiated", "digests", "certificate", "authenticated"):
        request = raw.challenge(dialogue.version)
        tell(dialogue, request)
    tell(dialogue, raw.get_version())
    dialogue.reach("certificate").authenticate()
