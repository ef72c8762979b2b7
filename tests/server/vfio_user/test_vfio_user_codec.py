"""Messages against the bytes that QEMU 11.1.3 sends, and what is refused, by errno."""

import errno
import json

import pytest
from server.vfio_user import peers
from server.vfio_user.peers import BOOL, EVENTFD, MASK, NONE, TRIGGER, UNMASK

from responder.server.vfio_user import codec
from responder.server.vfio_user.codec import (
    Capabilities,
    DmaMap,
    DmaUnmap,
    Header,
    IrqAction,
    IrqData,
    IrqSet,
    RegionAccess,
    RequestError,
)
from responder.transport.errors import FramingError

QEMU_CAPABILITIES = (
    b'{"capabilities": {"pgsizes": 4096, "max_msg_fds": 16, "max_dma_maps": 65535,'
    b' "max_data_xfer_size": 1048576, "migration": {"max_bitmap_size": 268435456, "pgsize": 4096},'
    b' "write_multiple": true}}\0'
)

# parser, payload as QEMU sends it, what it means
SENT_BY_QEMU = [
    (
        codec.parse_version,
        "00000000" + QEMU_CAPABILITIES.hex(),
        Capabilities(16, 1 << 20, 65535),
    ),
    (
        codec.parse_dma_map,
        "20000000 01000000 0000000000000000 0000fcff00000000 0000040000000000",
        DmaMap(readable=True, writable=False, offset=0, address=0xFFFC0000, size=0x40000),
    ),
    (
        codec.parse_dma_unmap,
        "18000000 00000000 0000000000000000 0000001000000000",
        DmaUnmap(0, 0x10000000, everything=False),
    ),
    (codec.parse_info_query, "10000000 00000000 00000000 00000000", None),
    (codec.parse_region_query, "20000000 00000000 07000000" + "00" * 20, 7),
    (codec.parse_irq_query, "10000000 00000000 02000000 00000000", 2),
    (
        codec.parse_irq_set,
        "14000000 24000000 02000000 02000000 01000000",
        IrqSet(IrqData.EVENTFD, IrqAction.TRIGGER, 2, 2, 1, b""),
    ),
    (
        codec.parse_irq_set,
        "14000000 21000000 02000000 00000000 00000000",
        IrqSet(IrqData.NONE, IrqAction.TRIGGER, 2, 0, 0, b""),
    ),
    (codec.parse_region_read, "0000000000000000 07000000 00100000", RegionAccess(0, 7, 4096)),
    (
        codec.parse_region_write,
        "1000000000000000 00000000 04000000 efbeadde",
        (RegionAccess(16, 0, 4), bytes.fromhex("efbeadde")),
    ),
    (codec.parse_nothing, "", None),
]


@pytest.mark.parametrize(("parse", "payload", "meaning"), SENT_BY_QEMU)
def test_what_qemu_sends(parse, payload, meaning):
    assert parse(bytes.fromhex(payload)) == meaning


@pytest.mark.parametrize(("parse", "payload", "_"), SENT_BY_QEMU)
def test_a_byte_less_or_more_is_refused(parse, payload, _):
    whole = bytes.fromhex(payload)
    cut = [] if parse is codec.parse_nothing else [whole[:-1], b""]
    for wrong in (*cut, whole + b"\0"):
        with pytest.raises(RequestError) as refused:
            parse(wrong)
        assert refused.value.number == errno.EINVAL


