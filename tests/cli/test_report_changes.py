"""What a fault changed in a case, with the names of the fields."""

import msgspec
from msgspec.structs import replace

from responder.campaign.attempt import slim
from responder.campaign.conversation import converse
from responder.campaign.result import Exchange, Observed, Result, Strike, Wire
from responder.campaign.settings import SETTINGS
from responder.cli.report_changes import changes_of
from responder.faults.catalogue import find


def result_of(case, conversation="attestation", **changes):
    run = converse(SETTINGS[conversation], find(case)[:1], b"changes")
    exchanges = tuple(
        Exchange(
            connection=1,
            request=one.request,
            response=bytes(one.response or b""),
            struck=number in run.struck(),
        )
        for number, one in enumerate(run.exchanges)
    )
    strikes = tuple(
        Strike(
            exchange=number,
            hook=fired.hook,
            message=fired.message,
            detail=fired.detail,
            before=fired.before,
            after=fired.after,
        )
        for number, fired in zip(run.struck(), run.evidence, strict=True)
    )
    assert strikes
    wire = Wire(exchanges=exchanges, strikes=strikes)
    fields = {"case": case, "setting": conversation, "observed": Observed(wire=wire)} | changes
    return Result(verdict="pass", text="", **fields)


def marked(change):
    return "".join(text for row in change.rows for text, changed in row if changed)


def test_changed_bytes_are_marked_and_their_field_is_named():
    result = result_of("chal.nonce-zero")
    (change,) = changes_of(result)
    (strike,) = result.observed.wire.strikes
    assert [field.partition(":")[0] for field in change.fields] == ["nonce"]
    assert strike.before[:1] != b"\x00" or "[00]" not in marked(change)
    assert marked(change).count("00") >= 30


def test_a_case_that_was_kept_in_short_has_the_same_fields():
    whole = result_of("chal.nonce-zero")
    short = replace(whole, observed=slim(whole.observed))
    assert len(msgspec.json.encode(short)) < len(msgspec.json.encode(whole)) / 2
    assert changes_of(short) == changes_of(whole)


def test_a_frame_is_told_by_its_layers():
    result = result_of("sock.size-short", "socket")
    (change, *_) = changes_of(result)
    assert any("size" in field for field in change.fields)


def test_a_conversation_that_nobody_knows_has_bytes_without_names():
    result = result_of("sock.size-short", "socket", setting="of a fuzzer")
    (change, *_) = changes_of(result)
    assert change.rows
    assert not any("size" in field for field in change.fields)


def test_a_strike_without_bytes_changes_nothing():
    strike = Strike(exchange=7, hook="connection", detail="closed")
    result = Result(
        case="x", verdict="pass", text="", observed=Observed(wire=Wire(strikes=(strike,)))
    )
    (change,) = changes_of(result)
    assert (change.rows, change.fields) == ([], [])


def test_of_many_strikes_the_first_are_told_and_of_many_rows_the_first():
    big = Strike(exchange=0, hook="message", detail="", before=b"", after=b"\x12\x02" * 3000)
    alike = Strike(exchange=0, hook="x", detail="", before=bytes(4000), after=b"\x01" * 4000)
    wire = Wire(strikes=(alike, big, big, big, big, big))
    changes = changes_of(Result(case="x", verdict="pass", text="", observed=Observed(wire=wire)))
    assert len(changes) == 4
    assert len(changes[0].rows) == 65
    assert changes[0].rows[-1] == [("  ... 436 rows more", False)]
