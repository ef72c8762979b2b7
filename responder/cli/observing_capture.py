"""``serve --capture``: who writes the file, and in which format."""

import time
from collections.abc import Callable, Mapping
from io import FileIO
from typing import Any

from responder.observe.batch import Batch
from responder.observe.bus import Bus
from responder.observe.capture import Capture
from responder.observe.spdm_dump import SpdmDump

_NAME = "capture"


class CapturedWire:
    """The observer that writes what is on the wire to a file."""

    def __init__(
        self, bus: Bus, file: FileIO, options: Mapping[str, Any], say: Callable[[str], None]
    ) -> None:
        """Write to ``file`` from now on, as the options of ``serve`` want it; ``say`` its end."""
        self._say = say
        batch, begin = Batch(file), time.time_ns()
        self._file = file
        self._writer: Capture | SpdmDump
        if options.get("capture_format") == "spdm-dump":
            self._writer = SpdmDump(batch, begin)
        else:
            plaintext = bool(options.get("capture_plaintext"))
            self._writer = Capture(batch, begin, name=_NAME, plaintext=plaintext)
        self._observed = bus.observe(_NAME, self._writer.take, kinds=self._writer.kinds)

    def close(self, timeout: float) -> None:
        """End the file, if what is on the way to it can be written; say what is missing in it."""
        observed, writer = self._observed, self._writer
        observed.close(timeout)
        what = f"capture {self._file.name}"
        if observed.lost:
            self._say(f"{what}: {observed.lost} entries lost {observed.error}".rstrip())
        if not (observed.error or observed.waiting):
            writer.close()
        if isinstance(writer, SpdmDump) and writer.left_out:
            reason = f"{writer.left_out} messages of another transport have no place in it"
            self._say(f"{what}: {reason}")
