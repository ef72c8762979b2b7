"""A steered server, and our requester at its socket."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count

from responder.client.drive import drive
from responder.client.socket import open_channel
from responder.crypto.random_tree import RandomTree
from responder.faults.choice import chosen
from responder.pki.sets import shipped_roots
from responder.profiles.load import load_profile
from responder.profiles.overrides import parse_overrides
from responder.requester.attestation import attest
from responder.requester.options import AttestOptions, Offer
from responder.requester.plan import CONNECTION_STEPS, Plan, SessionPlan
from responder.requester.tdi_options import TdiOptions
from responder.server.control.steering import Steering
from responder.spec.flags import Cap

NOW = datetime(2026, 7, 1, tzinfo=UTC)
FLAGS = Cap.CERT | Cap.CHAL | Cap.KEY_EX | Cap.ENCRYPT | Cap.MAC | Cap.ENCAP | Cap.EVENT
PATIENCE = 60.0
"""Seconds for an answer on a machine with much to do."""


def steering_of(profile="default", *changes, faults=()):
    """What serves a profile and can be steered, as by ``serve --set CHANGE --fault FAULT``."""
    loaded = load_profile(profile, parse_overrides(changes), faults)
    return Steering(loaded, changes, chosen(faults))


async def verdict(person, **given):
    """What an attestation comes to: the check that refused, or nothing did."""
    report = await person.attest(**given)
    return report.refusal.check if report.refusal else report.verdict


class Requester:
    """Our requester on one connection, which stays open from one attestation to the next."""

    def __init__(self, channel):
        self.channel = channel
        self._seeds = count()

    async def attest(self, steps=CONNECTION_STEPS, session=None, *, meanwhile=None, **options):
        """Attest; ``meanwhile`` is called when the step ``stay`` waits."""

        async def sleep(seconds):
            del seconds
            if meanwhile is not None:
                meanwhile()

        sessions = () if session is None else (SessionPlan(tuple(session)),)
        asked = AttestOptions(
            roots=tuple(shipped_roots().values()),
            time=NOW,
            padding=self.channel.padding,
            records=self.channel.records,
            offer=Offer(flags=FLAGS),
            stay=1,
            tdi=TdiOptions(function_id=0x0100, stream_id=0),
            plan=Plan(tuple(steps), sessions),
            **options,
        )
        return await drive(
            attest(asked, RandomTree(bytes([next(self._seeds)]))), self.channel, sleep=sleep
        )


@asynccontextmanager
async def requester(running, binding="mctp"):
    """A connection of our requester to a server that listens on one TCP port."""
    uri = str(running.endpoints[0]).replace("spdm-emu:", f"spdm-emu+{binding}:")
    channel = await open_channel(uri, PATIENCE)
    try:
        yield Requester(channel)
    finally:
        await channel.close()
