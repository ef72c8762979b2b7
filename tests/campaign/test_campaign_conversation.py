"""Conversations: seeds, times, connections, what is recorded, and what a crash is."""

from dataclasses import replace

import msgspec
import pytest

from responder.campaign import conversation
from responder.campaign.conversation import converse
from responder.campaign.mask import masked_journal
from responder.campaign.setting import Setting
from responder.campaign.settings import SETTINGS
from responder.core.events import RequestReceived, ResponseSent
from responder.errors import ConfigError
from responder.faults.rule import FaultSpec
from responder.requester.options import VendorRequest
from responder.requester.plan import Plan, SessionPlan
from responder.server.events import FunctionNotice

PLAIN = SETTINGS["attestation"]
SEED = b"conversations"


def fault(**fields):
    written = {
        "id": "a.fault",
        "description": "A fault.",
        "duty": "bounded",
        "basis": "spec",
        "source": "DSP0274",
    }
    return msgspec.convert(written | fields, FaultSpec)


SILENCE = fault(hook="message", message=["DIGESTS"], action=[{"do": "silence"}])
SPEAK = fault(
    hook="message", message=["DIGESTS"], action=[{"do": "speak", "value": "12010000", "seconds": 2}]
)
LATE = fault(hook="message", message=["DIGESTS"], action=[{"do": "delay", "seconds": 3}])


def journal(run):
    return masked_journal(run.journal)


def test_a_seed_makes_a_conversation():
    one, other = converse(PLAIN, (), SEED), converse(PLAIN, (), SEED)
    assert journal(one) == journal(other)
    assert journal(one) != journal(converse(PLAIN, (), b"another"))


def test_what_was_said_is_in_the_journal_and_among_the_exchanges():
    run = converse(PLAIN, (), SEED)
    sent = [e.event.message for e in run.journal if isinstance(e.event, ResponseSent)]
    received = [e.event.message for e in run.journal if isinstance(e.event, RequestReceived)]
    assert [exchange.response for exchange in run.exchanges] == sent
    assert [exchange.request for exchange in run.exchanges] == received
    assert run.exchanges[-1].end == len(run.journal)
    assert run.exchanges[0].name == "GET_VERSION"


def test_a_socket_carries_the_same_bytes():
    there = converse(SETTINGS["socket"], (), SEED)
    here = converse(PLAIN, (), SEED)
    assert [(e.request, e.response) for e in there.exchanges] == [
        (e.request, e.response) for e in here.exchanges
    ]


def test_silence_is_waited_for_in_virtual_time():
    run = converse(replace(PLAIN, timeout=100.0, linger=7.0), [SILENCE], SEED)
    assert run.reports[0].refusal.check == "transport.timeout"
    assert run.exchanges[-1].response is None
    assert run.seconds == 107.0
    assert len(run.evidence) == 1


def test_an_answer_that_is_late_comes_in_time_or_not():
    assert converse(replace(PLAIN, timeout=3.5), [LATE], SEED).reports[0].attested
    assert not converse(replace(PLAIN, timeout=2.5), [LATE], SEED).reports[0].attested


def test_the_requester_stays_for_what_comes_unasked():
    run = converse(replace(PLAIN, linger=3.0), [SPEAK], SEED)
    assert run.reports[0].attested
    assert [entry.time for entry in run.journal][-1] == 2.0
    assert run.seconds == 3.0


@pytest.mark.parametrize(("connections", "runs"), [(1, 1), (2, 1), (1, 2), (2, 2)])
def test_attestations_are_numbered_over_connections(connections, runs):
    run = converse(replace(PLAIN, connections=connections, runs=runs), (), SEED)
    assert len(run.reports) == connections * runs
    assert [*dict.fromkeys(e.attestation for e in run.exchanges)] == list(range(connections * runs))
    assert {entry.connection for entry in run.journal} == set(range(1, connections + 1))
    nonces = {nonce.requester for report in run.reports for nonce in report.nonces}
    assert len(nonces) == 2 * connections * runs


def test_connections_may_share_an_endpoint():
    twice = replace(PLAIN, connections=2)
    kept = converse(replace(twice, attach="sticky"), (), SEED)
    fresh = converse(twice, (), SEED)

    def nonces(run):
        return [nonce.responder for report in run.reports for nonce in report.nonces]

    assert nonces(kept)[:2] == nonces(fresh)[:2]
    assert nonces(kept)[2] != nonces(fresh)[2]


def test_faults_remember_over_connections():
    replay = fault(
        hook="message",
        message=["VERSION"],
        connection=[2],
        action=[{"do": "replay", "message": "DIGESTS", "connection": "previous"}],
    )
    run = converse(replace(PLAIN, connections=2), [replay], SEED)
    assert [report.verdict for report in run.reports] == ["attested", "refused"]
    assert converse(PLAIN, [replay], SEED).missed


def test_whatever_the_requester_raises_is_a_crash(monkeypatch):
    def broken(*_):
        raise KeyError("digest")
        yield

    run = converse(replace(PLAIN, parts=(broken,)), (), SEED)
    assert run.crash == "KeyError: 'digest'"
    assert run.reports == []


def test_a_public_key_must_be_there():
    with pytest.raises(ConfigError, match="no public key"):
        converse(replace(PLAIN, public_key=True), (), SEED)


def test_what_waits_for_something_real_is_a_defect():
    class Real:
        def __await__(self):
            yield "something"

    async def wait():
        await Real()

    with pytest.raises(RuntimeError, match="something real"):
        conversation._at_once(wait())


def test_nobody_listens():
    refuse = fault(hook="connection", event="listen", action=[{"do": "refuse"}])
    setting = Setting(name="x", text="X.", listen="spdm-emu+mctp://127.0.0.1:0", timeout=0.5)
    run = converse(setting, [refuse], SEED)
    assert run.reports[0].refusal.check == "transport.closed"
    assert len(run.evidence) == 1
    assert run.struck() == [0] * len(run.evidence)


@pytest.mark.parametrize(
    ("first", "standard"), [("vendor", 3), ("vendor", 1), ("measurements", 3), ("authenticate", 3)]
)
def test_both_sides_agree_on_whether_digests_are_signed_in_a_session(first, standard):
    """They are in a multi-key connection, if nothing was answered between ALGORITHMS and them."""
    setting = SETTINGS["session-multi-key"]
    plan = Plan((first, "authenticate"), (SessionPlan(("heartbeat",)),))
    vendor = VendorRequest(standard, b"\x86\x80" if standard == 3 else b"", b"?")
    asked = replace(setting.options, plan=plan, vendor=vendor)
    (report,) = converse(replace(setting, options=asked), (), SEED).reports
    assert (report.verdict, report.refusal) == ("attested", None)
    refused = "vendor.refused" in [observed.id for observed in report.observations]
    assert refused == (standard == 1)


def test_a_device_with_functions_lives_as_long_as_the_conversation():
    run = converse(SETTINGS["tdisp"], (), SEED)
    told = [e.event.what for e in run.journal if isinstance(e.event, FunctionNotice)]
    assert told.count("ide-secure") == 1
    assert told.count("tdi-state") == 3, "locked, started, stopped"
    assert run.written == []
    off = {"do": "switch", "table": "ide_km", "values": {"takes_keys": False}}
    switched = converse(
        replace(SETTINGS["ide"], connections=2),
        [fault(hook="device", message=["GET_VERSION"], times=1, scope="device", action=[off])],
        SEED,
    )
    assert [report.refusal.step for report in switched.reports] == ["VENDOR_DEFINED_REQUEST"] * 2
    assert len(switched.evidence) == 1, "the second connection finds the same device"
