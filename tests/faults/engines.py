"""Fault engines and faults for tests."""

from responder.crypto.random_tree import RandomTree
from responder.faults.cases import cases
from responder.faults.engine import FaultEngine
from responder.faults.memory import FaultMemory

ABOUT = {
    "id": "x.test",
    "description": "A fault.",
    "duty": "reject",
    "basis": "spec",
    "source": "DSP0274",
}


def fault(**keys):
    """A fault as a profile would write it; its only case."""
    (one,) = cases(ABOUT | keys)
    return one


def no_file(name):
    raise FileNotFoundError(name)


def engine(*faults, memory=None, seed=b"seed", read_file=no_file):
    """The hooks of one connection that these faults change."""
    memory = FaultMemory() if memory is None else memory
    return FaultEngine(faults, memory, RandomTree(seed).child("faults"), read_file)
