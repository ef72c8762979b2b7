"""``serve --metrics`` as a process."""

import re
import subprocess
import sys
import time
from urllib.request import urlopen

import pytest
from cli.serve_process import TIMEOUT, run, serving
from prometheus_client.parser import text_string_to_metric_families

from responder.cli.exits import Exit


def scraped(url):
    with urlopen(url, timeout=TIMEOUT) as answer:
        text = answer.read().decode()
    return {
        (sample.name.removeprefix("spdm_responder_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_attestations_are_counted_while_they_happen():
    with serving("--port", "0", "--metrics", "127.0.0.1:0", "--fault", "sig.bitflip") as served:
        uri = served.read_ready()
        assert [line.split()[0] for line in served.lines] == ["LISTENING", "LISTENING", "READY"]
        assert re.fullmatch(r"LISTENING http://127\.0\.0\.1:\d+/metrics", served.lines[1])
        url = served.lines[1].split()[1]
        assert scraped(url)["fault_fired_total", "sig.bitflip:CHALLENGE_AUTH"] == 0
        attest = [sys.executable, "-m", "responder.cli.main", "attest", uri]
        requesters = [
            subprocess.Popen(attest, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(3)
        ]
        seen, end = [], time.monotonic() + TIMEOUT
        while not seen or seen[-1].get(("fault_fired_total", "sig.bitflip:CHALLENGE_AUTH")) != 3:
            seen.append(scraped(url))
            assert time.monotonic() < end
        assert [one.wait(TIMEOUT) for one in requesters] == [1, 1, 1], "the signature is wrong"
        found = seen[-1]
        assert found["requests_total", "CHALLENGE"] == 3
        assert found["response_seconds_count", "CHALLENGE"] == 3
        assert 0.0001 < found["response_seconds_sum", "CHALLENGE"] < TIMEOUT
        assert found["process_open_fds",] > 3
        counts = [one.get(("requests_total", "GET_VERSION"), 0) for one in seen]
        assert counts == sorted(counts)
        assert served.end()[0] == 0


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("9464", "'9464' is not HOST:PORT, such as 127.0.0.1:9464"),
        ("127.0.0.1:70000", "is not HOST:PORT"),
        ("0.0.0.0:0", "can be reached from other machines"),
    ],
)
def test_addresses_that_cannot_be(value, told):
    code, out, err = run("--port", "0", "--metrics", value)
    assert (code, out) == (2, "")
    assert told in err


def test_an_address_that_nobody_can_have():
    code, out, err = run("--port", "0", "--metrics", "192.0.2.1:9464", "--allow-remote")
    assert (code, out) == (Exit.ENVIRONMENT, "")
    assert "metrics on 192.0.2.1:9464: Cannot assign requested address" in err
