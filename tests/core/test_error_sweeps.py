"""Every request in every state, of every wrong version, cut at every byte, with bytes too many.

Several wrong requests follow one another in one connection; a signed CHALLENGE at the end shows
that none of them was noticed.
"""

import pytest
from core import raw_requests as raw
from core.dialogue import STATES, Dialogue
from core.error_rows_algorithms import ROWS as ALGORITHM_ROWS
from core.error_rows_vca import FAULTY_CAPABILITIES
from core.error_table import (
    INVALID,
    IR,
    RESPONSE_TOO_LARGE,
    UNEXPECTED,
    UR,
    VERSION_MISMATCH,
    VM,
    VM_BEFORE,
    Refused,
)
from core.fakes import VERSIONS, responder
from core.raw_requests import HOME, REQUESTS

every_request = pytest.mark.parametrize("name", REQUESTS)
every_version = pytest.mark.parametrize("version", VERSIONS, ids="1.{0.real}".format)


def at_home(name, version):
    """A dialogue in the state in which the request is legal."""
    return Dialogue(responder(), version).reach(HOME.get(name, "certificate"))


def prove(dialogue):
    """The connection goes on, and the signature covers nothing of what was refused."""
    dialogue.reach("negotiated").authenticate()


def error(refused, version):
    return refused.message(version).hex()


# EC 3: ver±1 on every request; EC 4: it precedes capability and size.


@every_version
@every_request
@pytest.mark.parametrize("state", ["negotiated", "authenticated"])
def test_a_wrong_version_is_a_version_mismatch(name, version, state):
    dialogue = Dialogue(responder(), version).reach(state)
    request = REQUESTS[name](version)
    expected = VM_BEFORE if name == "GET_VERSION" else VM
    for change in (-1, 1, 0x10, -0x10):
        wrong = bytes([request[0] + change]) + request[1:]
        for form in (wrong, wrong[:-1], wrong + b"\0"):
            if len(form) >= 4:
                assert dialogue.say(form).hex() == error(expected, version), form.hex()
    prove(dialogue)


@every_version
def test_negotiate_algorithms_of_a_wrong_version(version):
    dialogue = Dialogue(responder(), version).reach("capabilities")
    for change in (-1, 1):
        request = raw.negotiate(version)
        answer = dialogue.say(bytes([version + change]) + request[1:])
        assert answer.hex() == error(VM, version)
    prove(dialogue)


# EC 2 step 8, EC 1: sizes.


@every_version
@every_request
@pytest.mark.parametrize("padding", [0, 3])
def test_a_cut_request_is_invalid(name, version, padding):
    dialogue = at_home(name, version)
    request = REQUESTS[name](version)
    for size in range(len(request)):
        answer = dialogue.say(request[:size], padding=padding)
        # Below four bytes nothing is known of the request but, perhaps, that it is GET_VERSION.
        agreed = {0x10} if name == "GET_VERSION" or dialogue.state == "nothing" else {version}
        if name == "GET_CAPABILITIES" and size < 4:
            agreed = {0x10, version}
        assert answer[0] in agreed, f"{size} bytes: {answer.hex()}"
        assert answer[1:] == bytes([0x7F, INVALID, 0]), f"{size} bytes: {answer.hex()}"
    prove(dialogue)


@every_version
@every_request
def test_bytes_after_the_end_are_invalid_where_the_transport_does_not_pad(name, version):
    dialogue = at_home(name, version)
    expected = Refused(INVALID, version=0x10) if name == "GET_VERSION" else IR
    for extra in (1, 2, 3, 4, 100):
        for byte in (b"\0", b"\xff"):
            answer = dialogue.say(REQUESTS[name](version) + byte * extra)
            assert answer.hex() == error(expected, version)
    for extra in (4, 5, 100):
        answer = dialogue.say(REQUESTS[name](version) + bytes(extra), padding=3)
        assert answer.hex() == error(expected, version)
    prove(dialogue)


class PaddedDialogue(Dialogue):
    """A dialogue whose transport adds ``pad`` bytes to each request."""

    pad = 0

    def say(self, request, *, padding=3):
        return super().say(request + bytes(self.pad), padding=padding)


@every_version
@pytest.mark.parametrize("pad", [1, 2, 3])
def test_padding_is_dropped_before_it_reaches_a_transcript(version, pad):
    dialogue = PaddedDialogue(responder(), version)
    dialogue.pad = pad
    dialogue.reach("certificate").authenticate(summary=0xFF)
    exchanges = []
    for attributes in (0, 0, 1):
        request = raw.get_measurements(version, attributes=attributes)
        exchanges.append((request, dialogue.ask(request, 0x60)))
    dialogue.check_measurements(exchanges)
    dialogue.ask(raw.vendor_defined(version), 0x7E)


# MSG 0.3: which request is legal in which state.


def outcomes(name, state, version):
    """The codes (or ERRORs) that a request may get in a state."""
    early = STATES.index(state) < STATES.index(HOME.get(name, "negotiated"))
    if name == "GET_VERSION" or state == HOME.get(name):
        return [None]
    if state in ("nothing", "version"):
        refusals = [VM_BEFORE]
        if name in HOME:  # the sheet has both codes, see the rows of these requests
            refusals += [Refused(UNEXPECTED, version=0x10), UR]
        return refusals
    if early or name in HOME or name == "RESPOND_IF_READY":
        return [UR]
    return [None]


