"""What is counted, as Prometheus' own parser reads it."""

import re
from pathlib import Path

import pytest
from observe.live_states import (
    CAPABILITIES,
    INVALID_REQUEST,
    arrived,
    asked,
    attestation,
    exchange,
    fired,
    left,
    said,
)
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from responder.core.events import (
    InternalError,
    RecordDropped,
    SessionEnded,
    SessionKeys,
    SessionStarted,
)
from responder.observe.bus import Bus
from responder.observe.entry import Entry
from responder.observe.metrics import Metrics
from responder.server.events import (
    DeviceReset,
    EventsLost,
    FunctionNotice,
    ObserverLost,
    PeerIgnored,
)

DOCS = Path(__file__).parent.parent.parent / "docs" / "metrics.md"
PREFIX = "spdm_responder_"
EVERYTHING = [
    *attestation(1),
    fired(),
    *exchange(4.0, CAPABILITIES, INVALID_REQUEST),
    Entry(5.0, 1, FunctionNotice(1, "tdi-state", "to RUN", "RUN")),
    Entry(5.0, 0, DeviceReset("conventional")),
    Entry(5.0, 0, PeerIgnored("noise")),
    Entry(5.0, 1, RecordDropped("no such session", b"")),
    Entry(5.0, 0, EventsLost("mqtt", 7)),
    Entry(5.0, 0, ObserverLost("journal", "disk full")),
    Entry(5.0, 1, InternalError(0x84, "Traceback")),
]


def families(metrics):
    """What a scrape finds, without what the library tells of the process."""
    text = generate_latest(metrics.registry).decode()
    found = list(text_string_to_metric_families(text))
    return [one for one in found if not one.name.startswith(f"{PREFIX}process_")]


def counted(*entries, faults=()):
    """The samples after these: name without prefix and values of labels, to value."""
    metrics = Metrics("default", "0.1.0", faults, now=lambda: 17.0)
    metrics.take(entries)
    return {
        (sample.name.removeprefix(PREFIX), *sample.labels.values()): sample.value
        for family in families(metrics)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_what_happened_is_counted():
    samples = counted(*EVERYTHING, faults=["ver.none", "sig.bitflip"])
    assert (
        samples.items()
        >= {
            ("requests_total", "GET_VERSION"): 1,
            ("requests_total", "GET_CAPABILITIES"): 2,
            ("responses_total", "CHALLENGE_AUTH"): 1,
            ("responses_total", "ERROR"): 1,
            ("errors_total", "InvalidRequest"): 1,
            ("connections_total",): 1,
            ("open_connections",): 1,
            ("sessions_total", "KEY"): 1,
            ("open_sessions", "KEY"): 1,
            ("fault_fired_total", "ver.none"): 0,
            ("fault_fired_total", "sig.bitflip"): 1,
            ("function_notices_total", "tdi-state"): 1,
            ("device_resets_total", "conventional"): 1,
            ("ignored_total",): 1,
            ("records_dropped_total",): 1,
            ("events_lost_total", "mqtt"): 7,
            ("observers_lost_total",): 1,
            ("internal_errors_total",): 1,
            ("build_info", "default", "0.1.0"): 1,
            ("start_time_seconds",): 17,
        }.items()
    )


def test_how_long_answers_took():
    samples = counted(
        arrived(),
        asked(1.0, b"\x12\x83" + bytes(42)),
        said(1.03, b"\x12\x03" + bytes(300)),
        asked(2.0, b"\x12\x83" + bytes(42)),
        said(2.0002, INVALID_REQUEST),
        said(3.0, INVALID_REQUEST),
    )
    buckets = {key[2]: n for key, n in samples.items() if key[0] == "response_seconds_bucket"}
    assert (buckets["0.0005"], buckets["0.025"], buckets["0.05"]) == (1, 1, 2)
    assert samples["response_seconds_count", "CHALLENGE"] == 2, "what is unasked is no answer"
    assert samples["response_seconds_sum", "CHALLENGE"] == pytest.approx(0.0302)


def test_connections_that_ask_at_the_same_time_have_their_own_times():
    samples = counted(
        arrived(connection=1),
        arrived(connection=2),
        asked(1.0, CAPABILITIES, 1),
        asked(2.0, CAPABILITIES, 2),
        said(2.25, b"\x12\x61", 2),
        said(5.0, b"\x12\x61", 1),
    )
    assert samples["response_seconds_sum", "GET_CAPABILITIES"] == pytest.approx(4.25)


def test_gauges_go_down_again():
    entries = [*attestation(1), *attestation(2), Entry(2.0, 2, SessionStarted(5, "PSK"))]
    samples = counted(*entries, Entry(3.0, 2, SessionEnded(5, "END_SESSION")), left(connection=1))
    assert samples["open_connections",] == 1
    assert samples["open_sessions", "KEY"] == 1
    assert samples["open_sessions", "PSK"] == 0
    assert samples["sessions_total", "KEY"] == 2


def test_what_ended_before_is_nothing():
    samples = counted(
        left(), Entry(1.0, 1, SessionEnded(1, "x")), Entry(1.0, 9, SessionStarted(1, "KEY"))
    )
    assert samples["open_connections",] == 0
    assert ("open_sessions", "KEY") not in samples


def test_the_page_names_all_of_them_with_their_labels():
    metrics = Metrics("default", "0.1.0", [])
    metrics.take(EVERYTHING)
    made = {}
    for family in families(metrics):
        if family.samples and not family.name.endswith("_created"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            made[name] = set(family.samples[0].labels) - {"le"}
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*)\|", DOCS.read_text(), re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows} == made


def test_names_are_as_prometheus_wants_them():
    """https://prometheus.io/docs/practices/naming: prefix, unit, _total for what only grows."""
    metrics = Metrics("default", "0.1.0", [])
    for family in families(metrics):
        assert re.fullmatch(rf"{PREFIX}[a-z_]+", family.name)
        assert family.documentation.endswith(".")
        if family.type == "counter":
            assert all(s.name.endswith(("_total", "_created")) for s in family.samples)


def test_keys_of_sessions_are_not_told():
    metrics = Metrics("default", "0.1.0", [])
    assert SessionKeys not in metrics.kinds
    bus = Bus()
    observed = bus.observe("metrics", metrics.take, kinds=metrics.kinds)
    key = bytes(range(32))
    bus(0.5, 1, SessionKeys(1, "request", "data", "AES-256-GCM", True, False, key, key[:12]))
    bus(0.6, 1, PeerIgnored("noise"))
    assert observed.close(10)
    text = generate_latest(metrics.registry).decode()
    assert f"{PREFIX}ignored_total 1.0" in text
    assert key.hex() not in text
