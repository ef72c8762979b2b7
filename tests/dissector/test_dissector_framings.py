"""Full runs of our own server over each framing: tshark against ``decode``, field by field."""

import json
from itertools import groupby, islice

import pytest
from cli.serve_process import serving
from click.testing import CliRunner
from comparing import Told, assert_same, complaints
from pdml import dissect

from responder.cli.attest import command as attest
from responder.cli.decode import command as decode

FRAMINGS = ("spdm-emu+none", "spdm-emu+mctp", "spdm-emu+doe", "spdm-emu+tcp", "dsp0287")
FRAMINGS = (*FRAMINGS, "spdm-emu+storage")
STEPS = "digests,certificates,measurements,extension-log,endpoint-info,key-pairs,csr,vendor"
OUTSIDE = f"authenticate,challenge,{STEPS}"
INSIDE = (
    f"kex:{STEPS},slot-sizes,heartbeat,update-key,update-all-keys,update-responder,subscribe"
    ",events,give-events"
)
IN_EVERY_RUN = {"VERSION", "ALGORITHMS", "CERTIFICATE", "CHALLENGE_AUTH", "MEASUREMENTS", "CSR"}
IN_SESSIONS = {"HEARTBEAT_ACK", "KEY_UPDATE_ACK", "SUBSCRIBE_EVENT_TYPES_ACK", "END_SESSION_ACK"}


@pytest.fixture(scope="module")
def captured(tmp_path_factory):
    """The capture of a run over each framing, in their order, and the key log of its sessions."""
    folder = tmp_path_factory.mktemp("captured")
    wire, keys = folder / "wire.pcapng", folder / "keys.jsonl"
    options = ["--capture", str(wire), "--capture-plaintext", "--keylog", str(keys)]
    for framing in FRAMINGS:
        options += ["--listen", f"{framing}://127.0.0.1:0"]
    with serving("full", *options) as served:
        served.read_ready()
        for framing, line in zip(FRAMINGS, served.lines, strict=False):
            sessions = ["--session", INSIDE] if framing != "spdm-emu+none" else []
            result = CliRunner().invoke(attest, [line.split()[1], "--do", OUTSIDE, *sessions])
            assert result.exit_code == 0, result.output
        code, err = served.end()
    assert code == 0, err
    return wire, keys


@pytest.fixture(scope="module")
def decoded(captured):
    """What ``decode --json`` makes of each connection."""
    wire, keys = captured
    result = CliRunner().invoke(decode, ["--json", "--keylog", str(keys), str(wire)])
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.output.splitlines()]
    groups = groupby(lines, key=lambda line: line["connection"])
    return {framing: list(group[1]) for framing, group in zip(FRAMINGS, groups, strict=True)}


@pytest.fixture(scope="module")
def shown(lua, captured, decoded):
    """What tshark shows of each connection: as much as ``decode`` does."""
    left = iter(dissect(lua, captured[0]))
    found = {name: list(islice(left, len(lines))) for name, lines in decoded.items()}
    assert next(left, None) is None
    return found


def told(fields):
    """The fields of a message; one for each number of a list."""
    for field in fields:
        values, meanings = field["value"].split(" "), [field["text"]]
        if len(values) > 1:
            meanings = field["text"].split("; ")
        width = (field["end"] - field["start"]) // len(values)
        for place, (value, meaning) in enumerate(zip(values, meanings, strict=True)):
            start = field["start"] + place * width
            depth = field["path"].count(".")
            yield Told(depth, start, start + width, field["name"], value, meaning)


def apart(lines, inside):
    """What is on the wire, and what records held: a record may be opened after what follows it."""
    return [one for one in lines if not inside(one)], [one for one in lines if inside(one)]


@pytest.mark.parametrize("framing", FRAMINGS)
def test_every_field_is_that_of_decode(framing, decoded, shown):
    lines, fields = decoded[framing], shown[framing]
    frames = {one.frame for one in fields if "spdm.plaintext_header.kind" in one.filters}
    wanted = apart(lines, lambda line: line["session"] is not None and line["kind"] != "record")
    for some, others in zip(wanted, apart(fields, lambda one: one.frame in frames), strict=True):
        for line, one in zip(some, others, strict=True):
            if line["kind"] == "other":
                assert "spdm.code" not in one.filters, one
                continue
            assert_same(list(told(line["fields"])), one)
            assert complaints(one) == line["problems"] == []
    names = {line["name"] for line in lines}
    assert names >= IN_EVERY_RUN
    if framing != "spdm-emu+none":
        assert names >= IN_SESSIONS
        assert len(frames) > 50
