"""A session of our requester that stays open: the machine can be looked at between its steps."""

from dataclasses import replace
from datetime import UTC, datetime

from responder.client.drive import drive
from responder.crypto.random_tree import RandomTree
from responder.pki.sets import shipped_roots
from responder.requester.attestation import PARTS, attest
from responder.requester.options import AttestOptions, Offer
from responder.requester.plan import Plan, SessionPlan
from responder.requester.step_table import STEPS
from responder.requester.steps import TransportFailedError
from responder.requester.tdi_options import TdiOptions
from responder.spec.flags import Cap

FLAGS = Cap.ENCRYPT | Cap.MAC | Cap.KEY_EX | Cap.HANDSHAKE_IN_THE_CLEAR | Cap.CHUNK
LOCK = ("tdisp-version", "tdisp-capabilities", "tdisp-lock", "tdisp-report", "tdisp-measured")


class OpenSession:
    """One session with a device that was attested in it.

    Attributes:
        report: what has been found out so far.
    """

    def __init__(self, channel, conversation):
        self.report = conversation.report
        self._channel = channel
        self._conversation = conversation
        (self._session,) = conversation.sessions.values()

    async def do(self, *steps):
        """Steps of ``responder.requester.step_table``; ``Refused`` as soon as one is refused."""
        await drive(self._carry_out(steps), self._channel)

    async def state(self):
        """Where the interface stands, whatever was expected of it."""
        memory = self._conversation.tdi
        expected, memory.state = memory.state, None
        await self.do("tdisp-state")
        memory.state = expected
        return self.report.tdi.states[-1]

    async def is_gone(self):
        """Whether the device passes over a record of the session in silence."""
        try:
            await self.do("measurements")
        except TransportFailedError as error:
            return error.kind == "timeout"
        return False

    def _carry_out(self, steps):
        c = self._conversation
        c.session = self._session
        for name in steps:
            yield from STEPS[name].inside(c, self._session)
        c.session = None
        return self.report


async def open_session(channel, connection=("authenticate",), **tdi):
    """Attest a device and open a session; ``tdi`` is what ``TdiOptions`` takes."""
    kept = []

    def keep(conversation):
        kept.append(conversation)
        yield from ()

    options = replace(
        attest_options(channel),
        offer=Offer(flags=FLAGS),
        tdi=TdiOptions(**tdi),
        plan=Plan(connection, (SessionPlan(end=False),)),
    )
    report = await drive(attest(options, RandomTree(b"qemu"), (*PARTS, keep)), channel)
    assert report.verdict == "attested", report.refusal
    return OpenSession(channel, *kept)


def attest_options(channel):
    """An attestation through a channel that trusts the shipped roots."""
    return AttestOptions(
        roots=tuple(shipped_roots().values()),
        time=datetime.now(UTC),
        padding=channel.padding,
        records=channel.records,
    )
