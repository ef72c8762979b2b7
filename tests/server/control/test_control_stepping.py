"""An attestation by our requester, let through message by message, over sockets and a mailbox."""

import asyncio
import socket
import struct

import pytest
from controlled import controlled
from server.vfio_user import peers
from server_peers import GET_VERSION, NONE, NORMAL, socket_frame, until
from steered import Requester, requester

from responder.client.config_space import ConfigSpace
from responder.client.doe_mailbox import DoeMailbox, DoeMailboxChannel, Timing, find_mailboxes
from responder.core.events import RequestReceived, ResponseSent
from responder.server.vfio_user.codec import Command

PLAIN = [
    ("GET_VERSION", "VERSION"),
    ("GET_CAPABILITIES", "CAPABILITIES"),
    ("NEGOTIATE_ALGORITHMS", "ALGORITHMS"),
    ("GET_DIGESTS", "DIGESTS"),
    ("GET_CERTIFICATE", "CERTIFICATE"),
    ("CHALLENGE", "CHALLENGE_AUTH"),
]
"""How an attestation goes (DSP0274 "SPDM messaging protocol"), repetitions apart."""
SESSION = [("KEY_EXCHANGE", "KEY_EXCHANGE_RSP"), ("FINISH", "FINISH_RSP")]


class PluggedConfigSpace(ConfigSpace):
    """The configuration space of a function at a vfio-user socket."""

    def __init__(self, client):
        self.client = client

    async def burst(self, accesses):
        found = []
        for offset, value in accesses:
            if value is None:
                asked = peers.access(peers.CONFIG, offset, 4)
                answer = await self.client.ask(Command.REGION_READ, asked)
                found.append(struct.unpack("<I", answer[-4:])[0])
            else:
                asked = peers.access(peers.CONFIG, offset, 4, struct.pack("<I", value))
                await self.client.ask(Command.REGION_WRITE, asked)
        return found


async def stepped(control, attestation):
    """Every step until the attestation is over, and its report."""
    task = asyncio.ensure_future(attestation)
    steps = []
    while True:
        step = asyncio.ensure_future(control.do("step", wait=60))
        await asyncio.wait([task, step], return_when=asyncio.FIRST_COMPLETED)
        if not step.done():
            step.cancel()
            return steps, await task
        answered = control.events.of(ResponseSent)
        assert len(control.events.of(RequestReceived)) == len(steps) + 1, "one, and no other"
        steps.append(await step)
        assert answered[-1].message.hex() == steps[-1]["messages"][-1]["message"]


def names(steps):
    """Request and response of each step, repetitions of the same pair told once."""
    found = []
    for step in steps:
        pair = tuple(message["name"] for message in step["messages"])
        if pair not in found:
            found.append(pair)
    return found


@pytest.mark.parametrize("binding", ["none", "mctp", "doe"])
async def test_an_attestation_goes_message_by_message(serving, binding):
    control = await controlled(serving)
    await control.do("pause")
    async with requester(control.running, binding) as person:
        steps, report = await stepped(control, person.attest())
    assert report.verdict == "attested"
    assert names(steps)[: len(PLAIN)] == PLAIN
    assert ("GET_MEASUREMENTS", "MEASUREMENTS") in names(steps)
    assert {step["connection"] for step in steps} == {1}


async def test_records_of_a_session_go_one_by_one_and_are_told_in_plain(serving):
    control = await controlled(serving, profile="full")
    await control.do("pause")
    async with requester(control.running) as person:
        steps, report = await stepped(control, person.attest(session=["measurements"]))
    assert report.verdict == "attested"
    assert [pair for pair in names(steps) if pair in SESSION] == SESSION
    in_session = [step for step in steps if step["events"][0]["session_id"] is not None]
    assert names(in_session) == [
        SESSION[1], ("GET_MEASUREMENTS", "MEASUREMENTS"), ("END_SESSION", "END_SESSION_ACK"),
    ]  # fmt: skip
    events = [event["event"] for step in steps for event in step["events"]]
    assert "SessionEstablished" in events
    assert "SessionEnded" in events
    assert "SessionKeys" not in events


async def test_what_a_step_tells_is_read_with_what_was_negotiated(serving):
    """The signature and the measurement summary of CHALLENGE_AUTH have negotiated sizes."""
    control = await controlled(serving)
    await control.do("pause")
    async with requester(control.running) as person:
        steps, _ = await stepped(control, person.attest())
    for step in steps:
        for message in step["messages"]:
            assert not any(line.startswith("  !") for line in message["decoded"]), message
    (challenge,) = [step for step in steps if step["messages"][0]["name"] == "CHALLENGE"]
    told = "\n".join(challenge["messages"][1]["decoded"])
    assert " 132  signature: " in told
    assert " 64  cert_chain_hash: " in told


async def plugged(path):
    """A client that has the function at ``path``, and our requester at its mailbox."""
    client = peers.Client(socket.socket(socket.AF_UNIX))
    client.socket.connect(path)
    await client.negotiate()
    space = PluggedConfigSpace(client)
    (capability, *_) = await find_mailboxes(space)
    still = Timing(lambda: 0.0, lambda _: asyncio.sleep(0))  # so that no exchange takes too long
    return client, Requester(DoeMailboxChannel(DoeMailbox(space, capability, still)))


