"""What stands between a client and its broker: sees what is acknowledged, and can be shut."""

import socket
import threading
from contextlib import suppress
from functools import partial


class Packets:
    """Cuts a stream of MQTT into packets (MQTT 5 section 2.1)."""

    def __init__(self):
        self._data = bytearray()

    def feed(self, data):
        """The packets that are complete by now: type, flags, and what follows the fixed header."""
        self._data += data
        while (packet := self._next()) is not None:
            yield packet

    def _next(self):
        length = 0
        for at in range(1, 5):
            if len(self._data) <= at:
                return None
            length |= (self._data[at] & 0x7F) << 7 * (at - 1)
            if not self._data[at] & 0x80:
                break
        end = at + 1 + length
        if len(self._data) < end:
            return None
        first, body = self._data[0], bytes(self._data[at + 1 : end])
        del self._data[:end]
        return first >> 4, first & 0xF, body


class Door:
    """Forwards to the broker's port while it is open.

    Attributes:
        port: where clients come in.
        acknowledged: topic and payload of each PUBLISH with QoS 1 that the broker acknowledged.
    """

    PUBLISH, PUBACK = 3, 4

    def __init__(self, to):
        self._to = to
        self._lock = threading.Lock()
        self._socket = None
        self._open = set()
        self._passing = threading.Event()
        self._passing.set()
        self.acknowledged = []
        self.port = 0
        self.open()

    def open(self):
        self._socket = socket.create_server(("127.0.0.1", self.port))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._socket,), daemon=True).start()

    def shut(self):
        """Refuse, and cut off whoever is inside."""
        with self._lock:
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            for one in self._open:
                with suppress(OSError):  # it has gone by itself
                    one.shutdown(socket.SHUT_RDWR)

    def hold(self):
        """Let nothing through any more, and cut nobody off."""
        self._passing.clear()

    def release(self):
        self._passing.set()

    def _accept(self, listening):
        while True:
            try:
                inside, _ = listening.accept()
            except OSError:
                return
            outside = socket.socket()
            try:
                outside.connect(("127.0.0.1", self._to))
            except OSError:
                inside.close()
                continue
            waiting, ended = {}, []
            for source, sink, see in (
                (inside, outside, self._published),
                (outside, inside, self._acknowledged),
            ):
                with self._lock:
                    self._open.add(source)
                arguments = (source, sink, partial(see, waiting), ended)
                threading.Thread(target=self._pass, args=arguments, daemon=True).start()

    def _pass(self, source, sink, see, ended):
        packets = Packets()
        try:
            while data := source.recv(1 << 16):
                self._passing.wait()
                for packet in packets.feed(data):
                    see(*packet)
                sink.sendall(data)
        except OSError:
            pass  # cut off
        with self._lock:
            self._open.discard(source)
            for one in (source, sink):
                with suppress(OSError):  # it was
                    one.shutdown(socket.SHUT_RDWR)
            ended.append(source)
            if len(ended) == 2:
                source.close()
                sink.close()

    def _published(self, waiting, kind, flags, body):
        if kind != self.PUBLISH or not flags & 0b110:
            return
        size = int.from_bytes(body[:2])
        topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
        number, properties = int.from_bytes(rest[:2]), rest[2]
        assert properties < 0x80, "a length of one byte"
        waiting[number] = (topic, rest[3 + properties :])

    def _acknowledged(self, waiting, kind, _, body):
        if kind == self.PUBACK:
            self.acknowledged.append(waiting.pop(int.from_bytes(body[:2])))
