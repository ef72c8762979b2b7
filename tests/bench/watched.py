"""``serve`` that tells what it holds: for each line on stdin, a JSON object on stdout.

Beside sockets and memory, which can be seen from outside: tasks, timers, connections, endpoints,
and all objects of the interpreter, by type.
"""

import asyncio
import gc
import json
import os
import sys
import threading
from collections import Counter

from responder.cli.main import main
from responder.server.connection import PeerConnection
from responder.server.endpoint import SpdmEndpoint

LOOPS: list[asyncio.BaseEventLoop] = []
new_event_loop = asyncio.events.new_event_loop


def recorded_loop() -> asyncio.BaseEventLoop:
    LOOPS.append(new_event_loop())
    return LOOPS[-1]


def look() -> dict[str, object]:
    """What the interpreter holds, once garbage is gone."""
    gc.collect()
    objects = gc.get_objects()
    (loop,) = LOOPS
    return {
        "tasks": len(asyncio.all_tasks(loop)),
        "timers": sum(not handle.cancelled() for handle in list(loop._scheduled)),
        "connections": sum(isinstance(one, PeerConnection) for one in objects),
        "endpoints": sum(isinstance(one, SpdmEndpoint) for one in objects),
        "objects": len(objects),
        "types": Counter(type(one).__qualname__ for one in objects),
    }


def answer() -> None:
    for _ in sys.stdin:
        os.write(1, json.dumps(look()).encode() + b"\n")


if __name__ == "__main__":
    asyncio.events.new_event_loop = recorded_loop
    threading.Thread(target=answer, daemon=True).start()
    main(sys.argv[1:])
