"""Packs a folder of recorded runs into ``runs.jsonl.xz``: ``python pack.py FOLDER``."""

import sys
from dataclasses import replace
from pathlib import Path

from responder.replay.recording import pack, read

PACKED = Path(__file__).with_name("runs.jsonl.xz")
FACTS = ("name", "note", "requester_cmd", "responder_cmd", "errors", "negotiated")
"""What is kept of the manifest: the rest can be read from the messages."""


def main():
    runs = read(Path(sys.argv[1]))
    kept = [replace(run, facts={key: run.facts[key] for key in FACTS}) for run in runs]
    PACKED.write_bytes(pack(kept))


if __name__ == "__main__":
    main()
