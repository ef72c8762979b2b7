"""Packs a folder of recorded runs into ``sessionless.jsonl.xz``: ``python pack.py FOLDER``.

The folder holds ``manifest.json``, ``keys/<kind>/end_responder.key.pub.der`` and, for each run,
``messages.jsonl``, ``decoded.json`` and ``secrets.json``. Of a secured record only the plaintext
is kept: the ciphertext is most of the bytes and nothing here opens records.
"""

import json
import lzma
import sys
from pathlib import Path

PACKED = Path(__file__).with_name("sessionless.jsonl.xz")
NORMAL = 1


def public_keys(folder):
    files = sorted(folder.glob("keys/*/end_responder.key.pub.der"))
    return {file.parent.name: file.read_bytes().hex() for file in files}


def exchanges(run):
    decoded = json.loads((run / "decoded.json").read_text())
    plain = {(row["n"], row["dir"]): row for row in decoded if "plain" in row}
    for line in (run / "messages.jsonl").read_text().splitlines():
        row = json.loads(line)
        exchange = {"req": row["req"], "rsp": row["rsp"]}
        if row["cmd"] != NORMAL:
            exchange["cmd"] = row["cmd"]
        if (row["n"], "req") in plain:
            request, response = plain[row["n"], "req"], plain[row["n"], "rsp"]
            exchange = {"session": request["session_id"]}
            exchange |= {"req": request["plain"], "rsp": response["plain"]}
        yield row["trans"], exchange


def signed(run):
    """Operation, version and hash of everything that the responder signed, in order."""
    secrets = json.loads((run / "secrets.json").read_text())
    events = [event for event in secrets["responder"] if event["event"] == "responder_sign"]
    return [[event["op_code"], event["spdm_version"] >> 8, event["message"]] for event in events]


def packed(folder):
    yield {"public_keys": public_keys(folder)}
    for entry in json.loads((folder / "manifest.json").read_text()):
        run = folder / entry["name"]
        transports, rows = zip(*exchanges(run), strict=True)
        yield {
            "name": entry["name"],
            "transport": transports[0],
            "requester": entry["requester_cmd"],
            "responder": entry["responder_cmd"],
            "negotiated": entry["negotiated"],
            "exchanges": rows,
            "signed": signed(run),
        }


def main():
    folder = Path(sys.argv[1])
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in packed(folder))
    PACKED.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main()
