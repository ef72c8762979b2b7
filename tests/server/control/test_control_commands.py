"""Every command: what comes of it, as our requester and the commands that look see it; and what
comes of it when it is given in the wrong way."""

import asyncio
import json

import msgspec
import pytest
from controlled import Controller, controlled
from server_peers import GET_VERSION, NONE, NORMAL, socket_frame, until
from steered import requester

from responder import __version__
from responder.core.events import InternalError
from responder.server.control.arguments import ARGUMENTS, summary_of, texts_of
from responder.server.control.commands import HANDLERS
from responder.server.events import (
    CommandDone,
    DeviceReset,
    FunctionNotice,
    MeasurementChanged,
    SlotChanged,
)

FAULT = "sig.bitflip:CHALLENGE_AUTH"
OF_CHANNEL = {"subscribe", "unsubscribe"}
LOCKED = ("ide-keys", "ide-go", "tdisp-lock", "tdisp-start")

WRONG = [
    ("fault-add", {}, "Object missing required field `faults`", ""),
    ("fault-add", {"faults": []}, "Expected `array` of length >= 1", ""),
    ("fault-add", {"faults": [1]}, "Expected `str | object`, got `int`", ""),
    ("fault-add", {"faults": ["sig.bitflop"]}, "there is no fault 'sig.bitflop'", "sig.bitflip"),
    ("fault-add", {"faults": [{"id": "x"}]}, "fault[0]", ""),
    ("fault-add", {"faults": [FAULT], "now": 1}, "Expected `bool`, got `int`", ""),
    ("fault-add", {"fault": [FAULT]}, "fault-add has no 'fault'", "faults"),
    ("fault-list", {"id": FAULT}, "fault-list has no 'id'", ""),
    ("fault-remove", {"faults": ["sig.bitflip"]}, "no fault 'sig.bitflip' is in force", ""),
    ("fault-remove", {"faults": None}, "Expected `array`, got `null`", ""),
    ("set", {"changes": []}, "Expected `array` of length >= 1", ""),
    ("set", {"changes": ["spdm"]}, "'spdm' is not KEY=VALUE", ""),
    ("set", {"changes": ["spdm.ct_exponnt=1"]}, "unknown key 'ct_exponnt'", "ct_exponent"),
    ("set", {"changes": ["spdm.ct_exponent=many"]}, "spdm.ct_exponent", ""),
    ("set", {"changes": ["server.idle_timeout=1"]}, "server.idle_timeout", ""),
    ("unset", {"keys": ["spdm.ct_exponent"]}, "spdm.ct_exponent is not set", ""),
    ("query-settings", {"key": "spdm"}, "query-settings has no 'key'", ""),
    ("measurement-set", {"index": 1}, "Object missing required field `value`", ""),
    ("measurement-set", {"index": 0, "value": "00"}, "Expected `int` >= 1", ""),
    ("measurement-set", {"index": 255, "value": "00"}, "Expected `int` <= 254", ""),
    ("measurement-set", {"index": 99, "value": "00"}, "99", ""),
    ("measurement-set", {"index": 1, "value": "xy"}, "'xy' is not hexadecimal", ""),
    ("measurement-set", {"index": 16, "value": "00"}, "8 bytes", ""),
    ("slot-set", {"slot": 0}, "Object missing required field `content`", ""),
    ("slot-set", {"slot": 8, "content": 0}, "Expected `int` <= 7", ""),
    ("slot-set", {"slot": 7, "content": 0}, "there is no slot 7; slots are 0, 1", ""),
    ("slot-set", {"slot": 0, "content": 7}, "there is no slot 7", ""),
    (
        "slot-set",
        {"slot": 0, "content": {"set": "devise"}},
        "no certificate set 'devise'",
        "device",
    ),
    ("slot-set", {"slot": 0, "content": {"sett": "device"}}, "sett", "set"),
    ("tdi-error", {"function": 256}, "Expected `int` <= 255", ""),
    ("tdi-error", {"function": 1}, "the profile has no PCI Express functions", ""),
    ("reset", {"kind": "warm"}, "Invalid enum value 'warm'", ""),
    ("reset", {"kind": "function-level"}, "the profile has no PCI Express functions", ""),
    ("link-down", {}, "the profile has no PCI Express functions", ""),
    ("link-down", {"connection": 0}, "Expected `int` >= 1", ""),
    ("stream-insecure", {}, "Object missing required field `stream`", ""),
    ("stream-insecure", {"stream": 1}, "the profile has no PCI Express functions", ""),
    ("query-status", {"all": True}, "query-status has no 'all'", ""),
    ("query-connections", {"connection": 1}, "query-connections has no 'connection'", ""),
    ("query-device", {"slot": 1}, "query-device has no 'slot'", ""),
    ("query-journal", {"limit": 0}, "Expected `int` >= 1", ""),
    ("query-journal", {"limit": 1001}, "Expected `int` <= 1000", ""),
    ("query-journal", {"since": -1}, "Expected `int` >= 0", ""),
    ("query-journal", {"connection": "1"}, "Expected `int | null`, got `str`", ""),
    ("query-counters", {"of": 1}, "query-counters has no 'of'", ""),
    ("query-commands", {"name": "set"}, "query-commands has no 'name'", ""),
    ("pause", {"connection": 1}, "pause has no 'connection'", ""),
    ("step", {"wait": -1}, "Expected `float` >= 0.0", ""),
    ("step", {"wait": 601}, "Expected `float` <= 600.0", ""),
    ("resume", {"count": 1}, "resume has no 'count'", ""),
    ("subscribe", {"kinds": "all"}, "Expected `array`, got `str`", ""),
    ("unsubscribe", {"kinds": []}, "unsubscribe has no 'kinds'", ""),
    ("shutdown", {"now": "yes"}, "Expected `bool`, got `str`", ""),
]


