"""What transports carry besides SPDM."""

import pytest

from responder.server.transport_answers import answer, discovery_table
from responder.spec.flags import Cap
from responder.transport.carried import Carried, Kind
from responder.transport.doe import DoeBinding
from responder.transport.errors import FramingError

SPDM, SECURED, DISCOVERY = (1, 1), (1, 2), (1, 0)


@pytest.mark.parametrize("flag", [Cap.KEY_EX, Cap.PSK, Cap.PSK_WITH_CONTEXT])
def test_devices_with_sessions_list_secured_messages(flag):
    assert discovery_table(flag | Cap.CERT) == (DISCOVERY, SPDM, SECURED)


def test_devices_without_sessions_do_not():
    assert discovery_table(Cap.CERT | Cap.CHAL) == (DISCOVERY, SPDM)


def test_a_discovery_request_with_reserved_bytes_breaks_the_framing():
    header = bytes.fromhex("0100000003000000")
    with pytest.raises(FramingError):
        answer(DoeBinding(), Carried(Kind.OTHER, b"\0\0\1\0", header), Cap(0))


def test_only_discovery_is_called_so():
    """Hooks tell a discovery answer from the empty object that answers a foreign one."""
    binding = DoeBinding()
    discovery = Carried(Kind.OTHER, bytes(4), bytes.fromhex("0100000003000000"))
    foreign = Carried(Kind.OTHER, bytes(4), bytes.fromhex("0100070003000000"))
    kinds = [answer(binding, one, Cap(0)).kind for one in (discovery, foreign)]
    assert kinds == ["discovery", "command"]
