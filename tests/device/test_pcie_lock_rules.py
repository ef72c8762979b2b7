"""Which writes a lock does not survive: each register that is known, by the facts about PCIe."""

import pytest

from responder.device.pcie.lock_rules import RULES, rule_for
from responder.spec.tdisp import LockFlag

MEMORY, MASTER = 1 << 1, 1 << 2

ALWAYS_AGAINST = [
    *(f"header.bar{number}" for number in range(6)),
    "header.expansion_rom",
    "header.bist",
    "resizable_bar.bar0_control",
    "ari.control",
    "pasid.control",
    "multicast.control",
    "ats.control",
    "enhanced_allocation.entry0",
    "sriov.control",
    "sriov.vf_bar0",
    "somebody.knows",
]
NEVER_AGAINST = [
    "header.cache_line_size",
    "header.interrupt_line",
    "header.status",
    "pcie.device_status",
    "pcie.link_control",
    "pm.data",
    "aer.uncorrectable_mask",
    "vc.control",
    "power_budgeting.select",
    "acs.control",
    "ltr.latency",
    "l1pm.control",
    "ptm.control",
    "doe.control",
    "doe1.write_mailbox",
    "ide.stream0.control",
    "lane_margining.control",
    "serial_number.low",
]


def broken(register, before, after, *, unchanged=False):
    return rule_for(register).broken(before, after, unchanged=unchanged)


@pytest.mark.parametrize("register", ALWAYS_AGAINST)
def test_what_is_locked_must_not_change(register):
    assert broken(register, 0, 1)
    assert broken(register, 0xFFFF, 0)
    assert not broken(register, 5, 5)
    assert broken(register, 5, 5, unchanged=True)
    assert rule_for(register).whole


@pytest.mark.parametrize("register", NEVER_AGAINST)
@pytest.mark.parametrize("unchanged", [False, True])
def test_what_is_free_may_change(register, unchanged):
    assert not broken(register, 0, 0xFFFFFFFF, unchanged=unchanged)
    assert not broken(register, 0xFFFFFFFF, 0, unchanged=unchanged)
    assert not rule_for(register).whole


@pytest.mark.parametrize(
    ("before", "after", "against"),
    [
        (MEMORY | MASTER, MEMORY, True),
        (MEMORY | MASTER, MASTER, True),
        (MEMORY | MASTER, 0, True),
        (MEMORY | MASTER, MEMORY | MASTER | 1 << 10, False),
        (MEMORY | MASTER | 1 << 10, MEMORY | MASTER, False),
        (MEMORY, MEMORY | MASTER, False),
        (0, MEMORY | MASTER, False),
    ],
)
def test_memory_and_bus_master_enable_must_not_be_cleared(before, after, against):
    assert broken("header.command", before, after) is against


def test_to_clear_what_is_clear_is_against_the_lock_of_some_devices():
    assert not broken("header.command", MEMORY, MEMORY)
    assert broken("header.command", MEMORY, MEMORY, unchanged=True)
    assert not broken("header.command", 0, MEMORY | MASTER, unchanged=True)


@pytest.mark.parametrize(
    ("bit", "against"), [(8, True), (9, True), (0, False), (4, False), (5, False), (12, False)]
)
def test_of_device_control_extended_tags_and_phantom_functions_count(bit, against):
    assert broken("pcie.device_control", 0, 1 << bit) is against
    assert broken("pcie.device_control", 1 << bit, 0) is against


def test_the_power_state_must_stay():
    assert broken("pm.control", 0x0008, 0x000B)
    assert not broken("pm.control", 0x0008, 0x8008), "PME status"


@pytest.mark.parametrize("register", ["msix.control", "msix.table"])
def test_msix_is_locked_under_its_flag(register):
    assert rule_for(register).flag is LockFlag.LOCK_MSIX
    assert broken(register, 0x8000, 0)


def test_each_rule_says_why():
    assert all(rule.text for rule in RULES)
    assert RULES[-1].registers == "*"
