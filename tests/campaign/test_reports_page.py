"""What the page holds: every case once, bytes where they help, not too much of anything."""

import base64
import json
import zlib

import pytest
from stores import BITFLIP, HOSTILE, begin, gallery, of_catalogue, passed, write

from responder.campaign.reports.page import BLOCK, Change, blocks, details, index, packed
from responder.campaign.reports.summary import summarise
from responder.campaign.result import End, Exchange, Observed, Process, Strike, Wire
from responder.campaign.store import read_store

NO_CHANGES = ()


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    return summarise(read_store(gallery(tmp_path_factory.mktemp("gallery") / "store")))


def unpacked(text):
    return json.loads(zlib.decompress(base64.b64decode(text)))


def exchange(number, **changes):
    return Exchange(connection=1, request=bytes([0x12, 0x84, number % 256]), **changes)


def test_the_index_has_every_case_by_its_strings(summary):
    made = index(summary)
    cases, strings = made["cases"], made["strings"]
    assert {len(column) for column in cases.values()} == {13}
    at = [strings[number] for number in cases["case"]].index(BITFLIP)
    assert made["verdicts"][cases["verdict"][at]] == "accepted"
    assert strings[cases["weight"][at]] == "security failure"
    assert strings[cases["group"][at]] == "N"
    assert len(strings) == len(set(strings))


def test_the_heaviest_failures_are_named_in_order(summary):
    made = index(summary)
    cases = [made["strings"][made["cases"]["case"][number]] for number in made["heaviest"]]
    assert cases == [failure.case for failure in summary.failures]


def test_a_block_has_so_many_cases_in_the_order_of_the_plan():
    results = [passed(f"case.{number}", expectation=str(number)) for number in range(BLOCK + 2)]
    first, second = blocks(results, lambda _: NO_CHANGES)
    assert [case.get("expectation") for case in first] == [str(n) for n in range(BLOCK)]
    assert [case.get("expectation") for case in second] == ["50", "51"]


def test_a_failure_has_the_bytes_near_the_strike_and_a_pass_has_none():
    some = [exchange(n, response=b"\x12\x04\0", struck=n == 30) for n in range(100)]
    wire = Wire(
        exchanges=tuple(some), count=100, strikes=(Strike(exchange=30, hook="x", detail=""),)
    )
    failed = details(passed("x", verdict="hang", observed=Observed(wire=wire)), NO_CHANGES)
    full = [n for n, one in enumerate(failed["exchanges"]) if len(one["request"]) == 3]
    assert full == list(range(28, 50))
    assert failed["exchanges"][30] == {
        "connection": 1,
        "struck": True,
        "request": ["GET_VERSION", 3, base64.b64encode(b"\x12\x84\x1e").decode()],
        "response": ["VERSION", 3, base64.b64encode(b"\x12\x04\0").decode()],
    }
    good = details(passed("x", observed=Observed(wire=wire)), NO_CHANGES)
    assert all(len(one["request"]) == 2 for one in good["exchanges"])
    assert "fields" not in good


def test_a_message_that_was_cut_to_version_and_code_has_no_size():
    cut = Exchange(connection=1, request=b"\x12\x83", response=b"\x12\x03\0\0")
    shown = details(passed("x", observed=Observed(wire=Wire(exchanges=(cut,)))), NO_CHANGES)
    (one,) = shown["exchanges"]
    assert (one["request"], one["response"]) == (["CHALLENGE"], ["CHALLENGE_AUTH", 4])


def test_a_session_that_is_zero_and_a_message_that_cannot_be_read_are_told():
    seen = Wire(exchanges=(Exchange(connection=1, request=b"\x12", session=0),), count=1)
    shown = details(passed("x", observed=Observed(wire=seen)), NO_CHANGES)
    assert shown["exchanges"] == [
        {"connection": 1, "session": "00000000", "request": ["unreadable", 1]},
    ]


def test_the_struck_answer_of_a_failure_is_told_field_by_field():
    shown = details(of_catalogue(BITFLIP, "accepted"), NO_CHANGES)
    assert shown["fields"][0].startswith("CHALLENGE_AUTH 1.")
    assert any("signature" in line for line in shown["fields"])


def test_strikes_have_their_changes_as_far_as_there_are_any():
    strikes = tuple(Strike(exchange=n, hook="message", detail=f"{n}") for n in range(2))
    change = Change(rows=[[("  0000 ", False), ("[01]", True)]], fields=["param1: 0 -> 1"])
    shown = details(passed("x", observed=Observed(wire=Wire(strikes=strikes))), [change])
    assert shown["strikes"] == [
        {
            "exchange": 0,
            "hook": "message",
            "detail": "0",
            "rows": [[("  0000 ", False), ("[01]", True)]],
            "fields": ["param1: 0 -> 1"],
        },
        {"exchange": 1, "hook": "message", "detail": "1"},
    ]


def test_of_what_a_process_wrote_both_ends_are_kept():
    run = Process(exit=0, stdout="a" * 10_000 + "b" * 10_000, stderr="short")
    shown = details(passed("x", observed=Observed(process=run)), NO_CHANGES)["process"]
    assert shown["stdout"] == "a" * 6000 + "\n[8000 characters]\n" + "b" * 6000
    assert (shown["stderr"], shown["exit"]) == ("short", "0")


def test_a_packed_document_comes_back_and_has_no_character_of_markup(summary):
    text = packed(index(summary))
    assert not set(text) & set("<>&\"'")
    assert unpacked(text) == json.loads(json.dumps(index(summary)))
    assert HOSTILE.replace("\ud800", "?") in unpacked(text)["strings"]


def test_six_thousand_cases_that_mostly_pass_stay_small(tmp_path):
    good, bad = of_catalogue("chal.nonce-zero"), of_catalogue(BITFLIP, "accepted")
    plan = [f"{(bad if n % 20 == 0 else good).case}:{n}" for n in range(6000)]
    results = [
        passed(
            case,
            **{
                name: getattr(bad if number % 20 == 0 else good, name)
                for name in ("verdict", "description", "duty", "basis", "source", "observed")
            },
        )
        for number, case in enumerate(plan)
    ]
    summary = summarise(read_store(write(tmp_path / "store", begin(plan), *results, End())))
    row = [("  0000 ", False), ("[01]", True), ("   ", False), ("[02]", True)]
    change = Change(rows=[row] * 12, fields=["signature.r"])
    size = len(packed(index(summary)))
    size += sum(len(packed(block)) for block in blocks(results, lambda _: [change]))
    assert size < 2 << 20
