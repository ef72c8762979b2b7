"""Simpler versions of a conversation: its device, its requester, and the way between them."""

from responder.campaign.setting import Setting
from responder.campaign.settings import SETTINGS
from responder.campaign.simpler_setting import (
    simpler_devices,
    simpler_requesters,
    simpler_ways,
)
from responder.spec.flags import Cap
from responder.spec.versions import V10

DEVICE = {
    "description": "x",
    "spdm": {"versions": ["1.1", "1.2"], "capabilities": ["CERT", "CHAL"]},
    "algorithms": {"base_hash": ["SHA-256", "SHA-384"], "opaque_formats": [1]},
    "slot": [{"id": 0, "set": "device"}, {"id": 3, "set": "device"}],
}


def taken(guesses):
    return {text: guess for guess, text in guesses}


def test_a_device_has_one_version_fewer_tables_and_shorter_lists():
    found = taken(simpler_devices(DEVICE))
    assert found["all versions but 1.1"]["spdm"]["versions"] == ["1.1"]
    assert "slot" not in found["slot"]
    assert found["slot: 3"]["slot"] == DEVICE["slot"][:1]
    assert found["spdm.capabilities: CHAL"]["spdm"]["capabilities"] == ["CERT"]
    assert "base_hash" not in found["algorithms.base_hash"]["algorithms"]
    assert found["algorithms.base_hash: SHA-384"]["algorithms"]["base_hash"] == ["SHA-256"]


def test_a_device_keeps_what_makes_it_one():
    for device, _ in simpler_devices(DEVICE):
        assert {"description", "spdm"} <= set(device)
    assert DEVICE["slot"][1] == {"id": 3, "set": "device"}, "the guesses share, and change nothing"


def test_a_socket_becomes_one_process():
    found = taken(simpler_ways(SETTINGS["socket-doe"]))
    plain = found["transport: spdm-emu+doe"]
    assert (plain.listen, plain.discover, plain.timeout) == (
        "",
        False,
        Setting(name="", text="").timeout,
    )
    assert list(simpler_ways(SETTINGS["attestation"])) == []


def test_connections_and_padding_go_by_themselves():
    assert taken(simpler_ways(SETTINGS["padded"]))["conversation: padding"].padding == 0
    assert taken(simpler_ways(SETTINGS["two-runs"]))["conversation: runs"].runs == 1


def test_a_requester_does_less():
    found = taken(simpler_requesters(SETTINGS["session"]))
    assert found["requester: all versions but 1.0"].options.versions == (V10,)
    assert found["requester: session 1"].options.plan.sessions == ()
    (session,) = found["requester: session 1: steps heartbeat"].options.plan.sessions
    assert "heartbeat" not in session.steps
    assert "measurements" in session.steps
    assert not found["requester: capabilities HBEAT"].options.offer.flags & Cap.HBEAT
