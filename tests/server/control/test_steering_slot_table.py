"""Slots that come to hold something else, and what requesters have written into them."""

import pytest
from msgspec.structs import replace
from steered import requester, steering_of

from responder.core.ownership import Reset
from responder.errors import ConfigError, data_root
from responder.pki.sets import read_identity
from responder.requester.options import NewChain
from responder.server.events import SlotChanged
from responder.server.state_dir import StateDir
from responder.spec.algorithms import BASE_ASYM, by_name

OTHER_SLOTS = 'slot=[{id=0, set="device"}, {id=1, set="device"}, {id=2}]'
MORE_SLOTS = 'slot=[{id=0, set="device"}, {id=1}, {id=2}, {id=3}]'
FEWER_SLOTS = 'slot=[{id=0, set="device"}]'
OTHER_KEYS = 'algorithms.base_asym=["ECDSA-P256"]'
OTHER = 'vendor=[{standard="PCI-SIG", vendor_id="0100", echo=true}]'
UNRELATED = ["spdm.ct_exponent=12"]


async def digests(person):
    """The digests of the slots, by slot."""
    report = await person.attest(("authenticate", "challenge", "digests"))
    assert report.refusal is None
    return {one.slot: one.digest for one in report.slots}


async def write(person, slot=1, of="device"):
    """Write the chain of slot 0 of a set, whose key the device has."""
    chain = read_identity(data_root("certs") / of / "ecp384" / "slot0.pem").chain
    steps = ("authenticate", "challenge", "set-certificate")
    report = await person.attest(steps, new_chain=NewChain(slot, tuple(chain)))
    assert report.refusal is None
    assert not [one for one in report.observations if "stored" in one.id]


def to_be_provisioned(*changes):
    """The device that waits for certificates, with one kind of key."""
    one_kind = ('algorithms.base_asym=["ECDSA-P384"]', 'key_pair=[{algorithm="ecp384", slots=[0]}]')
    return steering_of("provisioning", *one_kind, *changes)


class TestSetSlot:
    async def test_a_slot_holds_what_another_one_holds_at_once(self, serving):
        steering = steering_of()
        running = await serving(profile=steering)
        async with requester(running) as before:
            usual = await digests(before)
            steering.set_slot(1, 0)
            assert await digests(before) == usual | {1: usual[0]}
            async with requester(running) as after:
                assert await digests(after) == usual | {1: usual[0]}
        assert [event.slot for event in running.events.of(SlotChanged)] == [1]

    async def test_or_from_the_next_connection_on(self, serving):
        steering = steering_of()
        running = await serving(profile=steering)
        async with requester(running) as before:
            usual = await digests(before)
            steering.set_slot(1, 0, now=False)
            assert await digests(before) == usual
            async with requester(running) as after:
                assert await digests(after) == usual | {1: usual[0]}
            steering.set(UNRELATED)
            async with requester(running) as last:
                assert await digests(last) == usual | {1: usual[0]}
            assert await digests(before) == usual
        assert running.events.of(SlotChanged) == []

    async def test_a_table_says_what_it_holds_as_in_a_profile(self, serving):
        steering = steering_of()
        running = await serving(profile=steering)
        async with requester(running) as person:
            usual = await digests(person)
            steering.set_slot(1, {"set": "device", "set_slot": 0, "model": "generic"})
            changed = await digests(person)
            assert changed[1] == usual[0] != usual[1]
            assert steering.device.slot(1).model == 3
            steering.set_slot(1, {})
            assert await digests(person) == {0: usual[0]}
            assert steering.device.supported_slot_mask() & 2

    async def test_the_slot_that_proves_the_key_may_change(self, serving):
        steering = steering_of()
        running = await serving(profile=steering)
        async with requester(running) as person:
            steering.set_slot(0, 1)
            report = await person.attest()
            assert report.verdict == "attested"

    async def test_a_session_is_not_disturbed(self, serving):
        """Its transcripts have the chain that it began with."""
        steering = steering_of("changing", "change=[]")
        running = await serving(profile=steering)
        async with requester(running) as person:
            report = await person.attest(
                ("authenticate",),
                ("subscribe", "stay", "events", "heartbeat", "digests"),
                meanwhile=lambda: steering.set_slot(0, 1),
            )
        assert report.refusal is None
        assert [event.type for event in report.events] == ["certificate changed"]

    async def test_other_keys_are_those_of_the_table(self, serving):
        steering = steering_of("ecdsa-p384")
        running = await serving(profile=steering)
        steering.set_slot(1, {"set": "device", "set_slot": 0})
        steering.set([OTHER_KEYS])
        wanted = read_identity(data_root("certs") / "device" / "ecp256" / "slot0.pem")
        assert steering.device.slot(1).credentials[0].identity == wanted
        async with requester(running) as person:
            assert (await person.attest()).verdict == "attested"

    def test_a_setting_that_describes_the_slots_is_the_later_word(self):
        steering = steering_of()
        steering.set_slot(1, 0)
        steering.set([OTHER_SLOTS])
        steering.set(UNRELATED)
        assert steering.device.slot(1).credentials != steering.device.slot(0).credentials

    def test_key_pairs_stay_as_they_are(self):
        steering = steering_of("eight-slots")
        asym, before = by_name(BASE_ASYM, "ECDSA-P384"), steering.device.slot(1)
        assert before.info(asym).key_pair_id
        steering.set_slot(1, {"set": "device", "set_slot": 0, "model": "generic"})
        info = steering.device.slot(1).info(asym)
        assert info == replace(before.info(asym), model=3)
        steering.set_slot(1, {})
        assert steering.device.slot(1).info(asym) == replace(info, model=0)

    @pytest.mark.parametrize(
        ("slot", "content", "message"),
        [
            (5, 0, "there is no slot 5; slots are 0, 1"),
            (1, 6, "there is no slot 6; slots are 0, 1"),
            (1, {"st": "device"}, "slot[0].st: unknown key 'st' in slot[0] (did you mean 'set'?)"),
            (1, {"set": "devise"}, "slot[0].set: no certificate set 'devise' in "),
            (
                1,
                {"set": "device", "model": "devce"},
                "slot[0].model: unknown certificate model 'devce'",
            ),
            (1, {"set": "device", "identity": "x.pem"}, "slot[0].identity: set and identity "),
        ],
    )
    def test_what_cannot_be_is_refused(self, slot, content, message):
        steering = steering_of()
        held = steering.device.slot(1)
        with pytest.raises(ConfigError) as caught:
            steering.set_slot(slot, content)
        assert str(caught.value).startswith(message)
        assert steering.device.slot(1) is held


