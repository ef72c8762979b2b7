"""Settings, measurements and slots that change while a server runs, as our requester sees them."""

import pytest
from msgspec.structs import replace
from steered import requester, steering_of

from responder.errors import ConfigError
from responder.profiles.load import load_profile
from responder.server.attach import Attach
from responder.server.control.steering import Steering
from responder.server.events import MeasurementChanged

ONE_MEASUREMENT = ["log=[]", 'measurement=[{index=1, type="mutable-firmware", text="other"}]']
SLOT_1_IS = 'slot=[{id=0, set="device"}, {id=1, set="rsa"}, {id=2}]'

GET_MEASUREMENTS_1 = bytes([0xE0, 1])
"""Request code and Param2 of the request for measurement 1."""


async def claims(person):
    """CTExponent and versions, as a device tells them."""
    report = await person.attest(("authenticate", "challenge"))
    assert report.refusal is None
    return report.capabilities.ct_exponent, report.versions_offered


async def measured(person, index=1):
    """The value of a measurement and whether the device says that any has changed."""
    report = await person.attest(("authenticate", "measurements"))
    assert report.refusal is None
    return next(one.value for one in report.measurements if one.index == index)


async def chains(person):
    """The digests of the slots, by slot."""
    report = await person.attest(("authenticate", "challenge", "digests"))
    assert report.refusal is None
    return {one.slot: one.digest for one in report.slots}


class TestSettings:
    async def test_they_hold_from_the_next_connection_on(self, serving):
        steering = steering_of()
        running = await serving(profile=steering)
        async with requester(running) as before:
            usual = await claims(before)
            steering.set(["spdm.ct_exponent=12", 'spdm.versions=["1.2", "1.1"]'])
            assert await claims(before) == usual
            async with requester(running) as after:
                assert await claims(after) == (12, ["1.2", "1.1"])
                steering.unset(["spdm.versions"])
                assert await claims(after) == (12, ["1.2", "1.1"])
            async with requester(running) as last:
                assert await claims(last) == (12, usual[1])
        assert steering.settings() == {"spdm.ct_exponent": 12}

    async def test_algorithms_are_other_ones(self, serving):
        steering = steering_of()
        running = await serving(profile=steering)
        async with requester(running) as before:
            usual = (await before.attest()).algorithms["base_asym"]
            steering.set(['algorithms.base_asym=["RSAPSS-3072"]'])
            async with requester(running) as after:
                report = await after.attest()
                assert report.verdict == "attested"
                assert report.algorithms["base_asym"] == "RSAPSS-3072" != usual
            report = await before.attest()
            assert report.verdict == "attested"
            assert report.algorithms["base_asym"] == usual

    def test_what_it_was_loaded_with_is_among_them(self):
        overrides = {"spdm": {"ct_exponent": 9}, "description": "of a test"}
        texts = ["spdm.ct_exponent=9", "description='of a test'"]
        steering = Steering(load_profile("default", overrides), texts)
        assert steering.settings() == {"spdm.ct_exponent": 9, "description": "of a test"}
        steering.set(["spdm.ct_exponent=10"])
        steering.unset(["description"])
        assert steering.policy.ct_exponent == 10
        steering.unset()
        assert steering.settings() == {}
        assert steering.policy == load_profile("default").policy

    def test_what_the_command_line_asks_for_besides_stays(self):
        profile = load_profile("default")
        session = replace(profile.policy.session, log_keys=True)
        steering = Steering(replace(profile, policy=replace(profile.policy, session=session)))
        steering.set(["spdm.ct_exponent=10"])
        assert steering.policy.session.log_keys

    def test_the_last_of_a_key_counts_and_a_table_may_come_after_its_keys(self):
        steering = steering_of()
        steering.set(["spdm.ct_exponent=1", "spdm={ct_exponent=2}"])
        assert steering.policy.ct_exponent == 2
        with pytest.raises(ConfigError, match="expected a table"):
            steering.set(["spdm=3"])

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                "spdm.ct_expnent=12",
                "set spdm.ct_expnent: unknown key 'ct_expnent' in spdm (did you mean 'ct_expone",
            ),
            (
                'spdm.capabilities=["CRT"]',
                "set spdm.capabilities[0]: unknown capability 'CRT' (did you mean 'CERT'?)",
            ),
            ("spdm.ct_exponent", "set: 'spdm.ct_exponent' is not KEY=VALUE, "),
            ("spdm.versions=[]", "set spdm.versions: at least one SPDM version is needed"),
            ('slot=[{id=0, set="devise"}]', "set slot[0].set: no certificate set 'devise' in "),
            ("server.idle_timeout=3.5", "set server.idle_timeout: it is read when the server "),
            ("extends=default", "set: what to extend is said by PROFILE, not by set"),
        ],
    )
    def test_what_is_wrong_is_refused_and_changes_nothing(self, change, message):
        steering = steering_of()
        policy, device = steering.policy, steering.device
        with pytest.raises(ConfigError) as caught:
            steering.set(["spdm.ct_exponent=3", change])
        assert str(caught.value).startswith(message)
        assert (steering.policy, steering.device) == (policy, device)
        assert steering.settings() == {}

    def test_what_is_not_set_cannot_be_unset(self):
        steering = steering_of()
        steering.set(["spdm.ct_exponent=3"])
        with pytest.raises(
            ConfigError, match=r"spdm.ct_exponnt is not set \(did you mean 'spdm.ct_e"
        ):
            steering.unset(["spdm.ct_exponent", "spdm.ct_exponnt"])
        assert steering.settings() == {"spdm.ct_exponent": 3}

    @pytest.mark.parametrize("attach", [Attach.STICKY, Attach.SHARED])
    async def test_endpoints_that_last_are_left_behind(self, serving, attach):
        steering = steering_of()
        running = await serving(profile=steering, attach=attach)
        async with requester(running) as before:
            usual = await claims(before)
            steering.set(["spdm.ct_exponent=12"])
            async with requester(running) as after:
                assert (await claims(after))[0] == 12
            assert await claims(before) == usual
        async with requester(running) as last:
            assert (await claims(last))[0] == 12


