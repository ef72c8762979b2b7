"""Drives the requester over a channel: sends what it asks, lets time pass, measures."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator

from responder.client.channel import Channel, ChannelError
from responder.requester.checks import Refused
from responder.requester.report import Report
from responder.requester.steps import Prompt, Step, TransportFailedError, Wait

_MICROSECONDS = 1_000_000
_MILLISECONDS = 1_000

Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], float]


async def drive(
    attestation: Generator[Step, bytes, Report],
    channel: Channel,
    *,
    target: str = "",
    sleep: Sleep = asyncio.sleep,
    clock: Clock = time.perf_counter,
) -> Report:
    """Carry an attestation through and say how long each exchange took.

    Args:
        attestation: what ``responder.requester.attestation.attest`` returned.
        channel: the way to the responder; it is not closed.
        target: where that is, for the report.
        sleep: lets seconds pass; an in-process channel has a virtual one.
        clock: seconds, for the times of exchanges.

    Returns:
        The report, whatever the verdict: a refusal and a transport that failed are in it.
    """
    seconds: list[float] = []
    report = await _carry_through(attestation, channel, sleep, clock, seconds)
    report.target = target
    for exchange, taken in zip(report.exchanges, seconds, strict=False):
        exchange.milliseconds = round(taken * _MILLISECONDS, 3)
    return report


async def _carry_through(
    attestation: Generator[Step, bytes, Report],
    channel: Channel,
    sleep: Sleep,
    clock: Clock,
    seconds: list[float],
) -> Report:
    try:
        step = next(attestation)
        while True:
            if isinstance(step, Wait):
                await sleep(step.microseconds / _MICROSECONDS)
                step = attestation.send(b"")
                continue
            begin = clock()
            try:
                if isinstance(step, Prompt):
                    await channel.prompt(step.request, step.session_id)
                    step = attestation.send(b"")
                    continue
                response = await channel.exchange(step.message, secured=step.secured)
            except ChannelError as error:
                step = attestation.throw(TransportFailedError(error.kind, error.reason))
                continue
            seconds.append(clock() - begin)
            step = attestation.send(response)
    except StopIteration as end:
        report: Report = end.value
        return report
    except (Refused, TransportFailedError) as end:
        if end.report is None:  # not from attest: nothing was learnt that could be told
            raise
        return end.report
