"""Scrapes, and clients that are none."""

import socket
from urllib.request import Request, urlopen

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from responder.errors import ConfigError, UnavailableError
from responder.observe.metrics_http import MetricsServer

TIMEOUT = 30


@pytest.fixture
def registry():
    made = CollectorRegistry()
    Counter("things", "Things.", registry=made).inc(3)
    return made


@pytest.fixture
def server(registry):
    one = MetricsServer(registry, "127.0.0.1", 0, allow_remote=False)
    yield one
    one.close()


def port_of(server):
    return int(server.url.split(":")[2].split("/")[0])


def scraped(server, **headers):
    with urlopen(Request(server.url, headers=headers), timeout=TIMEOUT) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def test_a_scrape(server, capfd):
    kind, text = scraped(server)
    assert kind.startswith("text/plain")
    assert "things_total 3.0\n" in text
    assert capfd.readouterr() == ("", ""), "no access log"


def test_openmetrics_for_who_asks_for_it(server):
    kind, text = scraped(server, Accept="application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    (family,) = text_string_to_metric_families(text)
    assert family.samples[0].value == 3


def test_clients_that_say_nothing_or_leave_do_not_matter(server, capfd):
    peers = [socket.create_connection(("127.0.0.1", port_of(server))) for _ in range(3)]
    peers[0].sendall(b"GET /metr")
    peers[1].sendall(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
    peers[2].close()
    assert "things_total" in scraped(server)[1]
    for peer in peers:
        peer.close()
    assert "Traceback" not in capfd.readouterr().err


def test_more_clients_than_places_are_closed(server):
    """And there is a place again when one has left."""
    peers = [socket.create_connection(("127.0.0.1", port_of(server))) for _ in range(8)]
    late = socket.create_connection(("127.0.0.1", port_of(server)), timeout=TIMEOUT)
    assert late.recv(1) == b""
    late.close()
    for peer in peers:
        peer.settimeout(TIMEOUT)
        peer.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        answer = b""
        while part := peer.recv(10_000):
            answer += part
        assert b"things_total 3.0" in answer
        peer.close()
    assert "things_total" in scraped(server)[1]


def test_a_client_that_is_too_slow_is_closed(registry, monkeypatch):
    monkeypatch.setattr("responder.observe.metrics_http._Handler.timeout", 0.05)
    server = MetricsServer(registry, "127.0.0.1", 0, allow_remote=False)
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=TIMEOUT) as peer:
        peer.sendall(b"GET /metrics HTTP/1.0\r\n")
        assert peer.recv(1) == b""
    server.close()


def test_after_closing_nobody_listens(registry):
    server = MetricsServer(registry, "::1", 0, allow_remote=False)
    assert server.url.startswith("http://[::1]:")
    assert "things_total" in scraped(server)[1]
    server.close()
    with pytest.raises(OSError, match="refused"):
        scraped(server)


def test_other_machines_are_kept_out_unless_wanted(registry):
    with pytest.raises(ConfigError, match=r"metrics on 0\.0\.0\.0 can be reached"):
        MetricsServer(registry, "0.0.0.0", 0, allow_remote=False)
    server = MetricsServer(registry, "0.0.0.0", 0, allow_remote=True)
    assert server.url.startswith("http://0.0.0.0:")
    server.close()


def test_an_address_in_use(server, registry):
    with pytest.raises(UnavailableError, match="Address already in use"):
        MetricsServer(registry, "127.0.0.1", port_of(server), allow_remote=False)
