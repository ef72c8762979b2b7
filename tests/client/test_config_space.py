"""The lists of capabilities, in a configuration space that is a table of DWs."""

import pytest

from responder.client.channel import ChannelError
from responder.client.config_space import (
    ConfigSpace,
    ExtendedCapability,
    extended_capabilities,
    find_capability,
)

LISTED = {0x04: 0x0010_0000}  # Status, bit 4


class Table(ConfigSpace):
    """DWs by offset; zero where there is none."""

    def __init__(self, dwords):
        self.dwords = dict(dwords)

    async def burst(self, accesses):
        read = []
        for offset, value in accesses:
            if value is None:
                read.append(self.dwords.get(offset, 0))
            else:
                self.dwords[offset] = value
        return read


@pytest.mark.parametrize(("wanted", "offset"), [(0x01, 0x40), (0x10, 0x80), (0x11, None)])
async def test_a_capability_is_found_in_the_list(wanted, offset):
    # The two lowest bits of a pointer are reserved.
    config = Table(LISTED | {0x34: 0x43, 0x40: 0x0003_8201, 0x80: 0x0002_0010})
    assert await find_capability(config, wanted) == offset


async def test_without_the_status_bit_there_is_no_list():
    assert await find_capability(Table({0x34: 0x40, 0x40: 0x10}), 0x10) is None


@pytest.mark.parametrize("dwords", [{0x34: 0x10}, {0x34: 0x40, 0x40: 0x4001}])
async def test_a_capability_list_that_leads_astray_is_refused(dwords):
    with pytest.raises(ChannelError, match=r"capability list points to 0x[14]0") as caught:
        await find_capability(Table(LISTED | dwords), 0x10)
    assert caught.value.kind == "framing"


async def test_extended_capabilities_come_in_the_order_of_their_list():
    config = Table({0x100: 0x1801_0001, 0x180: 0x1402_002E, 0x140: 0x0001_0003})
    assert await extended_capabilities(config) == [
        ExtendedCapability(0x0001, 1, 0x100),
        ExtendedCapability(0x002E, 2, 0x180),
        ExtendedCapability(0x0003, 1, 0x140),
    ]


@pytest.mark.parametrize("first", [0, 0xFFFF_FFFF])
async def test_a_function_may_have_no_extended_capabilities(first):
    assert await extended_capabilities(Table({0x100: first})) == []


@pytest.mark.parametrize("header", [0x1001_0001, 0x0401_0001])
async def test_an_extended_list_that_leads_astray_is_refused(header):
    with pytest.raises(ChannelError, match="extended capability list points to"):
        await extended_capabilities(Table({0x100: header}))