class TestWhatRequestersWrite:
    @pytest.mark.parametrize("change", [UNRELATED, [MORE_SLOTS], [OTHER]])
    async def test_outlasts_settings(self, serving, change):
        steering = to_be_provisioned()
        running = await serving(profile=steering)
        async with requester(running) as before:
            await write(before, 2)
            written = (await digests(before))[2]
            steering.set(change)
            async with requester(running) as after:
                assert (await digests(after))[2] == written

    async def test_is_the_same_on_connections_of_before_and_after(self, serving):
        steering = to_be_provisioned()
        running = await serving(profile=steering)
        async with requester(running) as before:
            assert set(await digests(before)) == {0}
            steering.set([OTHER, 'device.content_changed="no-detection"'])
            async with requester(running) as after:
                await write(before, 1)
                assert set(await digests(after)) == {0, 1}
                await write(after, 2)
                assert set(await digests(before)) == {0, 1, 2}

    async def test_is_never_thrown_away(self, serving):
        steering = to_be_provisioned()
        running = await serving(profile=steering)
        async with requester(running) as person:
            await write(person, 1)
            written, settings = await digests(person), steering.settings()
            with pytest.raises(ConfigError, match="no place any more: there is no slot 1"):
                steering.set([FEWER_SLOTS])
            assert steering.settings() == settings
            assert await digests(person) == written

    async def test_gives_way_to_what_is_put_there_by_hand(self, serving):
        steering = to_be_provisioned()
        running = await serving(profile=steering)
        async with requester(running) as person:
            await write(person, 1)
            steering.set_slot(1, {})
            assert set(await digests(person)) == {0}
            steering.set(UNRELATED)
            async with requester(running) as after:
                assert set(await digests(after)) == {0}
            steering.set([FEWER_SLOTS])

    async def test_is_what_counts_if_it_came_last(self, serving):
        steering = to_be_provisioned()
        running = await serving(profile=steering)
        async with requester(running) as person:
            usual = await digests(person)
            steering.set_slot(1, {"set": "device"})
            by_hand = await digests(person)
            await write(person, 1)
            written = await digests(person)
            assert written == {0: usual[0], 1: written[1]} != by_hand
            for change in (OTHER, MORE_SLOTS):
                steering.set([change])
                async with requester(running) as after:
                    assert await digests(after) == written

    async def test_is_kept_as_the_first_description_has_it(self, serving, tmp_path):
        steering = to_be_provisioned()
        state_dir = StateDir(tmp_path, steering.name)
        state_dir.restore(steering.device.provisioning)
        running = await serving(profile=steering)
        steering.set([OTHER, MORE_SLOTS])
        async with requester(running) as person:
            await write(person, 2)
            written = (await digests(person))[2]
        state_dir.close()
        again = to_be_provisioned()
        StateDir(tmp_path, again.name).restore(again.device.provisioning)
        running = await serving(profile=again)
        async with requester(running) as person:
            assert (await digests(person)) == {0: (await digests(person))[0], 2: written}

    async def test_that_waits_for_a_reset_takes_effect_on_all(self, serving):
        steering = to_be_provisioned(
            'spdm.capabilities=["CERT", "CHAL", "SET_CERT", "CERT_INSTALL_RESET"]'
        )
        running = await serving(profile=steering)
        async with requester(running) as before:
            await write(before, 1)
            steering.set([OTHER])
            assert steering.device.slot(1) is None
            running.server.reset(Reset.CONVENTIONAL)
            assert set(await digests(before)) == {0, 1}
            async with requester(running) as after:
                assert set(await digests(after)) == {0, 1}
