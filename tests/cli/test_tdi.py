"""``spdm-responder tdi`` against a device with an interface, on a socket."""

import asyncio
import json
from contextlib import asynccontextmanager

import click
import pytest
from click.testing import CliRunner
from client.socket_server import serving
from requester.cases import put
from requester.chains import default_chain
from requester.tdi_peer import RANGES, TdiPeer

from responder.cli.tdi import PARTS, command, function_id
from responder.requester.step_table import STEPS
from responder.spec.registries import MctpType
from responder.spec.tdisp import LockFlag, MmioAttribute, TdiState
from responder.transport.socket_frame import Command, TransportType, wrap_frame
from responder.wire import ide_km, tdisp

FUNCTION = "01:05.0"
HEADER_SIZE = 12
NARROWED = ("--dhe", "secp256r1", "--aead", "aes-256-gcm", "--version", "1.2")


@asynccontextmanager
async def device(peer):
    """The URI of a listener that answers with ``peer``, over MCTP."""

    def reply(frame):
        kind, message = frame[HEADER_SIZE], frame[HEADER_SIZE + 1 :]
        secured = kind == MctpType.SECURED
        answer = peer.answer_secured(message) if secured else peer.answer(message)
        return [wrap_frame(Command.NORMAL, TransportType.MCTP, bytes([kind]) + answer)]

    async with serving(reply) as server:
        yield f"spdm-emu+mctp://127.0.0.1:{server.port}"


@pytest.fixture
def run(tmp_path):
    root = tmp_path / "root.der"
    root.write_bytes(default_chain()[0])

    async def go(peer, *arguments):
        async with device(peer) as uri:
            given = [uri, "--root", str(root), "--stream", "3", *NARROWED, *arguments]
            return await asyncio.to_thread(CliRunner().invoke, command, given)

    return go


def kinds(peer):
    return [type(message).__name__ for message in peer.asked]


