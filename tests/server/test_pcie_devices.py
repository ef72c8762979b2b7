"""Devices of a server: behind its sockets, and at vfio-user sockets."""

import asyncio
import struct
from itertools import pairwise

import pytest

from responder.core.ownership import Reset
from responder.errors import UnavailableError
from responder.profiles.load import load_profile
from responder.server.events import FunctionNotice
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
