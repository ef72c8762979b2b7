"""Without a fault in the profile no code of the engine is on the way of a message."""

import subprocess
import sys

from core import raw_requests as raw

from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.faults import engine
from responder.profiles.load import load_profile

REQUESTS = (
    raw.get_version(), raw.get_capabilities(0x12), raw.negotiate(0x12), raw.get_digests(0x12),
    raw.get_certificate(0x12), raw.challenge(0x12), raw.get_measurements(0x12, attributes=1),
)  # fmt: skip


def called_modules(faults):
    """The modules of this program whose functions run while a device answers requests."""
    profile = load_profile("ecdsa-p256", None, faults)
    tree = RandomTree(b"seed")
    peer = Responder(profile.device, profile.policy, tree, profile.hooks(tree))
    peer.opened()
    seen = set()

    def note(frame, event, argument):
        if event == "call":
            seen.add(frame.f_globals.get("__name__", ""))

    sys.setprofile(note)
    try:
        for request in REQUESTS:
            peer.receive(request, 0.0)
    finally:
        sys.setprofile(None)
    peer.closed()
    return {name for name in seen if name.startswith("responder.")}


def test_no_function_of_the_engine_is_called():
    assert engine  # it is imported, and yet not called
    called = called_modules([])
    assert "responder.core.turn" in called
    assert not {name for name in called if name.startswith("responder.faults")}


def test_with_a_fault_they_are():
    assert "responder.faults.engine" in called_modules(["cert.slot-wrong"])


def test_a_device_without_faults_does_not_even_import_it():
    program = (
        "import sys; from responder.profiles.load import load_profile; "
        "from responder.crypto.random_tree import RandomTree; "
        "load_profile('default').hooks(RandomTree(b'')); "
        "print([name for name in sys.modules if name.startswith('responder.faults')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