@pytest.mark.parametrize(("name", "arguments", "text", "meant"), WRONG)
async def test_in_the_wrong_way_it_is_refused_and_changes_nothing(
    serving, name, arguments, text, meant
):
    control = await controlled(serving)
    before = await state(control)
    kind, told, suggestion = await control.refused(name, **arguments)
    assert kind == "BadArgument"
    assert text in told
    assert suggestion == meant
    assert await state(control) == before
    assert control.stops == []


async def state(control):
    """All that commands can change."""
    found = [
        await control.do(name)
        for name in ("fault-list", "query-settings", "query-device", "query-connections")
    ]
    status = await control.do("query-status")
    return [*found, {**status, "time": 0}]


def test_every_command_is_carried_out_by_somebody_and_tested_in_the_wrong_way():
    assert set(HANDLERS) | OF_CHANNEL == set(ARGUMENTS)
    assert {row[0] for row in WRONG} == set(ARGUMENTS)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_command_and_argument_is_described(name):
    cls = ARGUMENTS[name]
    assert summary_of(cls).endswith(".")
    assert list(texts_of(cls)) == list(cls.__struct_fields__)


async def test_an_unknown_command_is_not_found(serving):
    control = await controlled(serving)
    assert await control.refused("fault-ad") == (
        "CommandNotFound", "there is no command 'fault-ad'", "fault-add",
    )  # fmt: skip


async def test_a_defect_of_ours_is_answered_and_told(serving, monkeypatch):
    control = await controlled(serving)

    def fail():
        raise RuntimeError("a defect")

    monkeypatch.setattr(control.steering, "faults", fail)
    assert await control.refused("fault-list") == ("InternalError", "RuntimeError: a defect", "")
    (event,) = control.events.of(InternalError)
    assert "RuntimeError: a defect" in event.traceback
    assert (await control.do("query-status"))["profile"] == "default"


async def test_whatever_can_be_read_has_an_answer(serving):
    """However deep an id is: what Python can read it can write."""
    control = await controlled(serving)
    found = set()
    for depth in range(1, 1200):
        its_id = b"[" * depth + b"]" * depth
        answer = await control.commands.answer(b'{"execute":"pause","id":%s}' % its_id)
        found.add((b"return" in answer, answer.count(b"[") == depth))
    assert found == {(True, True), (False, False)}


async def test_observers_are_told_of_commands_and_not_of_what_they_say(serving):
    control = await controlled(serving)
    secret = 'psk=[{hint="h", secret="hidden"}'
    request = {"execute": "set", "arguments": {"changes": [secret]}}
    answer = json.loads(await control.commands.answer(json.dumps(request).encode()))
    assert answer["error"]["class"] == "BadArgument"
    await control.commands.answer(b"nonsense")
    await control.commands.answer(b'{"execute":"pause"}')
    assert control.events.of(CommandDone) == [
        CommandDone("set", "BadArgument"), CommandDone("", "BadRequest"), CommandDone("pause"),
    ]  # fmt: skip
    assert "hidden" not in str(control.events.entries)


# What comes of each.


async def check(person):
    """The check that refused an attestation, or that it is attested."""
    report = await person.attest()
    return report.refusal.check if report.refusal else report.verdict


