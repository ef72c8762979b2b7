"""Two functions of ours in a Linux guest: what it shows of them, and the story of a lock."""

import time

import inside
import inside_lock_down
import pytest
from guest import Guest
from plugged import SLOT, covered, device, notices

from responder.requester.report_tdi import RangeReport

pytestmark = pytest.mark.qemu

PHYSICAL, VIRTUAL = f"0000:00:{SLOT:02x}.0", f"0000:00:{SLOT:02x}.1"
OVERRIDES = {"pcie": {"configure": "show"}, "tdisp": {"ide_binding": "secure"}}
UNLOCKED, LOCKED, RUN, ERROR = "CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR"
REFUSED = "refused: not running"
STORY = [
    ["before anything", UNLOCKED, REFUSED, False],
    ["locked", LOCKED, REFUSED, False],
    ["started", RUN, "done", True],
    ["configured by the physical function", ERROR, REFUSED, False],
    ["stopped", UNLOCKED, REFUSED, False],
    ["locked", LOCKED, REFUSED, False],
    ["started", RUN, "done", True],
    ["without bus master", ERROR, "refused: no bus master", False],
    ["with bus master again", ERROR, REFUSED, False],
]
"""When it was looked, the state, what became of DMA, and whether memory shows it."""


@pytest.fixture
def responder(spdm_responder_factory, tmp_path):
    uri = f"vfio-user:{tmp_path / 'device'}"
    return spdm_responder_factory("tdisp-device", overrides=OVERRIDES, uri=uri)


async def test_a_linux_guest_locks_attests_and_watches_a_virtual_function(
    responder, qemu_program, kernel, initramfs, say
):
    devices = device(responder.endpoint.path, 0, 1)
    async with Guest(devices, program=qemu_program, kernel=kernel, initramfs=initramfs) as guest:
        await linux_finds_both(guest)
        imported = await guest.call(inside.import_requester)
        code, report, attested = await guest.call(inside.attest, PHYSICAL)
        assert (code, report["verdict"]) == (0, "attested")
        assert report["signed"] == ["CHALLENGE_AUTH", "MEASUREMENTS"]

        told = len(notices(responder))
        await guest.call(inside.reset, VIRTUAL)
        reset = "function level reset of virtual function 1"
        assert notices(responder)[told:] == [(1, "reset", reset)]

        begin = time.monotonic()
        found = await guest.call(inside_lock_down.lock_down, PHYSICAL, VIRTUAL)
        say(
            f"guest: Linux {guest.boot['kernel']} up in {guest.started:.1f} s, imports "
            f"{imported:.1f} s, attestation {attested:.1f} s, "
            f"story {time.monotonic() - begin:.1f} s"
        )
        the_story_is_told(found)
        errors = [detail for _, what, detail in notices(responder) if what == "tdi-error"]
        assert errors == [
            "virtual function 1: RUN to ERROR: the physical function changed its configuration",
            "virtual function 1: RUN to ERROR: header.command was written",
        ]
        assert await guest.power_off() == 0


async def linux_finds_both(guest):
    functions = await guest.call(inside.functions)
    for name, device_id in ((PHYSICAL, "0x5bd0"), (VIRTUAL, "0x5bd1")):
        assert functions[name] == {
            "id": ["0x1b36", device_id],
            "config_size": 4096,
            "doe_features": ["0001:01", "0001:02", "doe_discovery"],
        }
    assert not [line for line in await guest.call(inside.kernel_log) if "DOE" in line]


def the_story_is_told(found):
    assert found["told"] == STORY
    assert found["secure"]
    # Linux has placed the BARs; the reset before the story did not make the device forget where.
    ranges = covered(RangeReport(**one) for one in found["interface"]["ranges"])
    assert ranges == {int(bar): tuple(place) for bar, place in found["bars"].items()}

    locked, meddled = found["locked"], found["meddled"]
    assert locked["signed"]
    assert (locked["state"], locked["configuration"], locked["shown"]) == (LOCKED, 0, 0)
    assert locked["flags"] == ["CONFIGURATION_LOCKED", "DMA_NEEDS_RUN"]

    assert found["changed"] == 1
    assert found["refused"] == "tdi.measured-state"
    assert meddled["signed"]
    assert (meddled["state"], meddled["configuration"], meddled["shown"]) == (ERROR, 0xBAD, 1)
    assert "CHANGED_SINCE_LOCK" in meddled["flags"]
