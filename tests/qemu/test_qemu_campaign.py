"""A campaign against our requester in a Linux guest, to which the device is plugged in."""

import tempfile
from pathlib import Path

import pytest
from guest import KERNEL_ARGUMENTS
from initramfs import build

from responder.campaign.attempt import attempt
from responder.campaign.plan import case_named
from responder.campaign.target import Success, Target
from responder.campaign.targets.runner import runner_of
from responder.client.qemu import nvme, vfio_user

pytestmark = pytest.mark.qemu

SEED = b"guest"


@pytest.fixture(scope="module")
def requester(tmp_path_factory):
    path = tmp_path_factory.mktemp("guest") / "initramfs"
    build(path, "guest_requester")
    return path


@pytest.fixture
def target_of(qemu_program, kernel, requester):
    """A target that boots a guest with a ``-device``."""

    def make(device):
        return Target(
            name="guest",
            kind="guest",
            command=[
                qemu_program,
                *("-machine", "q35,memory-backend=ram", "-nodefaults", "-display", "none"),
                *("-object", "memory-backend-memfd,id=ram,size=512M,share=on", "-m", "512"),
                *("-accel", "tcg", "-cpu", "max", "-no-reboot", "-serial", "stdio"),
                *("-kernel", str(kernel), "-initrd", str(requester)),
                *("-append", KERNEL_ARGUMENTS, "-device", device),
            ],
            time_limit=120.0,
            done=r"VERDICT \w+ CHECK \S+\s",
            success=Success(must=["VERDICT attested"]),
            reasons={rf"CHECK {check}\s": [check] for check in ("chal.signature", "ver.entries")},
            transports=["doe"],
        )

    return make


@pytest.fixture
def work():
    """A folder as a campaign has one: the paths of sockets in it are short enough."""
    with tempfile.TemporaryDirectory(prefix="spdm-campaign-") as folder:
        yield Path(folder)


PLUGGED, OF_QEMU = vfio_user("{vfio_user}"), nvme("{port}")


@pytest.mark.parametrize(
    ("case", "device", "reasons"),
    [
        ("sig.bitflip:CHALLENGE_AUTH", PLUGGED, ("chal.signature",)),
        ("ver.count-zero", OF_QEMU, ("ver.entries",)),
        ("ver.reserved-byte", PLUGGED, ()),
    ],
)
def test_three_cases(target_of, work, say, case, device, reasons):
    runner = runner_of(target_of(device), work)
    try:
        result = attempt(runner, case_named(case), SEED)
    finally:
        runner.close()
    say(f"{case}: {result.verdict} in {result.observed.seconds:.1f} s: {result.observed.text}")
    assert (result.verdict, result.observed.reasons) == ("pass", reasons), result.text
    assert result.observed.succeeded == (not reasons)
    assert result.observed.process.done
    assert result.observed.text.startswith("VERDICT ")
    assert result.observed.wire.strikes
    assert not result.observed.process.stubborn
    assert list(work.iterdir()) == []