@every_version
@every_request
@pytest.mark.parametrize("state", STATES)
def test_every_request_in_every_state(name, state, version):
    dialogue = Dialogue(responder(), version).reach(state)
    request = REQUESTS[name](version)
    answer = dialogue.say(request)
    expected = outcomes(name, state, version)
    if expected == [None]:
        assert answer[1] == request[1] & 0x7F, answer.hex()
        if request[1] != 0x83:
            dialogue.took(request, answer, HOME_AFTER.get(name))
        else:
            dialogue.check_challenge(request, answer)
            dialogue.b = b""
    else:
        assert answer in [refused.message(version) for refused in expected], answer.hex()
    prove(dialogue)


HOME_AFTER = {
    "GET_VERSION": "version",
    "GET_CAPABILITIES": "capabilities",
    "NEGOTIATE_ALGORITHMS": "negotiated",
}


# EC 1: the first GET_CAPABILITIES that names an offered version fixes it, even if it fails.


@every_version
@pytest.mark.parametrize(
    "name", [name for name in REQUESTS if name not in ("GET_VERSION", "GET_CAPABILITIES")]
)
def test_after_a_refused_get_capabilities_other_requests_are_unexpected(name, version):
    dialogue = Dialogue(responder(), version).reach("version")
    assert dialogue.say(raw.get_capabilities(version) + b"\0").hex() == error(IR, version)
    assert dialogue.say(REQUESTS[name](version)).hex() == error(UR, version)
    wrong = bytes([version ^ 7]) + REQUESTS[name](version)[1:]
    assert dialogue.say(wrong).hex() == error(VM, version)
    prove(dialogue)


@every_version
def test_after_a_refused_get_capabilities_a_version_not_offered_gets_the_fixed_one(version):
    dialogue = Dialogue(responder(), version).reach("version")
    dialogue.say(raw.get_capabilities(version) + b"\0")
    answer = dialogue.say(b"\x15" + raw.get_capabilities(version)[1:])
    assert answer.hex() == Refused(VERSION_MISMATCH).message(version).hex()
    prove(dialogue)


@every_version
def test_after_a_refused_get_capabilities_another_offered_version(version):
    """The sheet says that the refused one fixed the version, not that it cannot be changed.

    Either the new version is taken, or it is a mismatch with the fixed one.
    """
    other = 0x12 if version != 0x12 else 0x13
    dialogue = Dialogue(responder(), version).reach("version")
    dialogue.say(raw.get_capabilities(version) + b"\0")
    request = raw.get_capabilities(other)
    answer = dialogue.say(request)
    if answer.hex() != error(VM, version):
        assert answer[:2] == bytes([other, 0x61])
        dialogue.version = other
        dialogue.took(request, answer, "capabilities")
    prove(dialogue)


@pytest.mark.parametrize("version", VERSIONS[2:])
def test_algorithms_over_max_spdm_msg_size_leave_the_connection_where_it_was(version):
    dialogue = Dialogue(responder(), version, offer={"transfer": 42}).reach("capabilities")
    expected = Refused(RESPONSE_TOO_LARGE, extended=(36 + 4 * 4).to_bytes(4, "little"))
    assert dialogue.say(raw.negotiate(version)).hex() == error(expected, version)
    assert dialogue.say(raw.get_digests(version)).hex() == error(UR, version)
    dialogue.algorithms["tables"] = []
    dialogue.reach("negotiated")
    answer = dialogue.say(raw.get_measurements(version, 0))
    if version == 0x12:  # a count is exactly 42 bytes; 1.3 added the requester context
        assert (answer[1], len(answer)) == (0x60, 42)
    else:
        assert answer == Refused(RESPONSE_TOO_LARGE, extended=b"\x32\0\0\0").message(version)


# EC 1, repetition rule.


@every_version
def test_many_faulty_get_capabilities_are_each_answered(version):
    dialogue = Dialogue(responder(), version).reach("version")
    faulty = [row for row in FAULTY_CAPABILITIES if version in row.versions]
    assert len(faulty) >= 5
    fixed = False
    for row in faulty * 2:
        request = row.request(version)
        answer = dialogue.say(request, padding=row.padding)
        fixed = fixed or request[0] == version
        expected = row.expected(version)[0].code
        assert answer == Refused(expected).message(version if fixed else 0x10), row.name
    prove(dialogue)


@every_version
def test_many_faulty_negotiate_algorithms_are_each_answered(version):
    dialogue = Dialogue(responder(), version).reach("capabilities")
    faulty = [
        row
        for row in ALGORITHM_ROWS
        if row.state == "capabilities"
        and row.profile == "default"
        and row.expect is IR
        and version in row.versions
    ]
    assert len(faulty) >= 10
    for row in faulty * 2:
        answer = dialogue.say(row.request(version), padding=row.padding)
        assert answer == IR.message(version), row.name
    prove(dialogue)


@every_version
def test_a_refused_request_repeats_word_for_word_and_then_succeeds(version):
    """Between VCA messages too: what failed is in no transcript."""
    dialogue = Dialogue(responder(), version)
    for state in ("version", "capabilities", "negotiated", "digests", "certificate"):
        for request in (b"", b"\x10", bytes(4), bytes([version, 0x81, 0, 0, 0]), bytes(100)):
            dialogue.say(request)
        dialogue.reach(state)
    dialogue.authenticate()