class TestFaults:
    async def test_an_added_one_is_met_by_the_next_connection_and_counted(self, serving):
        control = await controlled(serving)
        async with requester(control.running) as before:
            added = await control.do("fault-add", faults=[FAULT])
            assert [one["id"] for one in added["faults"]] == [FAULT]
            assert await check(before) == "attested"
            (fault,) = (await control.do("fault-list"))["faults"]
            assert (fault["origin"], fault["fired"], fault["duty"]) == ("added", 0, "reject")
            assert fault["nearest"]
            async with requester(control.running) as after:
                assert await check(after) == "chal.signature"
        (fault,) = (await control.do("fault-list"))["faults"]
        assert (fault["fired"], fault["nearest"]) == (1, "")
        assert (await control.do("query-counters"))["faults"] == {FAULT: 1}

    async def test_now_is_for_open_connections_too(self, serving):
        control = await controlled(serving)
        async with requester(control.running) as person:
            assert await check(person) == "attested"
            await control.do("fault-add", faults=[FAULT], now=True)
            assert await check(person) == "chal.signature"
            await control.do("fault-remove", now=True)
            assert await check(person) == "attested"

    async def test_a_pattern_adds_all_that_it_fits_and_removes_them(self, serving):
        control = await controlled(serving)
        added = (await control.do("fault-add", faults=["sig.bitflip:*"]))["faults"]
        assert len(added) > 2
        removed = await control.do("fault-remove", faults=["sig.bitflip:M*"])
        assert [one["id"] for one in removed["faults"]] == ["sig.bitflip:MEASUREMENTS"]
        assert len((await control.do("fault-list"))["faults"]) == len(added) - 1
        await control.do("fault-remove")
        assert await control.do("fault-list") == {"faults": []}

    async def test_a_table_is_a_fault_as_in_a_profile(self, serving):
        control = await controlled(serving)
        table = {
            "id": "mine.context", "description": "The context is another one.", "duty": "reject",
            "basis": "spec", "source": "DSP0274", "hook": "draft", "message": ["CHALLENGE_AUTH"],
            "action": [{"do": "flip", "field": "requester_context"}],
        }  # fmt: skip
        added = await control.do("fault-add", faults=[table])
        assert [one["id"] for one in added["faults"]] == ["mine.context"]
        async with requester(control.running) as person:
            assert await check(person) != "attested"

    async def test_those_of_the_profile_are_listed_and_can_be_removed(self, serving):
        control = await controlled(serving, profile="bad-signature")
        (fault,) = (await control.do("fault-list"))["faults"]
        assert fault["origin"] == "profile"
        await control.do("fault-remove", faults=[fault["id"]])
        async with requester(control.running) as person:
            assert await check(person) == "attested"


class TestSettings:
    async def test_they_hold_for_the_next_connection(self, serving):
        control = await controlled(serving)
        done = await control.do("set", changes=["spdm.ct_exponent=12", 'spdm.versions=["1.2"]'])
        assert done == {"settings": {"spdm.ct_exponent": 12, "spdm.versions": ["1.2"]}}
        assert await control.do("query-settings") == done
        async with requester(control.running) as person:
            report = await person.attest()
        assert (report.version, report.capabilities.ct_exponent) == ("1.2", 12)
        (seen,) = (await control.do("query-connections"))["connections"]
        assert seen["version"] == "1.2"
        assert await control.do("unset", keys=["spdm.versions"]) == {
            "settings": {"spdm.ct_exponent": 12}
        }
        assert await control.do("unset") == {"settings": {}}

    async def test_capabilities_are_those_of_the_next_connection(self, serving):
        control = await controlled(serving)
        await control.do("set", changes=['spdm.capabilities=["CERT", "CHAL"]'])
        async with requester(control.running) as person:
            report = await person.attest()
        assert report.capabilities.names == ["CERT", "CHAL"]

    async def test_pre_shared_keys_are_not_shown(self, serving):
        control = await controlled(serving, profile="full")
        change = 'psk=[{hint="h", secret="not to be seen"}, {hint_hex="01", secret_hex="c0ffee"}]'
        told = json.dumps(await control.do("set", changes=[change]))
        told += json.dumps(await control.do("query-settings"))
        assert "not to be seen" not in told
        assert "c0ffee" not in told
        assert "(not shown)" in told


