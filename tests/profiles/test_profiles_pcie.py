"""PCI Express functions of profiles."""

import pytest

from responder.core.interfaces import VendorRequest
from responder.crypto.random_tree import RandomTree
from responder.profiles.load import load_profile
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, by_name
from responder.wire.function_status import FunctionStatus, StatusFlags
from responder.wire.measurements import MeasurementBlock

P384, SHA_384 = by_name(BASE_ASYM, "ECDSA-P384"), by_name(BASE_HASHES, "SHA-384")
SHARED = '[pcie]\nvirtual_functions = 1\ncma = "shared"\n[[function]]\nnumber = 1\nset = "device"'
TDISP = (3, b"\x01\x00", b"\x01")


def built(overrides=None, profile="tdisp-device"):
    return load_profile(profile, overrides).pcie(RandomTree(b"pcie"))


def capabilities(function):
    offset, found = 0x100, []
    while offset:
        header = int.from_bytes(function.config_read(offset, 4, 0.0), "little")
        found.append(header & 0xFFFF)
        offset = header >> 20
    return found


def test_a_profile_without_the_table_has_no_functions():
    assert load_profile("default").pcie(RandomTree(b"pcie")) is None


def test_the_functions_of_the_shipped_device():
    device = built()
    identities = [function.config_read(0, 4, 0.0).hex() for function in device.functions]
    assert identities == ["361bd05b", *["361bd15b"] * 4]
    assert [function.function_id for function in device.functions] == list(range(0x100, 0x105))
    assert [side.functions for side in device.sides] == [(n,) for n in range(5)]
    aer, dsn, ats, sriov, doe, ide = 0x01, 0x03, 0x0F, 0x10, 0x2E, 0x30
    assert capabilities(device.functions[0]) == [aer, sriov, ats, dsn, doe, ide]
    assert capabilities(device.functions[1]) == [aer, ats, dsn, doe]


def test_each_function_has_its_own_chain():
    device = built()
    chains = {side.device.slot(0).chain(P384, SHA_384) for side in device.sides}
    assert len(chains) == 5


def test_functions_that_share_spdm_have_one_side_and_one_mailbox():
    device = built({"pcie": {"cma": "shared", "mailboxes": 2}, "function": []})
    assert [side.functions for side in device.sides] == [(0, 1, 2, 3, 4)]
    assert [len(function.mailboxes) for function in device.functions] == [2, 0, 0, 0, 0]
    assert [device.side_of(number) for number in range(5)] == [0] * 5
    assert capabilities(device.functions[1]) == [0x01, 0x0F, 0x03]


def test_a_measurement_says_how_each_function_stands():
    device = built({"pcie": {"cma": "shared"}, "function": [{"number": 2, "configuration": 7}]})
    found = {one.index: one for one in device.sides[0].device.measurements()}
    assert [index for index in found if 0x20 <= index < 0x30] == [0x20, 0x21, 0x22, 0x23, 0x24]
    block = MeasurementBlock.parse(found[0x22].block(None, raw=False)).dmtf()
    status = FunctionStatus.parse(block.value)
    assert block.value_type == 0x82
    assert (status.function_id, status.configuration, status.tdi_state) == (0x102, 7, 0)
    assert status.flags == StatusFlags.DMA_NEEDS_RUN
    assert built({"pcie": {"status_index": 0}}).sides[0].device.measurement_revision() == 0


def test_without_tdisp_nothing_is_locked_or_answered():
    profile = load_profile("default", {"pcie": {}})
    device = profile.pcie(RandomTree(b"pcie"))
    standard, vendor, payload = TDISP
    assert device.functions[0].interface is None
    assert device.sides[0].device.vendor_request(VendorRequest(standard, vendor, payload)) is None
    assert device.port is None


def test_mailboxes_list_secured_spdm_where_there_are_sessions():
    assert len(built().functions[0].mailboxes[0].layout.objects) == 2
    plain = built({"spdm": {"capabilities": ["CERT", "CHAL"]}})
    assert len(plain.functions[0].mailboxes[0].layout.objects) == 1


def test_switches_reach_their_parts():
    device = built({"tdisp": {"dev_addr_width": 60}, "ide_km": {"max_port_index": 3}})
    assert device.port.policy.max_port_index == 3
    assert built({"mailbox": {"version": 1}}).functions[0].mailboxes[0].version == 1


def test_the_same_seed_makes_the_same_device_twice():
    plan = load_profile("tdisp-device")
    one, other = (plan.pcie(RandomTree(b"pcie")) for _ in range(2))
    assert one.functions[0] is not other.functions[0]
    assert one.functions[0].config_read(0, 4096, 0.0) == other.functions[0].config_read(0, 4096, 0)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[pcie]\n[[function]]\nnumber = 1", 14, "there are functions 0 to 0 only"),
        ("[pcie]\n[[function]]\nnumber = 0\n[[function]]\nnumber = 0", 16, "is there twice"),
        (SHARED, 15, "shares SPDM has no certificates"),
        ("[pcie]\n[tdisp]\nlocks = true", 14, "unknown key 'locks'"),
        ('[pcie]\n[tdisp]\nlock = "never"', 14, "none of"),
    ],
)
def test_mistakes_are_told_with_their_line(refused, head, text, line, reason):
    found = refused(head + text)
    assert found[0] == line
    assert reason in found[1]