MAXIMUM = 1 << 64
# parser, payload, errno, part of the reason
WRONG = [
    (codec.parse_version, b"\1\0\0\0", errno.EINVAL, "version 1"),
    (codec.parse_version, b"\0\0\0\0{}", errno.EINVAL, "only NUL"),
    (codec.parse_version, b"\0\0\0\0{}\0\0", errno.EINVAL, "only NUL"),
    (codec.parse_version, b"\0\0\0\0{\0", errno.EINVAL, "no such JSON"),
    (codec.parse_version, b"\0\0\0\0[]\0", errno.EINVAL, "no such JSON"),
    (codec.parse_version, b"\0\0\0\0\xff\0", errno.EINVAL, "no such JSON"),
    (codec.parse_version, b'\0\0\0\0{"a":' + b"[" * 100000 + b"\0", errno.EINVAL, "recursion"),
    (codec.parse_version, b'\0\0\0\0{"capabilities":7}\0', errno.EINVAL, "no such JSON"),
    (codec.parse_version, peers.version(b'{"capabilities":{"max_msg_fds":"8"}}\0'), 22, "int"),
    (codec.parse_version, peers.version(b'{"capabilities":{"max_msg_fds":-1}}\0'), 22, "range"),
    (
        codec.parse_version,
        peers.version(b'{"capabilities":{"max_data_xfer_size":0}}\0'),
        errno.EINVAL,
        "out of range",
    ),
    (codec.parse_dma_map, peers.dma_map(0, 4096, argsz=31), errno.EINVAL, "argsz 31"),
    (codec.parse_dma_map, peers.dma_map(0, 4096, flags=0), errno.EINVAL, "flags 0x0"),
    (codec.parse_dma_map, peers.dma_map(0, 4096, flags=7), errno.EINVAL, "flags 0x7"),
    (codec.parse_dma_map, peers.dma_map(4096, 0), errno.EINVAL, "0x0 bytes"),
    (codec.parse_dma_map, peers.dma_map(MAXIMUM - 4096, 4097), errno.EINVAL, "0x1001 bytes"),
    (codec.parse_dma_unmap, peers.dma_unmap(0, 1, argsz=23), errno.EINVAL, "argsz 23"),
    (codec.parse_dma_unmap, peers.dma_unmap(0, 1, flags=1), errno.EOPNOTSUPP, "flags 0x1"),
    (codec.parse_dma_unmap, peers.dma_unmap(0, 1, flags=2), errno.EINVAL, "all regions"),
    (codec.parse_info_query, peers.info(argsz=15), errno.EINVAL, "argsz 15"),
    (codec.parse_region_query, peers.region_info(0, argsz=0), errno.EINVAL, "argsz 0"),
    (codec.parse_irq_query, peers.info(2, argsz=15), errno.EINVAL, "argsz 15"),
    (codec.parse_irq_set, peers.irqs(NONE | TRIGGER, argsz=19), errno.EINVAL, "argsz 19"),
    (codec.parse_irq_set, peers.irqs(TRIGGER), errno.EINVAL, "flags 0x20"),
    (codec.parse_irq_set, peers.irqs(NONE), errno.EINVAL, "flags 0x1 "),
    (codec.parse_irq_set, peers.irqs(NONE | BOOL | TRIGGER), errno.EINVAL, "flags 0x23"),
    (codec.parse_irq_set, peers.irqs(NONE | MASK | UNMASK), errno.EINVAL, "flags 0x19"),
    (codec.parse_irq_set, peers.irqs(NONE | TRIGGER | 0x40), errno.EINVAL, "flags 0x61"),
    (codec.parse_irq_set, peers.irqs(BOOL | MASK, 0, 2, b"\1"), errno.EINVAL, "1 bytes of BOOL"),
    (codec.parse_irq_set, peers.irqs(EVENTFD | TRIGGER, 0, 1, b"1234"), 22, "4 bytes of EVENTFD"),
    (codec.parse_irq_set, peers.irqs(NONE | TRIGGER, 1, 0), errno.EINVAL, "no interrupts"),
    (codec.parse_irq_set, peers.irqs(NONE | MASK, 0, 0), errno.EINVAL, "no interrupts"),
    (codec.parse_region_read, peers.access(0, 0, 0), errno.EINVAL, "0 bytes"),
    (codec.parse_region_read, peers.access(0, 0, (1 << 20) + 1), errno.EINVAL, "1048577 bytes"),
    (codec.parse_region_read, peers.access(0, 0, 0xFFFFFFFF), errno.EINVAL, "4294967295 bytes"),
    (codec.parse_region_write, peers.access(0, 0, 4, b"123"), errno.EINVAL, "3 bytes came"),
    (codec.parse_region_write, peers.access(0, 0, 0), errno.EINVAL, "0 bytes"),
]


@pytest.mark.parametrize(("parse", "payload", "number", "reason"), WRONG)
def test_what_is_refused(parse, payload, number, reason):
    with pytest.raises(RequestError, match=reason) as refused:
        parse(payload)
    assert refused.value.number == number


def test_the_defaults_of_a_client_that_says_nothing():
    assert codec.parse_version(peers.version()) == Capabilities(1, 1 << 20, 65535)
    assert codec.parse_version(peers.version(b"{}\0")) == Capabilities(1, 1 << 20, 65535)


def test_our_version_offers_no_multiple_writes():
    payload = codec.version()
    assert payload[:4] == bytes(4)
    assert payload[-1] == 0
    assert json.loads(payload[4:-1]) == {
        "capabilities": {
            "max_msg_fds": 8,
            "max_data_xfer_size": 1 << 20,
            "max_dma_maps": 65535,
        }
    }


def test_headers_of_answers():
    asked = Header.parse(peers.message(9, b"1234", message_id=0x1234)[:16])
    assert asked == Header(0x1234, 9, 20, 0, 0)
    assert codec.reply(asked, b"ab").hex() == "34120900120000000100000000000000" + "6162"
    assert codec.error_reply(asked, 22).hex() == "34120900100000002100000016000000"
    assert codec.request(2, codec.Command.DMA_READ, b"").hex() == "02000b00" + "10" + "00" * 11


@pytest.mark.parametrize("size", [0, 15, codec.MAX_MESSAGE + 1, 0xFFFFFFFF])
def test_a_size_that_no_message_has(size):
    with pytest.raises(FramingError, match=f"REGION_READ has a size of {size} bytes"):
        Header.parse(peers.message(9, size=size)).check_size()


@pytest.mark.parametrize("size", [16, codec.MAX_MESSAGE])
def test_a_size_that_a_message_may_have(size):
    Header.parse(peers.message(9, size=size)).check_size()


def test_unknown_commands_have_a_name_too():
    assert codec.command_name(15) == "REGION_WRITE_MULTI"
    assert codec.command_name(999) == "command 999"


def test_answers_to_our_own_requests():
    assert codec.parse_dma_data(peers.dma(0x1000, 2, b"ab"), 0x1000, 2) == b"ab"
    for wrong in (b"", peers.dma(0x1000, 2, b"a"), peers.dma(0x1001, 2, b"ab"), bytes(15)):
        with pytest.raises(RequestError):
            codec.parse_dma_data(wrong, 0x1000, 2)