class TestMeasurements:
    async def test_one_changes_at_once_for_everybody(self, serving):
        steering = steering_of()
        running = await serving(profile=steering)
        async with requester(running) as before:
            usual = await measured(before)
            steering.set_measurement(1, b"other ROM")
            changed = await measured(before)
            assert changed != usual
            async with requester(running) as after:
                assert await measured(after) == changed
        assert [event.index for event in running.events.of(MeasurementChanged)] == [1]

    async def test_or_from_the_next_connection_on(self, serving):
        steering = steering_of()
        running = await serving(profile=steering)
        async with requester(running) as before:
            usual = await measured(before)
            steering.set_measurement(1, b"other ROM", now=False)
            assert await measured(before) == usual
            async with requester(running) as after:
                changed = await measured(after)
                assert changed != usual
            steering.set(["spdm.ct_exponent=12"])
            async with requester(running) as last:
                assert await measured(last) == changed
            assert await measured(before) == usual
            steering.set_measurement(1, b"at last")
            assert await measured(before) not in (usual, changed)

    async def test_sessions_that_have_subscribed_are_told(self, serving):
        steering = steering_of("changing", "change=[]")
        running = await serving(profile=steering)
        steps = ("subscribe", "stay", "events")
        async with requester(running) as person:
            report = await person.attest(
                ("authenticate",), steps, meanwhile=lambda: steering.set_measurement(2, b"new")
            )
        assert report.refusal is None
        assert [event.type for event in report.events] == ["measurement changed"]

    async def test_a_series_of_measurements_tells_that_they_changed_within_it(self, serving):
        """Of what came before the first of the series nothing is told."""
        steering = steering_of()
        running = await serving(profile=steering)
        async with requester(running) as person:
            plain, asked = person.channel.exchange, []

            async def attest_with_a_change_after(time):
                """It happens when measurement 1 was asked for so often."""

                async def exchange(message, *, secured=False):
                    answer = await plain(message, secured=secured)
                    asked.append(message[1:4:2])
                    if asked[-1] == GET_MEASUREMENTS_1 and asked.count(asked[-1]) == time:
                        steering.set_measurement(2, f"after {time}".encode())
                    return answer

                asked.clear()
                person.channel.exchange = exchange
                steps = ("authenticate", "challenge", "measurements")
                report = await person.attest(steps, measurements="each")
                assert report.refusal is None
                return [one.id for one in report.observations]

            # All are asked for to find out which there are, and again to have them signed.
            assert "measurements.content-changed" not in await attest_with_a_change_after(1)
            assert "measurements.content-changed" in await attest_with_a_change_after(2)

    @pytest.mark.parametrize(
        ("index", "value", "message"),
        [
            (99, b"", "there is no measurement 99; measurements are 1, 2, "),
            (0, b"", "there is no measurement 0"),
            (1, bytes(0x10000), "value: a value has at most 65532 bytes"),
        ],
    )
    def test_what_cannot_be_is_refused(self, index, value, message):
        steering = steering_of()
        with pytest.raises(ConfigError) as caught:
            steering.set_measurement(index, value)
        assert str(caught.value).startswith(message)
        assert steering.device.measurement_revision() == 0

    async def test_they_outlast_settings_but_for_those_that_a_setting_describes(self, serving):
        steering = steering_of()
        running = await serving(profile=steering)
        steering.set_measurement(1, b"changed")
        async with requester(running) as before:
            changed = await measured(before)
            steering.set(['vendor=[{standard="PCI-SIG", vendor_id="0100", echo=true}]'])
            async with requester(running) as after:
                assert await measured(after) == changed
            steering.set(ONE_MEASUREMENT)
            async with requester(running) as after:
                described = await measured(after)
                assert described != changed
                steering.set_measurement(1, b"later")
                assert await measured(after) != described
                assert await measured(after) == await measured(before)
