"""The report as people see it."""

import io

import pytest
from requester.bank_peer import BankPeer
from requester.cases_device import device_options
from requester.cxl_peer import CxlPeer
from requester.cxl_peer import talk as talk_cxl
from requester.peer import Peer, block, converse, default_options

from responder.cli.attest_report import print_report, verdict_line
from responder.requester.attestation import unreached


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(report, file):
    print_report(report, file)
    return file.getvalue()


@pytest.fixture
def report():
    peer = Peer(blocks={1: block(1), 2: block(2, 0x86, b"1\x1b[2J")})
    return converse(peer, without=frozenset({"x5.root-hash"})).report


def test_plain_lines_when_there_is_no_terminal(report):
    text = shown(report, io.StringIO())
    assert text.isascii()
    assert "\x1b" not in text
    lines = text.splitlines()
    assert lines[0] == "Identity"
    assert lines[-1] == "ATTESTED  CN=Leaf"
    assert "  1  mutable firmware          digest 32  11111111111111111111.." in text
    assert all(not line.endswith(" ") for line in lines)


def test_tables_on_a_terminal(report):
    text = shown(report, Terminal())
    for word in ("Identity", "Measurements", "ATTESTED", "CN=Leaf"):
        assert word in text


def test_a_peers_text_cannot_steer_the_terminal(report):
    assert "\x1b[2J" not in shown(report, Terminal())
    report.identity.subject = "CN=\x1b]0;owned\x07"
    assert "\x1b]0" not in shown(report, io.StringIO())
    assert r"CN=\x1b]0;owned\x07" in shown(report, io.StringIO())


def test_a_refusal_names_step_check_reason_and_source():
    refused = converse(Peer(root_hash=bytes(32))).report
    line = verdict_line(refused)
    assert line.startswith(
        "REFUSED  GET_CERTIFICATE: x5.root-hash: RootHash is not that of CN=Root"
    )
    assert line.endswith("[Certificate chain format]")


def test_nothing_learnt_is_one_line():
    text = shown(unreached("spdm-emu://x:1", "closed", "nobody there"), io.StringIO())
    assert text.splitlines()[-1] == "FAILED  CONNECT: transport.closed: nobody there"
    assert "target  spdm-emu://x:1" in text


def test_what_was_passed_over_is_shown():
    seen = converse(Peer(root_hash=bytes(32)), without=frozenset({"x5.root-hash"})).report
    text = shown(seen, io.StringIO())
    assert "Checks left out that would have refused\n  x5.root-hash  GET_CERTIFICATE: " in text


def test_slots_and_banks_are_shown():
    options = default_options(**device_options("slot-sizes", "slot-management"))
    text = shown(converse(BankPeer(storage={0: 0x8000}), options).report, io.StringIO())
    assert "Slot sizes\n  0  32768\n" in text
    assert "Banks\n  0  ECC_P256; chains in slots 0; selected\n" in text
    assert "  1  no algorithm; no chain; may be ECC_P384 or ECC_P521\n" in text


def test_a_port_and_a_memory_target_of_cxl():
    steps = ("cxl-query", "cxl-keys", "cxl-go", "tsp-version", "tsp-set-configuration", "tsp-lock")
    text = shown(talk_cxl(CxlPeer(), *steps, "tsp-report").report, io.StringIO())
    lines = [line.split() for line in text.splitlines()]
    assert ["capabilities", "IV_GEN", "KEY_GEN", "K_SET_STOP"] in lines
    assert ["key", "stream", "3", "RX,", "in", "use"] in lines
    assert ["has", "algorithm", "AES_XTS_256"] in lines
    assert ["report", "40", "bytes"] in lines
    assert lines[[line[:1] for line in lines].index(["states"])][-1] == "CONFIG_LOCKED"
