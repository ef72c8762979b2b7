"""Our requester in a Linux guest, through the mailbox of QEMU's own NVMe controller."""

import inside
import pytest
from guest import Guest, GuestError

from responder.client.qemu import nvme

pytestmark = [pytest.mark.qemu, pytest.mark.spdm_profile("qemu-nvme")]

NVME, BRIDGE = "0000:00:01.0", "0000:00:00.0"


async def test_a_linux_guest_attests_the_nvme_controller(
    spdm_responder, qemu_program, kernel, initramfs, say
):
    devices = [nvme(spdm_responder.port)]
    async with Guest(devices, program=qemu_program, kernel=kernel, initramfs=initramfs) as guest:
        functions = await guest.call(inside.functions)
        assert functions[NVME] == {
            "id": ["0x1b36", "0x0010"],
            "config_size": 4096,
            "doe_features": ["0001:01", "0001:02", "doe_discovery"],
        }
        assert functions[BRIDGE]["doe_features"] is None
        assert not [line for line in await guest.call(inside.kernel_log) if "DOE" in line]

        imported = await guest.call(inside.import_requester)
        code, report, seconds = await guest.call(inside.attest, NVME)
        assert (code, report["verdict"], report["target"]) == (0, "attested", f"pci:{NVME}")
        assert report["signed"] == ["CHALLENGE_AUTH", "MEASUREMENTS"]
        assert len(spdm_responder.journal) == 2 * len(report["exchanges"])
        say(
            f"guest: Linux {guest.boot['kernel']} up in {guest.started:.1f} s, "
            f"imports {imported:.1f} s, attestation {seconds:.1f} s"
        )

        code, report, _ = await guest.call(inside.attest, BRIDGE)
        assert (code, report["verdict"]) == (4, "failed")
        assert "only 256 bytes of the configuration space" in report["refusal"]["reason"]

        # A BAR, the guest's memory and a reset, each through sysfs.
        said, status = await guest.call(inside.identify_nvme, NVME)
        assert said == ["spdm-responder", "QEMU NVMe Ctrl"]
        assert status == 0

        with pytest.raises(GuestError, match=rf"PermissionError.*{BRIDGE}/reset"):
            await guest.call(inside.reset, BRIDGE)
        assert await guest.power_off() == 0