class TestDevice:
    async def test_a_measurement_is_another_one_for_the_next_connection(self, serving):
        control = await controlled(serving)
        async with requester(control.running) as before:
            assert await check(before) == "attested"
            assert await control.do("measurement-set", index=5, value="322e30") == {}
            values = {
                one["index"]: one["value"]
                for one in (await control.do("query-device"))["measurements"]
            }
            assert values[5] == "322e30"
            report = await before.attest()
            assert [one.value for one in report.measurements if one.index == 5] != ["322e30"]
            async with requester(control.running) as after:
                report = await after.attest()
        assert [one.value for one in report.measurements if one.index == 5] == ["322e30"]
        assert control.events.of(MeasurementChanged) == []

    async def test_a_measurement_that_changes_now_is_told_in_sessions(self, serving):
        control = await controlled(serving, profile="full")
        loop = asyncio.get_running_loop()
        tasks = []

        def meanwhile():
            change = control.do("measurement-set", index=1, value="ab" * 64, now=True)
            tasks.append(loop.create_task(change))

        async with requester(control.running) as person:
            steps = ["subscribe", "stay", "measurements"]
            report = await person.attest(session=steps, meanwhile=meanwhile)
        assert report.verdict == "attested", report.refusal
        assert control.events.of(MeasurementChanged) == [MeasurementChanged(1)]

    async def test_a_slot_holds_what_another_one_holds(self, serving):
        control = await controlled(serving, profile="eight-slots")
        async with requester(control.running) as person:
            before = await person.attest(("authenticate", "challenge", "digests"))
        assert await control.do("slot-set", slot=1, content=0, now=True) == {}
        assert control.events.of(SlotChanged) == [SlotChanged(1)]
        async with requester(control.running) as person:
            after = await person.attest(("authenticate", "challenge", "digests"))
        digests = [{one.slot: one.digest for one in report.slots} for report in (before, after)]
        assert digests[0][1] != digests[0][0]
        assert digests[1][1] == digests[1][0] == digests[0][0]

    async def test_a_slot_is_emptied(self, serving):
        control = await controlled(serving)
        await control.do("slot-set", slot=1, content={})
        slots = (await control.do("query-device"))["slots"]
        assert [(one["slot"], one["provisioned"]) for one in slots] == [(0, True), (1, False)]

    @pytest.mark.parametrize("kind", ["conventional", "power-cycle"])
    async def test_a_reset_ends_what_was_negotiated(self, serving, kind):
        control = await controlled(serving)
        async with requester(control.running) as person:
            await check(person)
            assert await control.do("reset", kind=kind) == {"notices": []}
            (seen,) = (await control.do("query-connections"))["connections"]
            assert seen["phase"] == "NOT_STARTED"
            assert await check(person) == "attested"
        assert len(control.events.of(DeviceReset)) == 1


class TestFunctions:
    """With interfaces that our requester has locked and started."""

    async def states(self, control):
        return [one["interface"] for one in (await control.do("query-device"))["functions"]]

    @pytest.mark.parametrize(
        ("name", "arguments", "state", "what"),
        [
            ("tdi-error", {"function": 0, "reason": "the test"}, "ERROR", "tdi-error"),
            ("stream-insecure", {"stream": 0}, "ERROR", "tdi-error"),
            ("reset", {"kind": "function-level"}, "ERROR", "reset"),
            ("link-down", {}, "CONFIG_UNLOCKED", "link-down"),
            ("reset", {}, "CONFIG_UNLOCKED", "reset"),
            ("reset", {"connection": 1}, "CONFIG_UNLOCKED", "reset"),
        ],
    )
    async def test_an_event_reaches_an_interface_that_runs(
        self, serving, name, arguments, state, what
    ):
        control = await controlled(serving, profile="tdisp-device")
        seen, tasks = [], []

        async def happen():
            seen.append((await self.states(control))[0])
            seen.append(await control.do(name, **arguments))
            seen.append((await self.states(control))[0])

        async with requester(control.running, "doe") as person:
            steps = [*LOCKED, "stay", "tdisp-state"]
            await person.attest(
                session=steps, meanwhile=lambda: tasks.append(asyncio.ensure_future(happen()))
            )
            await asyncio.gather(*tasks)
        assert (seen[0], seen[2]) == ("RUN", state)
        notices = control.events.of(FunctionNotice)
        assert what in {notice.what for notice in notices}
        if arguments != {} or name == "link-down":
            assert what in {notice["what"] for notice in seen[1]["notices"]}

    @pytest.mark.parametrize(
        ("name", "arguments", "text"),
        [
            ("tdi-error", {"function": 9}, "there is no function 9, only 0 to 4"),
            ("reset", {"function": 9}, "there is no function 9, only 0 to 4"),
            ("stream-insecure", {"stream": 200}, "no IDE stream has id 200"),
            ("tdi-error", {"connection": 7}, "connection 7 has no device"),
            ("link-down", {"connection": 7}, "connection 7 has no device"),
        ],
    )
    async def test_what_is_not_there_cannot_fail(self, serving, name, arguments, text):
        control = await controlled(serving, profile="tdisp-device")
        async with requester(control.running, "doe") as person:
            await person.attest()
            kind, told, _ = await control.refused(name, **arguments)
        assert kind == "BadArgument"
        assert text in told

    async def test_functions_are_shown_with_their_connection(self, serving):
        control = await controlled(serving, profile="tdisp-device")
        assert (await control.do("query-device"))["functions"] == []
        async with requester(control.running, "doe") as person:
            await person.attest()
            found = (await control.do("query-device"))["functions"]
        assert [(one["connection"], one["function"]) for one in found] == [
            (1, number) for number in range(5)
        ]
        assert {one["interface"] for one in found} == {"CONFIG_UNLOCKED"}


