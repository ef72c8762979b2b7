"""A function that a client is plugged into, in the test's loop."""

import pytest
from server.vfio_user.peers import Plugged, open_descriptors


@pytest.fixture
def no_descriptor_is_left():
    """Whatever the test does, the same descriptors are open after it as before."""
    before = open_descriptors()
    yield
    assert open_descriptors() == before


@pytest.fixture
async def plug(no_descriptor_is_left, tmp_path):
    """Makes ports with a client that has negotiated: ``await plug(version_data, **limits)``."""
    ports = []

    async def make(data=b"", **limits):
        ports.append(Plugged(tmp_path / f"function{len(ports)}", **limits))
        client = ports[-1].connect()
        await client.negotiate(data)
        return ports[-1]

    yield make
    for plugged in ports:
        plugged.close()
