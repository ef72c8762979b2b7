"""What counts as new behaviour, and as the same breakdown."""

import pytest
from fuzzed import seen
from msgspec.structs import replace

from responder.campaign.fuzz.behaviour import (
    Signature,
    behaviour,
    bucket,
    counted,
    normalised,
    signature_of,
)
from responder.campaign.result import Process, Wire

HEALTHY = seen("all is well")


def process(**told):
    return seen("all is well", process=Process(**{"exit": 0, **told}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("offset 0x1f00 is 17 too far", "offset # is # too far"),
        ("ERROR: AddressSanitizer: heap-buffer-overflow on address 0x6020000000f8 at pc 0x55",
         "ERROR: AddressSanitizer: heap-buffer-overflow on address # at pc #"),
        ("  two\n\tlines ", "two lines"),
        ("digest 12ab34cd differs", "digest # differs"),
        ("bad code", "bad code"),
    ],
)  # fmt: skip
def test_numbers_are_no_difference(text, expected):
    assert normalised(text) == expected


def test_counts_are_coarse():
    texts = [bucket(count) for count in (0, 1, 3, 4, 7, 8, 1_000)]
    assert texts == ["0", "1", "3", "4-7", "4-7", "8-15", "512-1023"]


def test_names_are_counted_in_their_order():
    names = ["retry", "GET_VERSION", "retry", "close"]
    assert counted(names) == "retry 2, GET_VERSION 1, close 1"


def test_other_numbers_in_a_text_are_no_other_behaviour():
    texts = [behaviour(seen(f"slot {slot} is empty"), HEALTHY) for slot in (1, 2)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    "other",
    [
        seen("refused"),
        seen("all is well", requests=["e1", "e3"]),
        seen("all is well", reasons=("cert.total",)),
        seen("all is well", surfaced=("nonce.zero",)),
        seen("all is well", process=Process(exit=3)),
        seen("all is well", process=Process(signal="SIGTERM")),
    ],
)
def test_another_behaviour_is_new(other):
    assert behaviour(other, HEALTHY) != behaviour(HEALTHY, HEALTHY)


def test_the_reason_counts_and_not_its_words():
    texts = [behaviour(seen(text, reasons=("cert.total",)), HEALTHY) for text in ("one", "two")]
    assert texts[0] == texts[1]


def test_only_much_more_time_or_memory_is_new():
    usual = process(cpu_seconds=0.05, peak_memory=30 << 20)
    noisy = process(cpu_seconds=0.4, peak_memory=100 << 20, seconds=9.0)
    slow = process(cpu_seconds=2.5, peak_memory=30 << 20)
    large = process(cpu_seconds=0.05, peak_memory=600 << 20)
    assert behaviour(noisy, usual) == behaviour(usual, usual)
    assert len({behaviour(one, usual) for one in (usual, slow, large)}) == 3


def test_a_crash_is_known_by_how_and_where():
    crash = "it was ended by SIGSEGV"
    texts = {signature_of(seen(crash=crash, requests=["e1", code])) for code in ("81", "82", "82")}
    assert texts == {
        Signature("crash", "it was ended by SIGSEGV after GET_DIGESTS"),
        Signature("crash", "it was ended by SIGSEGV after GET_CERTIFICATE"),
    }


def test_a_hang_is_known_by_whether_it_goes_on_asking():
    silent = seen(hang="it was still running after 2.0 s", requests=["82"])
    endless = seen(hang="it was still running after 2.1 s", requests=["82"] * 400)
    assert signature_of(silent) == Signature("hang", "it asks no more after GET_CERTIFICATE")
    assert signature_of(endless) == Signature("hang", "it asks on and on after GET_CERTIFICATE")


def test_to_wait_for_an_answer_that_never_comes_is_another_hang():
    hang = seen(hang="it was still running after 8.0 s", requests=["e5"])
    (exchange,) = hang.wire.exchanges
    unanswered = replace(hang.wire, exchanges=(replace(exchange, response=b""),))
    signature = signature_of(replace(hang, wire=unanswered))
    assert signature == Signature("hang", "it is not answered, and waits after FINISH")


def test_who_comes_to_an_end_has_not_broken_down():
    assert signature_of(seen("refused", process=Process(exit=1))) is None


def test_a_crash_before_any_request_has_a_name_too():
    observed = seen(crash="SIGABRT", requests=[])
    assert observed.wire.exchanges == Wire().exchanges
    assert signature_of(observed) == Signature("crash", "SIGABRT after nothing")
