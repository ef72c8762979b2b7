"""A process that measures attestations when it is told to; with `faults` it imports the engine."""

import sys
from importlib import import_module

from measuring import cpu_seconds
from test_bench_core import attest, conversation

from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.profiles.load import load_profile

TIMES = 8

if __name__ == "__main__":
    if "faults" in sys.argv:
        import_module("responder.faults.engine")
    profile = load_profile("ecdsa-p384")
    tree = RandomTree(b"bench")
    peer = Responder(profile.device, profile.policy, tree, profile.hooks(tree))
    requests = conversation(0x80)
    attest(peer, requests)
    imported = sorted(name for name in sys.modules if name.startswith("responder.faults"))
    print(len(imported), flush=True)  # noqa: T201 - a program
    for _ in sys.stdin:
        print(cpu_seconds(lambda: [attest(peer, requests) for _ in range(TIMES)]), flush=True)  # noqa: T201 - a program
