"""What the tests of the fuzzer share: a healthy conversation, and requesters made up for it."""

from functools import cache

from responder.campaign.fuzz.search import Search, begin
from responder.campaign.result import Exchange, Observed, Strike, Wire
from responder.campaign.settings import SETTINGS
from responder.campaign.targets.reference import ReferenceRunner
from responder.crypto.random_tree import RandomTree

SETTING = SETTINGS["attestation"]
SEED = b"fuzz"


@cache
def healthy():
    """An attestation of SPDM 1.4 without any fault."""
    return ReferenceRunner().run(SETTING, (), SEED)


def search_of(seed=SEED, messages=()):
    """A search that begins with that attestation."""
    return Search(begin(messages), healthy(), RandomTree(seed))


def seen(text="", requests=("e1",), *, struck=True, **told):
    """What a requester was seen to do: the codes of its requests, in hexadecimal."""
    exchanges = tuple(
        Exchange(connection=1, request=bytes.fromhex(f"12{code}0000"), response=b"answer")
        for code in requests
    )
    strikes = (Strike(exchange=0, hook="draft", detail="changed"),) if struck else ()
    wire = Wire(exchanges=exchanges, count=len(exchanges), strikes=strikes, connections=1)
    return Observed(text=text, wire=wire, **told)


def searched(search, requester, runs):
    """Run so many inputs against a made-up requester; they are returned in their order."""
    inputs = []
    while len(inputs) < runs:
        for trial in search.round()[: runs - len(inputs)]:
            inputs.append(trial.rules)
            search.take(trial, requester(trial.rules))
    return inputs
