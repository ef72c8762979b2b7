"""The example profiles of the documentation, each against the reference requester."""

import tomllib
from pathlib import Path

import pytest

from responder.campaign.conversation import converse
from responder.campaign.setting import Setting
from responder.core.events import FaultFired, RequestReceived, ResponseSent
from responder.profiles.load import load_profile
from responder.spec.codes import name_of_code

FOLDER = Path(__file__).parent.parent.parent / "docs" / "examples"
EXAMPLES = sorted(path.stem for path in FOLDER.glob("*.toml"))
SEED = b"docs"


def meet(name, *, connections=1, listen="", mailbox=False):
    """A conversation with the device of an example; on a socket if it listens somewhere."""
    setting = Setting(
        name=name,
        text="An example.",
        profile=str(FOLDER / f"{name}.toml"),
        connections=connections,
        listen=listen,
        mailbox=mailbox,
        padding=3 if listen else 0,
        linger=0.0 if listen else 10.0,
    )
    run = converse(setting, (), SEED)
    assert run.crash == ""
    assert run.defects == []
    return run


def verdicts(run):
    """For each attestation its verdict, and where and why it was refused."""
    return [
        (one.verdict, one.refusal.step, one.refusal.check) if one.refusal else (one.verdict,)
        for one in run.reports
    ]


def strikes(run):
    """What struck, on which connection."""
    fired = [one for one in run.journal if isinstance(one.event, FaultFired)]
    return [(one.connection, one.event.fault, one.event.message) for one in fired]


def asked(run):
    """The names of the requests, in order."""
    return [name_of_code(one.request[1]) for one in run.exchanges]


def test_there_are_eleven_and_each_is_tested():
    assert len(EXAMPLES) == 11
    tested = Path(__file__).read_text()
    assert [name for name in EXAMPLES if f'meet("{name}"' not in tested] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_teaches_and_changes_nothing_but_faults(name):
    text = (FOLDER / f"{name}.toml").read_text()
    assert text.startswith("# ")
    assert set(tomllib.loads(text)) == {"description", "extends", "fault"}
    assert load_profile(str(FOLDER / f"{name}.toml")).faults


def test_left_out_of_transcript():
    run = meet("left-out-of-transcript")
    assert verdicts(run) == [("refused", "CHALLENGE", "chal.signature")]
    assert strikes(run) == [(1, "example.left-out-of-transcript", "CHALLENGE_AUTH")]
    (fired,) = run.evidence
    algorithms = next(one.response for one in run.exchanges if one.response[1] == 0x63)
    assert fired.before.replace(algorithms, b"") == fired.after, "one message is missing"


def test_critical_extension():
    run = meet("critical-extension")
    assert verdicts(run) == [("refused", "GET_CERTIFICATE", "x5.critical-extension")]
    assert {fired.fault for fired in run.evidence} == {"example.critical-extension"}


def test_downgrade_on_second_connection():
    run = meet("downgrade-on-second", connections=2)
    assert verdicts(run) == [("attested",), ("refused", "CHALLENGE", "chal.signature")]
    assert strikes(run) == [(2, "example.downgrade-on-second", "VERSION")]
    assert [report.versions_offered[-1] for report in run.reports] == ["1.4", "1.3"]


def test_previous_connection():
    run = meet("previous-connection", connections=2)
    assert verdicts(run) == [("attested",), ("refused", "CHALLENGE", "chal.context")]
    assert strikes(run) == [(2, "example.previous-connection", "CHALLENGE_AUTH")]
    first, second = (one.response for one in run.exchanges if one.request[1] == 0x83)
    assert first == second


def test_lying_length():
    run = meet("lying-length")
    (verdict,) = verdicts(run)
    assert verdict[:2] == ("refused", "GET_MEASUREMENTS")
    (fired,) = run.evidence
    assert len(fired.before) == len(fired.after)
    lengths = [int.from_bytes(data[5:8], "little") for data in (fired.before, fired.after)]
    assert lengths[1] == lengths[0] - 1


def test_unsolicited():
    run = meet("unsolicited")
    assert verdicts(run) == [("attested",)]
    asked = [one for one in run.journal if isinstance(one.event, RequestReceived)]
    answers = [one for one in run.journal if isinstance(one.event, ResponseSent)]
    told = [one for one in run.journal if isinstance(one.event, FaultFired)]
    last = answers[len(asked) - 1]
    assert told[-1].time == pytest.approx(last.time + 2.0)
    assert told[-1].event.after == last.event.message


def test_busy_twice():
    run = meet("busy-twice")
    assert verdicts(run) == [("attested",)]
    assert strikes(run) == [(1, "example.busy-twice", "GET_DIGESTS")] * 2
    assert asked(run)[3:7] == ["GET_DIGESTS"] * 3 + ["GET_CERTIFICATE"]


def test_cut_short():
    run = meet("cut-short", connections=8)
    told = verdicts(run)
    assert [verdict[:2] for verdict in told[:7]] == [("refused", "GET_VERSION")] * 7
    assert told[7:] == [("attested",)]
    assert strikes(run) == [(size, f"example.cut-short:{size}", "VERSION") for size in range(1, 8)]
    assert [len(fired.after) for fired in run.evidence] == list(range(1, 8))


def test_another_device():
    run = meet("another-device")
    assert verdicts(run) == [("attested",)]
    names = asked(run)
    again = names.index("GET_MEASUREMENTS") + 1
    assert names[again] == "GET_VERSION"
    assert names[again:].count("CHALLENGE") == 1
    (report,) = run.reports
    assert report.chain[-1].subject.startswith("CN=ecp521 device slot 1")
    assert run.evidence[0].message == "GET_MEASUREMENTS"


def test_ready_drops():
    run = meet("ready-drops", mailbox=True)
    assert verdicts(run) == [("refused", "GET_CERTIFICATE", "transport.framing")]
    assert {fault for _, fault, _ in strikes(run)} == {"example.ready-drops"}
    first, *_, last = strikes(run)
    assert (first[2], last[2]) == ("doe.read_mailbox", "doe.status")
    assert asked(run)[-1] == "GET_CERTIFICATE"
    assert run.misdeeds == [], "it was aborted"
    assert len(run.registers.aborts) == 2


def test_slow_link():
    run = meet("slow-link", listen="spdm-emu+doe://127.0.0.1:0")
    assert verdicts(run) == [("attested",)]
    frames = [fired for fired in run.evidence if fired.fault == "example.slow-link"]
    received = [one for one in run.journal if isinstance(one.event, RequestReceived)]
    assert len(frames) == len(received)
    assert any(fired.fault == "example.late" for fired in run.evidence)
