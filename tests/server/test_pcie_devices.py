"""Devices of a server: behind its sockets, and at vfio-user sockets."""

import asyncio
import struct
from itertools import pairwise

import pytest
from server_peers import until

from responder.core.ownership import Reset
from responder.errors import UnavailableError
from responder.profiles.load import load_profile
from responder.server.control.steering import Steering
from responder.server.events import FunctionNotice, PeerIgnored
from responder.server.listener import open_listeners
from responder.transport.uri import parse_uri


async def test_a_vfio_user_socket_has_those_of_the_other_functions_beside_it(serving, tmp_path):
    running = await serving(f"vfio-user:{tmp_path}/d", profile=load_profile("tdisp-device"))
    names = ["d", *(f"d.{number}" for number in range(1, 5))]
    assert [endpoint.path for endpoint in running.endpoints] == [f"{tmp_path}/{n}" for n in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    (host,) = running.server.devices
    assert host.functions[0].bar_sizes == [0x4000, 0, 0x2000, 0, 0, 0]
    assert host.device.functions[0].config_value("header.command") == 0
    await running.server.stop("the test")
    assert list(tmp_path.iterdir()) == []


async def test_two_sockets_are_two_devices(serving, tmp_path):
    uris = [f"vfio-user:{tmp_path}/{name}" for name in ("a", "b")]
    running = await serving(*uris, profile=load_profile("tdisp-device"))
    one, other = running.server.devices
    assert one.device.functions[0] is not other.device.functions[0]


async def test_a_reset_reaches_devices_that_wait_to_be_plugged_in(serving, tmp_path):
    running = await serving(f"vfio-user:{tmp_path}/d", profile=load_profile("tdisp-device"))
    running.server.reset(Reset.CONVENTIONAL)
    notices = running.events.of(FunctionNotice)
    assert [notice.function for notice in notices if notice.what == "reset"] == [0, 1, 2, 3, 4]


async def test_a_path_that_is_taken_is_told(serving, tmp_path):
    (tmp_path / "d.3").write_text("no socket")
    server = (await serving(profile=load_profile("tdisp-device"))).server
    (listener,) = open_listeners([parse_uri(f"vfio-user:{tmp_path}/d")], allow_remote=False)
    with pytest.raises(UnavailableError, match=r"d\.3 is no socket"):
        await server.start([listener])
    listener.close()
    assert [path.name for path in tmp_path.iterdir()] == ["d.3"]


async def test_a_connection_has_a_device_of_its_own_set_up_as_by_firmware(serving):
    running = await serving(profile=load_profile("tdisp-device"))
    for _ in range(2):
        peer = await running.peer()
        assert (await peer.exchange(1, 2, bytes.fromhex("010001000300000010840000")))[2][9] == 4
    one, other = running.server.devices
    assert one.device is not other.device
    assert one.device.functions[0].config_value("header.command") == 0b110
    ranges = [each for function in one.device.functions for each in function.memory_ranges()]
    starts = sorted((each.address, each.address + each.size) for each in ranges)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(starts))


async def test_once_ends_with_the_machine(serving, tmp_path):
    running = await serving(
        f"vfio-user:{tmp_path}/d", profile=load_profile("tdisp-device"), once=True
    )
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "d.2"))
    capabilities = b'{"capabilities":{}}\0'
    header = struct.pack("<HHIIIHH", 1, 1, 20 + len(capabilities), 0, 0, 0, 0)
    writer.write(header + capabilities)
    assert struct.unpack("<HHIII", await reader.readexactly(16))[3:] == (1, 0)
    writer.close()
    await asyncio.wait_for(running.server.finished(), 5)


async def test_a_connection_takes_its_device_with_it(serving):
    running = await serving(profile=load_profile("tdisp-device"))
    for _ in range(3):
        peer = await running.peer()
        assert (await peer.exchange(1, 2, bytes.fromhex("010001000300000010840000")))[2][9] == 4
    assert len(list(running.server.devices)) == 3
    for peer in running.peers:
        peer.writer.close()
    await running.events.reasons(3)
    assert list(running.server.devices) == []


class TestPluggedAfterAChange:
    """A device at vfio-user sockets is built anew for the next machine, not under the present."""

    async def plugged(self, serving, tmp_path):
        steering = Steering(load_profile("tdisp-device"))
        return steering, await serving(f"vfio-user:{tmp_path}/d", profile=steering)

    async def machine(self, running, function=0):
        """A machine that has taken a function."""
        peer = await running.peer(function)
        capabilities = b'{"capabilities":{}}\0'
        peer.send(struct.pack("<HHIIIHH", 1, 1, 20 + len(capabilities), 0, 0, 0, 0) + capabilities)
        assert struct.unpack("<HHIII", await peer.bytes(16))[3:] == (1, 0)
        return peer

    def device_id(self, running):
        (host,) = running.server.devices
        return host.device.functions[0].config_value("header.device_id")

    async def test_the_next_machine_has_what_was_set(self, serving, tmp_path):
        steering, running = await self.plugged(serving, tmp_path)
        usual = self.device_id(running)
        machine = await self.machine(running, 1)
        steering.set(["pcie.device_id=0x4321"])
        same = await self.machine(running, 2)
        assert self.device_id(running) == usual
        for one in (machine, same):
            one.writer.close()
        await running.events.reasons(2)
        await self.machine(running)
        assert self.device_id(running) == 0x4321

    async def test_a_client_that_has_said_nothing_has_to_come_again(self, serving, tmp_path):
        steering, running = await self.plugged(serving, tmp_path)
        early = await running.peer(1)
        await until(lambda: running.server.devices._ports[1]._clients)
        steering.set(["pcie.device_id=0x4321"])
        await self.machine(running)
        assert await early.rest() == b""
        await self.machine(running, 1)
        assert self.device_id(running) == 0x4321

    async def test_one_with_other_functions_stays_as_it_was_and_that_is_told(
        self, serving, tmp_path
    ):
        steering, running = await self.plugged(serving, tmp_path)
        steering.set(["pcie.virtual_functions=1", "pcie.device_id=0x4321", "function=[]"])
        usual = self.device_id(running)
        await self.machine(running, 1)
        assert self.device_id(running) == usual != 0x4321
        assert "other functions" in running.events.of(PeerIgnored)[0].reason
