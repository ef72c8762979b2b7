"""Writes recordings back into folders, as the recording tool does."""

import json

from captures.loader import recordings


def write_folder(folder, recordings):
    manifest = [recording.facts for recording in recordings]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    for kind, known in recordings[0].known.items():
        write_known(folder / "keys" / kind, known)
    for recording in recordings:
        write_run(folder / recording.name, recording)
    return folder


def write_known(folder, known):
    folder.mkdir(parents=True)
    for side, key in known.keys.items():
        (folder / f"end_{side}.key.pub.der").write_bytes(key)
    for side, chains in known.chains.items():
        for slot, chain in chains.items():
            (folder / f"bundle_{side}.certchain{slot or ''}.der").write_bytes(chain)


def write_run(folder, recording):
    folder.mkdir()
    rows = [
        {
            "n": one.number,
            "cmd": one.command,
            "trans": recording.transport,
            "req": one.request.hex(),
            "rsp": one.response.hex(),
        }
        for one in recording.exchanges
    ]
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    (folder / "messages.jsonl").write_text(lines)
    (folder / "secrets.json").write_text(json.dumps(recording.secrets))
    plain = [
        {"n": number, "dir": side, "plain": data.hex()}
        for (number, side), data in recording.plain.items()
    ]
    (folder / "decoded.json").write_text(json.dumps(plain))


def write_runs(folder, names):
    """The recorded runs of these names in a folder: far less to read than all of them."""
    folder.mkdir(exist_ok=True)
    return write_folder(folder, [run for run in recordings() if run.name in names])
