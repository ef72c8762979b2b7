"""Stores: every line that was written is there, a torn one is not, and mistakes have their line."""

import os
import signal
import subprocess
import sys

import pytest
from stores import CASES, begin, passed, whole, write

from responder.campaign.result import Control, End, Exchange, Observed, Result, Strike, Wire
from responder.campaign.store import Campaign, Store, part_of, read_store
from responder.errors import ConfigError

ALL_BYTES = bytes(range(256))


def test_what_is_read_is_what_was_written(tmp_path):
    exchange = Exchange(connection=1, request=ALL_BYTES, response=b"\n", session=7, struck=True)
    strike = Strike(
        exchange=0, hook="message", detail='a "lie"\n\u2028', before=ALL_BYTES, after=b""
    )
    observed = Observed(
        crash="SIGSEGV", text="\x00\x1b[31m", wire=Wire(exchanges=(exchange,), strikes=(strike,))
    )
    result = Result(case="case.0", verdict="crash", text="it crashed", observed=observed)
    control = Control(setting="attestation", when="after", passed=False, text="refused")
    end = End(stopped="a control failed", seconds=1.5, requester_share=0.25, stale=("x",))
    path = write(tmp_path / "store", begin(), control, result, end)
    assert read_store(path) == Campaign(begin(), [control], [result], end, 1, path)
    assert path.read_bytes().count(b"\n") == 4


def test_text_that_is_half_a_character_is_kept_as_far_as_it_can_be(tmp_path):
    strange = passed("case.0", text='a\udc80"\ud83d\n', observed=Observed(surfaced=("\udfff",)))
    path = write(tmp_path / "store", begin(), strange)
    kept = passed("case.0", text='a?"?\n', observed=Observed(surfaced=("?",)))
    assert read_store(path).results == [kept]


def test_bytes_of_a_class_of_their_own_are_kept_as_bytes(tmp_path):
    class Marked(bytes):
        __slots__ = ()

    def answered(response):
        exchange = Exchange(connection=1, request=b"", response=response)
        return passed("case.0", observed=Observed(wire=Wire(exchanges=(exchange,))))

    path = write(tmp_path / "store", begin(), answered(Marked(b"\x01")))
    assert read_store(path).results == [answered(b"\x01")]


def test_results_are_in_the_order_of_the_plan_and_the_last_one_of_a_case_counts(tmp_path):
    again = passed("case.1", attempts=2)
    path = write(
        tmp_path / "store", begin(), passed("case.3"), passed("case.1"), passed("case.0"), again
    )
    assert read_store(path).results == [passed("case.0"), again, passed("case.3")]


def test_an_end_that_is_not_the_last_line_is_that_of_an_earlier_run(tmp_path):
    path = write(tmp_path / "store", begin(), End(stopped="interrupted"))
    assert read_store(path).end == End(stopped="interrupted")
    write(path, passed("case.0"))
    assert read_store(path).end is None
    write(path, End(seconds=3.0))
    assert read_store(path).end == End(seconds=3.0)


@pytest.mark.parametrize("torn", [b"{", b'{"type":"result","case":"case.1"', b"x" * 200_000])
def test_a_torn_last_line_is_not_read_and_is_cut_off_when_the_campaign_goes_on(tmp_path, torn):
    path = write(tmp_path / "store", begin(), passed("case.0"))
    good = path.read_bytes()
    path.write_bytes(good + torn)
    assert read_store(path).results == [passed("case.0")]
    Store(path).close()
    assert path.read_bytes() == good
    write(path, passed("case.1"))
    assert len(read_store(path).results) == 2


def test_a_campaign_that_was_killed_before_its_first_line_was_whole_begins_anew(tmp_path):
    path = tmp_path / "store"
    path.write_bytes(b'{"type":"beg')
    with pytest.raises(ConfigError, match="no campaign"):
        read_store(path)
    assert whole(path) == path
    assert len(read_store(path).results) == len(CASES)


@pytest.mark.parametrize("content", [b"my notes", b"first\nsecond", b'{"type":"result"}\nmore'])
def test_another_file_is_not_written_to(tmp_path, content):
    path = tmp_path / "notes"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        Store(path)
    assert caught.value.where == str(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"what", "no line of a store"),
        (b"", "no line of a store"),
        (b"\xff\xfe", "no line of a store"),
        (b'{"type":"result","case":"case.1"}', "missing required field"),
        (b'{"type":"result","case":"case.1","verdict":"good","text":""}', "Invalid enum value"),
        (b'{"type":"end","stopped":"\xff"}', "no line of a store"),
        (b'{"type":"other"}', "Invalid value"),
        (
            b'{"type":"result","case":"no.case","verdict":"pass","text":""}',
            "no.case is not in the plan",
        ),
    ],
)
def test_what_cannot_be_used_is_told_with_its_line(tmp_path, line, said):
    path = write(tmp_path / "store", begin(), passed("case.0"))
    with path.open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(ConfigError, match=said) as caught:
        read_store(path)
    assert caught.value.where == f"{path}:3"


@pytest.mark.parametrize(
    ("lines", "said", "at"),
    [
        ([passed("case.0")], "lacks its beginning", 1),
        ([begin(), begin()], "a second campaign", 2),
        ([begin(version=2)], "of form 2", 1),
        ([begin(shard="0/2")], "is no shard", 1),
        ([begin(shard="3/2")], "is no shard", 1),
        ([begin(shard="half")], "is no shard", 1),
    ],
)
def test_lines_in_their_wrong_places(tmp_path, lines, said, at):
    path = write(tmp_path / "store", *lines)
    with pytest.raises(ConfigError, match=said) as caught:
        read_store(path)
    assert caught.value.where == f"{path}:{at}"


def test_shards_have_all_cases_of_the_plan_between_them_and_none_twice(tmp_path):
    parts = [part_of(begin(shard=f"{number}/3")) for number in (1, 2, 3)]
    assert sorted(case for part in parts for case in part) == sorted(CASES)
    assert {len(part) for part in parts} == {2, 3}
    path = write(tmp_path / "store", begin(shard="2/3"), passed("case.4"))
    assert read_store(path).missing == ["case.1"]


def test_a_process_that_is_killed_loses_no_line_that_it_wrote(tmp_path):
    path = tmp_path / "store"
    program = (
        "import sys; from pathlib import Path; from stores import begin, passed\n"
        "from responder.campaign.store import Store\n"
        "store = Store(Path(sys.argv[1])); store.append(begin()); store.append(passed('case.0'))\n"
        "print('written', flush=True); sys.stdin.read()\n"
    )
    path_of_modules = os.pathsep.join(entry for entry in sys.path if entry)
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path_of_modules},
    )
    with child:
        assert child.stdout.readline() == b"written\n"
        child.send_signal(signal.SIGKILL)
    assert read_store(path).results == [passed("case.0")]
