"""Targets made of the tiny requester, and of ours without a check."""

from pathlib import Path

TINY = Path(__file__).with_name("scripted") / "tiny.py"
CASE = "ver.count-zero"
"""The tiny requester meets this fault at its first request."""


def tiny_target(folder, behaviour, **keys):
    """The path of a description of it."""
    command = ["{python}", str(TINY), "{port}", behaviour, "{case}"]
    more = "".join(f"{key} = {value!r}\n" for key, value in keys.items())
    path = folder / f"{behaviour}.toml"
    path.write_text(f"command = {command!r}\ndescription = 'A tiny requester.'\n{more}")
    return path
