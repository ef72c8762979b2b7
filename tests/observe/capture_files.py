"""Takes pcapng files apart by the format's own terms, without any of our code."""

import struct

SHB, IDB, EPB = 0x0A0D0D0A, 1, 6


def blocks(data):
    """Type and body of each block; both sizes of each are compared."""
    found = []
    while data:
        kind, size = struct.unpack_from("<II", data)
        assert size % 4 == 0
        assert struct.unpack_from("<I", data, size - 4) == (size,)
        found.append((kind, data[8 : size - 4]))
        data = data[size:]
    return found


def options(data):
    """Code to value; the end of options is the end."""
    found = {}
    while True:
        code, size = struct.unpack_from("<HH", data)
        if code == 0:
            assert data == bytes(4)
            return found
        found[code] = data[4 : 4 + size]
        data = data[4 + size + -size % 4 :]


def packets(data):
    """Interface, time in nanoseconds, bytes and comment of each packet."""
    found = []
    for kind, body in blocks(data):
        if kind == EPB:
            interface, high, low, size, _ = struct.unpack_from("<IIIII", body)
            said = options(body[20 + size + -size % 4 :]).get(1, b"").decode()
            found.append((interface, (high << 32) + low, body[20 : 20 + size], said))
    return found


def segments(data):
    """Interface, whether the responder sent it, payload and comment of each packet with bytes."""
    found = []
    for interface, _, packet, said in packets(data):
        if interface == 0:
            source = struct.unpack_from(">H", packet, 20)[0]
            if packet[40:] or said:
                found.append((0, source < 49152, packet[40:], said))
        else:
            source = struct.unpack_from(">I", packet, 48)[0]
            found.append((1, source < 49152, packet[72:], said))
    return found
