#!/usr/bin/env python3
"""Run by ``scripts/fuzz``: libFuzzer drives the target of ``receive_target``."""

import sys
from pathlib import Path

import atheris

sys.path[:0] = [
    str(Path(__file__).parent),
    str(Path(__file__).parents[1]),
    str(Path(__file__).parents[2]),
]

with atheris.instrument_imports(include=["responder"]):
    import receive_target

atheris.Setup(sys.argv, receive_target.one_input)
atheris.Fuzz()