async def test_an_interface_is_brought_to_run_and_back(run):
    peer = TdiPeer()
    result = await run(peer, "--function", FUNCTION, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["verdict"] == "attested"
    states = ["CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "RUN", "CONFIG_UNLOCKED"]
    assert found["tdi"]["states"] == states
    assert found["tdi"]["interface"]["ranges"][1] == {
        "bar": 2,
        "first_page": 0x200,
        "pages": 2,
        "address": 0x200000,
        "size": 0x2000,
        "attributes": ["IS_MEM_ATTR_UPDATABLE"],
    }
    assert found["ide"]["streams"][0]["state"] == "SECURE"
    assert found["sessions"][0]["ended"]
    assert kinds(peer)[-6:] == ["KSetStop"] * 6


async def test_the_report_for_people(run):
    result = await run(TdiPeer(), "--function", FUNCTION)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert "  BAR 0  page 0x100  0x100000  16 KiB  TEE memory" in lines
    assert "  BAR 2  page 0x200  0x200000  8 KiB   IS_MEM_ATTR_UPDATABLE" in lines
    states = "CONFIG_UNLOCKED -> CONFIG_LOCKED -> RUN -> RUN -> CONFIG_UNLOCKED"
    assert any(line.endswith(states) for line in lines)
    assert any("selective stream 3" in line and "SECURE, enabled" in line for line in lines)
    assert any("CONFIG_LOCKED; CONFIGURATION_LOCKED;" in line for line in lines)
    assert lines[-1].startswith("ATTESTED")


async def test_a_device_that_is_refused(run):
    peer = TdiPeer(says={tdisp.DeviceInterfaceState: put(tdi_state=TdiState.CONFIG_UNLOCKED)})
    result = await run(peer, "--function", FUNCTION)
    assert result.exit_code == 1
    assert "tdi.locked: CONFIG_UNLOCKED instead of CONFIG_LOCKED" in result.stdout


async def test_a_check_is_left_out(run):
    peer = TdiPeer(says={tdisp.DeviceInterfaceState: put(tdi_state=TdiState.CONFIG_UNLOCKED)})
    without = [part for check in ("locked", "running", "state-kept") for part in
               ("--without", f"tdi.{check}")]  # fmt: skip
    result = await run(peer, "--function", FUNCTION, *without)
    assert result.exit_code == 0, result.output


def test_nobody_there():
    result = CliRunner().invoke(command, ["spdm-emu+mctp://127.0.0.1:1"])
    assert result.exit_code == 4


async def test_only_some_parts(run):
    peer = TdiPeer()
    result = await run(peer, "--function", FUNCTION, "--only", "lock,report")
    assert result.exit_code == 0, result.output
    assert kinds(peer) == [
        "GetDeviceInterfaceState", "GetTdispCapabilities", "LockInterfaceRequest",
        "GetDeviceInterfaceState", "GetDeviceInterfaceReport",
    ]  # fmt: skip


async def test_without_keys(run):
    peer = TdiPeer()
    await run(peer, "--function", FUNCTION, "--no-ide")
    assert not [one for one in peer.asked if isinstance(one, ide_km.IdeKmMessage)]
    assert peer.state == TdiState.CONFIG_UNLOCKED


async def test_it_is_kept_running(run):
    peer = TdiPeer()
    result = await run(peer, "--function", FUNCTION, "--keep", "--json")
    assert peer.state == TdiState.RUN
    assert len(peer.keys) == 6
    assert not json.loads(result.stdout)["sessions"][0]["ended"]


async def test_the_lock_is_as_asked(run):
    peer = TdiPeer()
    await run(
        peer, "--function", FUNCTION, "--lock-flags", "no-fw-update,lock-msix",
        "--reporting-offset", "0x1000", "--before", "any", "--key-set", "k1", "--portion", "16",
        "--port-index", "1",
    )  # fmt: skip
    lock = next(one for one in peer.asked if isinstance(one, tdisp.LockInterfaceRequest))
    assert lock.flags == LockFlag.NO_FW_UPDATE | LockFlag.LOCK_MSIX
    assert (lock.default_stream_id, lock.mmio_reporting_offset) == (3, 0x1000)
    reads = [one for one in peer.asked if isinstance(one, tdisp.GetDeviceInterfaceReport)]
    assert {one.length for one in reads} == {16}
    keys = [one for one in peer.asked if isinstance(one, ide_km.KeyProg)]
    assert {(one.key_sub_stream & 1, one.port_index) for one in keys} == {(1, 1)}


async def test_bars_that_the_host_knows(run):
    bars = ("--bar", "0:100000:4000", "--bar", "2:200000:1000")
    result = await run(TdiPeer(), "--function", FUNCTION, *bars)
    assert result.exit_code == 1
    assert "tdi.range-bar" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "observed"),
    [
        ((), ["tdi.non-tee"]),
        (("--non-tee", "100000"), []),
        (("--non-tee", "100000", "--non-tee", "0x200000"), ["tdi.non-tee-hidden"]),
    ],
)
async def test_what_the_host_knows_to_stay_outside(run, arguments, observed):
    outside = RANGES[0].replace(range_attributes=MmioAttribute.IS_NON_TEE_MEM)
    peer = TdiPeer(ranges=[outside, RANGES[1]])
    result = await run(peer, "--function", FUNCTION, "--only", "lock,report", "--json", *arguments)
    seen = [one["id"] for one in json.loads(result.stdout)["observations"]]
    assert [one for one in seen if "non-tee" in one] == observed


async def test_a_vendors_message(run):
    peer = TdiPeer()
    arguments = ("--only", "vdm,p2p", "--vdm", "3412:0102", "--p2p-stream", "7", "--json")
    result = await run(peer, "--function", FUNCTION, *arguments)
    assert json.loads(result.stdout)["tdi"]["vdm_response"] == "0201"
    assert peer.asked[1].p2p_stream_id == 7


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("01:05.0", 0x0128),
        ("0000:01:05.0", 0x0128),
        ("02:be:1d.7", 0x0102BEEF),
        ("beef", 0xBEEF),
        ("0x0101beef", 0x0101BEEF),
    ],
)
def test_a_function_on_the_command_line(text, number):
    assert function_id(text) == number


@pytest.mark.parametrize("text", ["", "01:20.0", "01:00.8", "0100:01:00.0", "1ffffffff", "-1"])
def test_what_is_no_function(text):
    with pytest.raises(click.BadParameter):
        function_id(text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "lok"), "did you mean 'lock'?"),
        (("--lock-flags", "no-fw-updates"), "did you mean 'NO_FW_UPDATE'?"),
        (("--bar", "0:100"), "is not BAR:ADDRESS:SIZE"),
        (("--bar", "0:x:1"), "is not BAR:ADDRESS:SIZE"),
        (("--vdm", "00"), "is not VENDOR:DATA"),
        (("--reporting-offset", "x"), "is not a number in hexadecimal"),
        (("--without", "tdi.lock"), "there is no check 'tdi.lock'"),
    ],
)
def test_mistakes(arguments, said):
    result = CliRunner().invoke(command, ["spdm-emu+mctp://127.0.0.1:1", *arguments])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_steps_for_a_session(part):
    assert all(STEPS[step].inside for step in PARTS[part])
