"""Brokers for the tests."""

import pytest
from mosquitto import Mosquitto
from programs import program


@pytest.fixture
def make_broker(tmp_path):
    """Starts brokers, each with lines of configuration of its own."""
    path = program("mosquitto")
    started = []

    def make(*lines, **options):
        folder = tmp_path / f"broker{len(started)}"
        folder.mkdir()
        started.append(Mosquitto(path, folder, *lines, **options).start())
        return started[-1]

    yield make
    for broker in started:
        broker.stop()


@pytest.fixture
def broker(make_broker):
    """A broker that lets everybody in."""
    return make_broker()
