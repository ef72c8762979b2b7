"""What differs is noticed: in the bytes of the wire, and in the order of messages."""

import random
from dataclasses import replace

import pytest
from replay.runs import replay, run_of, with_byte_flipped

from responder.replay.command import JUDGES
from responder.spec.codes import RequestCode, ResponseCode

SPDM = 1
MCTP_HEADER = 1
RUNS = (
    "v10-mctp-p384-dhe-nomut",
    "v11-mctp-p384-mut-encrypted-handshake",
    "v12-mctp-p384-mut-encrypted-handshake",
    "v12-mctp-p384-dhe-maconly",
    "v13-mctp-p256-psk",
    "v13-mctp-p384-keyupd-rsp",
    "v14-mctp-p384-mut-digests",
    "v14-mctp-mldsa65-mlkem768-mut",
)
UNCOVERED = {
    ResponseCode.DIGESTS,
    RequestCode.DELIVER_ENCAPSULATED_RESPONSE,
    ResponseCode.ENCAPSULATED_REQUEST,
    ResponseCode.ENCAPSULATED_RESPONSE_ACK,
    RequestCode.CHUNK_SEND,
    ResponseCode.CHUNK_SEND_ACK,
    RequestCode.CHUNK_GET,
    ResponseCode.CHUNK_RESPONSE,
    ResponseCode.ERROR,
}
"""Messages with bytes that nothing covers: digests of slots that nobody reads, ids, handles."""
SAMPLES = 12


def places(run):
    """(exchange, side, byte) of everything that a signature, a MAC or a record covers."""
    for exchange in run.exchanges:
        for side in ("request", "response"):
            data = getattr(exchange, side)
            secured = data[:1] == b"\x06"
            if exchange.command == SPDM and (secured or data[2] not in UNCOVERED):
                yield from ((exchange.number, side, place) for place in range(len(data)))


@pytest.mark.slow
@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("name", RUNS)
def test_a_byte_that_differs_is_noticed(name, judge):
    run = run_of(name)
    for place in random.Random(name).sample(list(places(run)), SAMPLES):
        assert replay(with_byte_flipped(run, *place), judge).problems, place


COVERED = {
    RequestCode.GET_VERSION,
    RequestCode.GET_CAPABILITIES,
    RequestCode.NEGOTIATE_ALGORITHMS,
    RequestCode.CHALLENGE,
    RequestCode.KEY_EXCHANGE,
    RequestCode.PSK_EXCHANGE,
    RequestCode.FINISH,
}


@pytest.mark.slow
@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("name", RUNS)
def test_a_run_without_one_of_its_exchanges_is_noticed(name, judge):
    run = run_of(name)
    for missing in run.exchanges:
        secured = missing.request[:1] == b"\x06"
        if missing.command == SPDM and (secured or missing.request[2] in COVERED):
            exchanges = tuple(one for one in run.exchanges if one is not missing)
            assert replay(replace(run, exchanges=exchanges), judge).problems, missing.number


def test_a_problem_says_where_it_is():
    run = run_of("v12-mctp-p384-dhe-nomut")
    challenge = next(one for one in run.exchanges if one.request[2:3] == b"\x83")
    changed = with_byte_flipped(run, challenge.number, "request", MCTP_HEADER + 4)
    problems = replay(changed).problems
    assert problems
    assert all(text.startswith(f"exchange {challenge.number}: ") for text in problems)
    assert any("CHALLENGE_AUTH" in text for text in problems)


def test_a_chain_that_nobody_read_is_the_reason():
    run = replace(run_of("v12-mctp-p384-dhe-nomut"), known={})
    exchanges = tuple(one for one in run.exchanges if one.request[2:3] != b"\x82")
    problems = replay(replace(run, exchanges=exchanges)).problems
    assert any("nobody read the responder's chain of slot 0" in text for text in problems)


def test_a_run_of_nothing_is_as_it_should_be():
    tally = replay(replace(run_of("v10-tcp-p384"), exchanges=(), secrets={}))
    assert not tally.problems
    assert not tally.counts


@pytest.mark.parametrize("judge", JUDGES)
def test_a_request_that_is_answered_later_is_signed_as_if_at_once(judge):
    """RESPOND_IF_READY is in no capture: one is made of an exchange without it."""
    run = run_of("v12-mctp-p384-dhe-nomut")
    exchanges = []
    for one in run.exchanges:
        code = one.request[2:3]
        if code not in (b"\x83", b"\xe0") or one.request[:1] != b"\x05":
            exchanges.append(one)
            continue
        not_ready = b"\x05\x12\x7f\x42\x00\x01" + code + b"\x07\x01"
        exchanges.append(replace(one, response=not_ready))
        exchanges.append(replace(one, request=b"\x05\x12\xff" + code + b"\x07"))
    tally = replay(replace(run, exchanges=tuple(exchanges)), judge)
    assert tally.problems == []
    added = len(exchanges) - len(run.exchanges)
    assert added > 1
    expected = replay(run, judge).counts
    expected["messages"] += 2 * added
    assert tally.counts == expected
