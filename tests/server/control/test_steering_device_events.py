"""What happens to the functions of a steered device, as a requester in its session sees it."""

import pytest
from steered import requester, steering_of

from responder.core.ownership import Reset
from responder.errors import ConfigError
from responder.server.events import DeviceReset, FunctionNotice

LOCKED = ("ide-keys", "ide-go", "tdisp-lock")
RUNNING = (*LOCKED, "tdisp-start")


async def in_session(serving, steps, event, then=("tdisp-state",)):
    """Do some steps, let something happen, and do some more, all in one session over DOE."""
    steering = steering_of("tdisp-device")
    running = await serving(profile=steering)
    noticed = []

    def happen():
        noticed.extend(event(steering.device_control(running.server)))

    async with requester(running, "doe") as person:
        report = await person.attest(("authenticate",), (*steps, "stay", *then), meanwhile=happen)
    check = report.refusal.check if report.refusal else report.verdict
    return check, [one.what for one in noticed], report, running


@pytest.mark.parametrize("steps", [LOCKED, RUNNING], ids=["locked", "running"])
async def test_an_interface_goes_to_error(serving, steps):
    check, noticed, report, running = await in_session(
        serving, steps, lambda control: control.fail_interface(0, "a test")
    )
    assert (check, noticed) == ("tdi.state-kept", ["tdi-error"])
    assert "ERROR" in report.refusal.reason
    assert "a test" in running.events.of(FunctionNotice)[-1].detail


async def test_one_that_is_not_locked_stays(serving):
    check, noticed, *_ = await in_session(
        serving, (), lambda control: control.fail_interface(0, "a test")
    )
    assert (check, noticed) == ("attested", [])


async def test_a_stream_goes_insecure_and_takes_the_interface_with_it(serving):
    check, noticed, *_ = await in_session(
        serving, RUNNING, lambda control: control.fail_stream(0), ("ide-query", "tdisp-state")
    )
    assert noticed == ["tdi-error", "ide-insecure"]
    assert check == "tdi.state-kept"


@pytest.mark.parametrize(
    ("event", "noticed", "resets"),
    [
        (lambda c: c.reset(Reset.CONVENTIONAL), [], ["conventional reset"]),
        (lambda c: c.reset(Reset.FUNCTION_LEVEL), ["tdi-error", "ide-insecure", "reset"], []),
        (
            lambda c: c.reset(Reset.CONVENTIONAL, connection=1),
            ["tdi-state", "ide-insecure", "reset"],
            [],
        ),
        (
            lambda c: c.link_down(),
            ["link-down", "tdi-state", "ide-insecure", "reset"],
            ["conventional reset"],
        ),
    ],
    ids=["conventional", "function-level", "one-connection", "link-down"],
)
async def test_a_reset_ends_the_session(serving, event, noticed, resets):
    check, seen, _, running = await in_session(serving, RUNNING, event)
    assert check == "transport.framing"  # the record is of no session: no object comes back
    assert seen[: len(noticed)] == noticed
    assert [told.reset for told in running.events.of(DeviceReset)] == resets
    (host,) = running.server.devices
    state = host.device.functions[0].interface.state.name
    assert state == ("ERROR" if "tdi-error" in noticed else "CONFIG_UNLOCKED")


async def test_it_happens_to_all_connections_or_to_one(serving):
    steering = steering_of("tdisp-device")
    running = await serving(profile=steering)

    def hit(connection):
        control = steering.device_control(running.server)
        notices = control.fail_interface(0, "a test", connection=connection)
        return [notice.function for notice in notices]

    hits = []
    async with requester(running, "doe") as one, requester(running, "doe") as other:
        await other.attest(("authenticate", "challenge"))
        for person in (one, other):
            session = (*LOCKED, "stay", "tdisp-stop")
            await person.attest(("authenticate",), session, meanwhile=lambda: hits.append(hit(2)))
        with pytest.raises(ConfigError, match="connection 3 has no device"):
            hit(3)
        assert hits == [[0], []]
        for _ in range(2):
            await other.attest(("authenticate",), session, meanwhile=lambda: hits.append(hit(None)))
    assert hits[2:] == [[0], [0]]


async def test_a_connection_that_is_gone_has_no_device_any_more(serving):
    steering = steering_of("tdisp-device")
    running = await serving(profile=steering)
    async with requester(running, "doe") as person:
        await person.attest(("authenticate", "challenge"))
        assert len(list(running.server.devices)) == 1
    await running.events.reasons()
    assert list(running.server.devices) == []
    assert steering.device_control(running.server).fail_interface(1, "a test") == []


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (lambda c: c.fail_interface(5, ""), "there is no function 5, only 0 to 4"),
        (lambda c: c.fail_interface(-1, ""), "there is no function -1, only 0 to 4"),
        (lambda c: c.reset(Reset.FUNCTION_LEVEL, 7), "there is no function 7, only 0 to 4"),
        (lambda c: c.configure(7, 1), "there is no function 7, only 0 to 4"),
        (lambda c: c.fail_stream(9), "no IDE stream has id 9; there are 0"),
    ],
)
async def test_what_is_not_there_is_told(serving, event, reason):
    steering = steering_of("tdisp-device")
    running = await serving(profile=steering)
    async with requester(running, "doe") as person:
        await person.attest(("authenticate", "challenge"))
        with pytest.raises(ConfigError) as caught:
            event(steering.device_control(running.server))
    assert str(caught.value).startswith(reason)


async def test_a_device_that_lacks_it_is_told(serving, tmp_path):
    profile = tmp_path / "plain-function.toml"
    profile.write_text('extends = "default"\n[pcie]\n')
    steering = steering_of(str(profile))
    running = await serving(profile=steering)
    async with requester(running, "doe") as person:
        await person.attest(("authenticate", "challenge"))
        control = steering.device_control(running.server)
        with pytest.raises(ConfigError, match=r"the device has no IDE \(\[ide\]\)"):
            control.fail_stream(0)
        with pytest.raises(ConfigError, match=r"the device has no TDISP \(\[tdisp\]\)"):
            control.fail_interface(0, "a test")


@pytest.mark.parametrize(
    "event",
    [
        lambda c: c.fail_interface(0, ""),
        lambda c: c.fail_stream(0),
        lambda c: c.link_down(),
        lambda c: c.reset(Reset.FUNCTION_LEVEL),
    ],
)
async def test_a_profile_without_functions_has_none_of_these(serving, event):
    steering = steering_of()
    running = await serving(profile=steering)
    with pytest.raises(ConfigError, match="the profile has no PCI Express functions"):
        event(steering.device_control(running.server))
