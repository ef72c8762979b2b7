"""A device that is provisioned until it is killed, again and again: ``python killed_writer.py``.

Each round forks a child that takes the state folder, goes on where the device was, and says
SET_CERTIFICATE and SET_KEY_PAIR_INFO to it without end; it tells through a pipe how many of them
were acknowledged. At a random moment it is killed with SIGKILL. The steps are always the same, so
the parent knows the state after each of them: what is in the folder afterwards must be the state
after the last acknowledged step, or after the one that was under way.

Prints how many rounds ended with each of the two, and how often a half-written file was left.
"""

import json
import os
import random
import signal
import sys
import time
from hashlib import sha256
from pathlib import Path

import msgspec
from core import raw_requests as raw
from core.dialogue import Dialogue
from device.provisioned import ALL_CAPS, CHOICE, KEY_PAIRS, device, renewed

from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.server.state_dir import NEW_FILE, StateDir

V13, P384, SHA_384 = 0x13, 0x80, 0x02
MULTI_KEY = {"other": 2 | 1 << 4}
CAPABILITIES = ("SET_CERT", "GET_KEY_PAIR_INFO", "SET_KEY_PAIR_INFO", "MULTI_KEY_NEG")
LONGEST_STEP = 0.03
"""Seconds after an acknowledgement until a child is killed, at most."""
MOST_STEPS = 3
SPARE = {"capabilities": ALL_CAPS, "algorithms": CHOICE}
PAIRS = [*KEY_PAIRS, SPARE]
P256_BIT, P384_BIT = 0x08, 0x10


def fresh():
    """The device as its profile has it, and the policy."""
    profile = device(*CAPABILITIES, key_pairs=PAIRS)
    profile.device.provisioning.use(RandomTree(b"the same for all"))
    return profile


def requests(profile):
    """The steps, which are said over and over; each changes something."""
    slot = profile.device.slot(0)
    chains = [renewed(slot, name="first"), renewed(slot, name="second")]
    generate = [raw.set_key_pair_info(V13, 4, 2, asym=bit, slots=0) for bit in (P256_BIT, P384_BIT)]
    return (
        raw.set_certificate(V13, 0, chains[0], key_pair=1, model=1),
        generate[0],
        raw.set_key_pair_info(V13, 4, 0, usage=0x2, slots=0),
        raw.set_certificate(V13, 0, chains[1], key_pair=1, model=1),
        generate[1],
        raw.set_key_pair_info(V13, 4, 1),
    )


def fingerprint(state):
    return sha256(msgspec.json.encode(state)).hexdigest()


class Conversation:
    """A requester that has agreed on SPDM 1.3, P-384 and a multi-key connection."""

    def __init__(self, profile, steps):
        its = Responder(profile.device, profile.policy, RandomTree(b"nonces"))
        self.dialogue = Dialogue(its, V13, P384, SHA_384, algorithms=MULTI_KEY)
        self.dialogue.reach("negotiated")
        self.steps = steps

    def say(self, number):
        """Say the ``number``-th step; it is acknowledged."""
        request = self.steps[number % len(self.steps)]
        answer = self.dialogue.say(request)
        assert answer[1] == request[1] & 0x7F, answer.hex()


class Expected:
    """The state after each step, worked out as far as it is needed."""

    def __init__(self, steps):
        self._profile = fresh()
        self._conversation = Conversation(self._profile, steps)
        self._states = [fingerprint(self._profile.device.provisioning.state)]

    def after(self, number):
        while len(self._states) <= number:
            self._conversation.say(len(self._states) - 1)
            self._states.append(fingerprint(self._profile.device.provisioning.state))
        return self._states[number]


def provision(folder, profile, steps, done, told):
    """A child: be provisioned until the end."""
    state_dir = StateDir(folder, "killed")
    state_dir.restore(profile.device.provisioning)
    conversation = Conversation(profile, steps)
    os.write(told, b"+")
    while True:
        conversation.say(done)
        done += 1
        os.write(told, b".")


def live_and_die(folder, profile, steps, done, life):
    """Fork, kill; how many steps were acknowledged.

    ``life`` is how many of them are waited for, and how many seconds after that.
    """
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        try:
            provision(folder, profile, steps, done, told)
        finally:
            os._exit(1)  # only a defect comes here
    os.close(told)
    assert os.read(heard, 1) == b"+", "the device did not start"
    awaited, seconds = life
    for _ in range(awaited):
        assert os.read(heard, 1) == b".", "the device stopped"
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the child ended of its own accord"
    with os.fdopen(heard, "rb") as pipe:
        return awaited + len(pipe.read())


def kept(folder):
    """The fingerprint of the state with which the device starts again."""
    profile = fresh()
    state_dir = StateDir(folder, "killed")
    state_dir.restore(profile.device.provisioning)
    state_dir.close()
    return fingerprint(profile.device.provisioning.state)


def main():
    folder, rounds, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    lives = random.Random(seed)
    profile = fresh()
    steps = requests(profile)
    expected = Expected(steps)
    done, counts = 0, {"old": 0, "new": 0, "half-written": 0}
    for _ in range(rounds):
        life = lives.randint(0, MOST_STEPS), lives.uniform(0, LONGEST_STEP)
        done += live_and_die(folder, profile, steps, done, life)
        counts["half-written"] += (folder / NEW_FILE).exists()
        found = kept(folder)
        if found == expected.after(done):
            counts["old"] += 1
        else:
            assert found == expected.after(done + 1), "neither the old state nor the new one"
            counts["new"] += 1
            done += 1
    sys.stdout.write(json.dumps(counts | {"steps": done}))


if __name__ == "__main__":
    main()
