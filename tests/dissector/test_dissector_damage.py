"""No input makes an error of the script, which would be seen."""

import random
from dataclasses import replace

import pytest
from captures.loader import MCTP, PCI_DOE, recordings
from comparing import payloads, plaintext
from pdml import tshark
from test_dissector_captures import LINK_DOE, LINK_USER, USER_IS_MCTP, write_as_the_tool_does

from responder.observe.pcapng import PcapngWriter
from responder.replay.recording import REQUEST
from responder.transport.binding import binding_of
from responder.transport.carried import Kind
from responder.transport.socket_frame import Command, TransportType, wrap_frame
from responder.transport.storage import StorageBinding, fetched

SEEDS = range(2)
RUNS, EXCHANGES = 12, 40
PORTS = (2323, 4194, 20000)
WORDS = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\xff\xff", b"\0\0", b"\xff\x7f")
SEEN = "Expert Info (Error/Malformed): "


def damaged(chance, data):
    """The bytes with up to four changes, most of them near the front, where lengths are."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(min(len(data), chance.choice((16, 64, 4096))) or 1)
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                word = chance.choice(WORDS)
                data[at : at + len(word)] = word
            case 2:
                del data[at:]
            case 3:
                data[at:at] = chance.randbytes(chance.randrange(1, 9))
            case 4:
                del data[at : at + chance.randrange(1, 5)]
    return bytes(data)


def at_times(chance, often, data):
    """The bytes, damaged as ``often`` as told."""
    return damaged(chance, data) if chance.random() < often else data


def as_storage(run, side, data):
    """What storage carries in the place of a payload: its command's code, and the payload."""
    carried = binding_of(run.transport).unwrap(data)
    if carried.kind is Kind.OTHER:
        return Command.ACK_STATUS, b"\1\0"
    if side == REQUEST:
        return Command.IF_SEND, StorageBinding().wrap(carried.message, carried.kind)
    return Command.IF_RECV, fetched(carried.message, carried.kind)


def frame_of(chance, often, run, sent, *, storage):
    """A socket frame of which the payload, or all of it, may be damaged."""
    exchange, side, data = sent
    command, transport = exchange.command, run.transport
    if storage and command == Command.NORMAL:
        (command, data), transport = as_storage(run, side, data), TransportType.STORAGE
    return at_times(
        chance, often / 4, wrap_frame(command, transport, at_times(chance, often, data))
    )


def write_damaged(path, seed):
    """A capture of damaged connections, and of what was in their records."""
    chance = random.Random(seed)
    with path.open("wb") as file:
        writer = PcapngWriter(file, "test", PORTS[0], plaintext=True)
        for number, run in enumerate(chance.sample(recordings(), RUNS), 1):
            often, storage = chance.choice((0.02, 0.1, 0.4)), chance.random() < 0.2
            writer.opened(0.0, number, chance.choice(PORTS))
            for sent in list(payloads(run))[:EXCHANGES]:
                received = sent[1] == REQUEST
                frame = frame_of(chance, often, run, sent, storage=storage)
                writer.message(0.0, number, frame, received=received)
                if (inside := plaintext(run, *sent[:2])) is not None:
                    message, kind = at_times(chance, often, inside[0]), chance.choice((0, 0, 1))
                    writer.plaintext(0.0, number, 1, message, received=received, kind=kind)
        writer.close()
    return path


@pytest.mark.parametrize("seed", SEEDS)
def test_damage_makes_no_error_of_the_script(lua, tmp_path, seed):
    shown = tshark(lua, write_damaged(tmp_path / "damaged.pcapng", seed), "-V")
    assert shown.count(SEEN) > 10, "damage is seen"
    assert "dissector bug" not in shown.lower()


@pytest.mark.parametrize(
    ("transport", "link", "options"),
    [(PCI_DOE, LINK_DOE, ()), (MCTP, LINK_USER, USER_IS_MCTP)],
    ids=["doe", "mctp"],
)
def test_damaged_packets_make_no_error_of_the_script(lua, tmp_path, transport, link, options):
    chance = random.Random(transport)
    run = next(one for one in recordings() if one.transport == transport)
    exchanges = [
        replace(one, request=damaged(chance, one.request), response=damaged(chance, one.response))
        for one in run.exchanges * 5
    ]
    broken = replace(run, exchanges=tuple(exchanges))
    path = write_as_the_tool_does(tmp_path / "damaged.pcap", broken, link)
    assert tshark(lua, path, "-V", *options).count(SEEN) > 10, "damage is seen"


def test_an_error_of_the_script_would_be_seen(lua, tmp_path):
    broken = tmp_path / "broken.lua"
    broken.write_text(lua.read_text().replace("return NAMES[code] or", "return nothing.here or"))
    with pytest.raises(AssertionError, match="Lua Error"):
        tshark(broken, write_damaged(tmp_path / "damaged.pcapng", 0), "-V")