async def test_an_attestation_at_a_mailbox_goes_message_by_message(serving, tmp_path):
    uri = f"vfio-user:{tmp_path}/d"
    control = await controlled(serving, uri, profile="tdisp-device")
    await control.do("pause")
    client, person = await plugged(f"{tmp_path}/d")
    steps, report = await stepped(control, person.attest())
    assert report.verdict == "attested"
    assert names(steps)[: len(PLAIN)] == PLAIN
    (seen,) = (await control.do("query-connections"))["connections"]
    assert (seen["connection"], seen["listener"], seen["phase"]) == (1, uri, "AUTHENTICATED")
    functions = (await control.do("query-device"))["functions"]
    assert [one["connection"] for one in functions] == [1, 0, 0, 0, 0]
    client.close()


async def test_a_machine_that_leaves_takes_its_data_object_with_it(serving, tmp_path):
    control = await controlled(serving, f"vfio-user:{tmp_path}/d", profile="tdisp-device")
    await control.do("pause")
    client, person = await plugged(f"{tmp_path}/d")
    task = asyncio.ensure_future(person.attest())
    await until(lambda: control.server.gate.waiting)
    task.cancel()
    await asyncio.wait([task])
    client.close()
    await until(lambda: not control.server.gate.waiting)
    assert control.events.of(RequestReceived) == []
    assert (await control.do("query-connections"))["connections"] == []


async def test_discovery_of_a_mailbox_passes_while_all_is_paused(serving):
    control = await controlled(serving)
    await control.do("pause")
    peer = await control.running.peer()
    found = await peer.exchange(NORMAL, 2, bytes.fromhex("010000000300000000000000"))
    assert found[2][:4].hex() == "01000000"


async def test_a_step_tells_the_faults_that_struck(serving):
    control = await controlled(serving)
    await control.do("fault-add", faults=["sig.bitflip:CHALLENGE_AUTH"])
    await control.do("pause")
    async with requester(control.running) as person:
        steps, report = await stepped(control, person.attest())
    assert report.refusal.check == "chal.signature"
    (fired,) = [one for one in steps[-1]["events"] if one["event"] == "FaultFired"]
    assert fired["fault"] == "sig.bitflip:CHALLENGE_AUTH"
    assert steps[-1]["messages"][1]["name"] == "CHALLENGE_AUTH"


async def test_a_fault_that_is_added_between_two_messages_strikes(serving):
    control = await controlled(serving)
    await control.do("pause")
    async with requester(control.running) as person:
        task = asyncio.ensure_future(person.attest())
        while (await control.do("step", wait=60))["messages"][0]["name"] != "GET_DIGESTS":
            pass
        await control.do("fault-add", faults=["sig.bitflip:CHALLENGE_AUTH"], now=True)
        await control.do("resume")
        assert (await task).refusal.check == "chal.signature"


async def test_two_connections_are_stepped_apart(serving):
    control = await controlled(serving)
    await control.do("pause")
    async with requester(control.running) as one, requester(control.running) as other:
        tasks = [asyncio.ensure_future(person.attest()) for person in (one, other)]
        await until(lambda: len(control.server.gate.waiting) == 2)
        for expected in PLAIN[:3]:
            step = await control.do("step", connection=2, wait=60)
            assert tuple(message["name"] for message in step["messages"]) == expected
        seen = (await control.do("query-connections"))["connections"]
        assert [one["phase"] for one in seen] == ["NOT_STARTED", "NEGOTIATED"]
        await control.do("resume")
        assert [(await task).verdict for task in tasks] == ["attested"] * 2


async def test_a_request_that_waits_is_told_with_its_connection(serving):
    control = await controlled(serving)
    await control.do("pause")
    peer = await control.running.peer()
    peer.send(socket_frame(NORMAL, NONE, GET_VERSION))
    await until(lambda: control.server.gate.waiting)
    (seen,) = (await control.do("query-connections"))["connections"]
    assert seen["waiting"] == [{"name": "GET_VERSION", "message": GET_VERSION.hex()}]
    status = await control.do("query-status")
    assert (status["paused"], status["waiting"]) == (True, 1)
    step = await control.do("step")
    assert step["messages"][0]["message"] == GET_VERSION.hex()
    assert step["messages"][1]["message"] == (await peer.frame())[2].hex()
    assert (await control.do("query-status"))["waiting"] == 0


async def test_what_is_no_message_is_let_through_too(serving):
    control = await controlled(serving)
    await control.do("pause")
    peer = await control.running.peer()
    peer.send(socket_frame(NORMAL, NONE, b"\x10"))
    await until(lambda: control.server.gate.waiting)
    (seen,) = (await control.do("query-connections"))["connections"]
    assert seen["waiting"] == [{"name": "no message", "message": "10"}]
    step = await control.do("step")
    assert step["messages"][0]["message"] == "10"


@pytest.mark.parametrize(
    ("before", "arguments", "text"),
    [
        ((), {}, "nothing waits: the server is not paused"),
        (("pause",), {}, "no request waits"),
        (("pause",), {"wait": 0.01}, "no request waits"),
        (("pause",), {"connection": 7}, "no request of connection 7 waits"),
        (("pause", "resume"), {}, "nothing waits: the server is not paused"),
    ],
)
async def test_a_step_where_nothing_waits_is_not_possible(serving, before, arguments, text):
    control = await controlled(serving)
    for name in before:
        await control.do(name)
    assert await control.refused("step", **arguments) == ("NotPossible", text, "")


async def test_pausing_twice_and_resuming_twice_is_harmless(serving):
    control = await controlled(serving)
    assert await control.do("pause") == await control.do("pause") == {}
    assert await control.do("resume") == await control.do("resume") == {"released": 0}