class TestQueries:
    async def test_status(self, serving):
        control = await controlled(serving)
        status = await control.do("query-status")
        assert status.pop("time") >= 0
        assert status == {
            "instance": "test", "version": __version__, "profile": "default", "connections": 0,
            "paused": False, "waiting": 0,
        }  # fmt: skip

    async def test_connections_with_their_sessions(self, serving):
        control = await controlled(serving, profile="full")
        seen = []

        async def look():
            seen.append(await control.do("query-connections"))

        async with requester(control.running) as person:
            tasks = []
            await person.attest(
                session=["stay"], meanwhile=lambda: tasks.append(asyncio.ensure_future(look()))
            )
            await asyncio.gather(*tasks)
        ((one,),) = [told["connections"] for told in seen]
        assert (one["connection"], one["listener"]) == (1, str(control.running.endpoints[0]))
        assert one["peer"].startswith("127.0.0.1:")
        (session,) = one["sessions"]
        assert (session["kind"], session["phase"]) == ("KEY", "established")
        assert one["waiting"] == []

    async def test_a_connection_that_has_not_asked_for_anything_is_seen(self, serving):
        control = await controlled(serving)
        await control.running.peer()
        await until(lambda: control.server.connection_count)
        (seen,) = (await control.do("query-connections"))["connections"]
        assert (seen["connection"], seen["phase"], seen["version"]) == (0, "", "")

    async def test_the_device(self, serving):
        control = await controlled(serving)
        device = await control.do("query-device")
        assert [one["slot"] for one in device["slots"]] == [0, 1]
        assert [one["index"] for one in device["measurements"]][:5] == [1, 2, 3, 4, 5]
        assert device["measurements"][4] == {"index": 5, "kind": 6, "value": b"1.0.0".hex()}
        assert "key" not in json.dumps(device)

    async def test_journal_and_counters(self, serving):
        control = await controlled(serving)
        peer = await control.running.peer()
        await peer.exchange(NORMAL, NONE, GET_VERSION)
        page = await control.do("query-journal", since=0, connection=1)
        assert [one["event"] for one in page["entries"]] == [
            "PeerArrived", "RequestReceived", "ResponseSent", "PhaseChanged",
        ]  # fmt: skip
        counters = await control.do("query-counters")
        assert counters["requests"] == {"GET_VERSION": 1}
        assert counters["responses"] == {"VERSION": 1}

    async def test_commands_with_a_schema_of_their_arguments(self, serving):
        control = await controlled(serving)
        told = (await control.do("query-commands"))["commands"]
        assert [one["name"] for one in told] == list(ARGUMENTS)
        for one in told:
            assert one["arguments"] == msgspec.json.schema(ARGUMENTS[one["name"]])


@pytest.mark.parametrize(("arguments", "now"), [({}, False), ({"now": True}, True)])
async def test_shutdown_stops_the_server(serving, arguments, now):
    control = await controlled(serving)
    assert await control.do("shutdown", **arguments) == {}
    assert control.stops == [now]


async def test_subscribing_is_for_controllers_with_a_channel(serving, tmp_path):
    control = await controlled(serving)
    for name in OF_CHANNEL:
        assert (await control.refused(name))[0] == "NotPossible"
    async with control.socket(tmp_path):
        controller = await Controller.connect(tmp_path)
        await controller.line()
        for name in sorted(OF_CHANNEL):
            assert await controller.ask(name) == {"return": {}}
        controller.close()


async def test_pause_and_resume_are_for_all_connections(serving):
    control = await controlled(serving)
    await control.do("pause")
    peers = [await control.running.peer() for _ in range(3)]
    for peer in peers:
        peer.send(socket_frame(NORMAL, NONE, GET_VERSION))
    await until(lambda: len(control.server.gate.waiting) == 3)
    assert await control.do("resume") == {"released": 3}
    for peer in peers:
        await peer.frame()
