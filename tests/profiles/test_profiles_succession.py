"""A profile that is loaded again while its device is in use."""

import pytest
from msgspec.structs import replace

from responder.errors import ConfigError
from responder.profiles.load import load_profile
from responder.profiles.overrides import parse_overrides
from responder.profiles.succession import succeeded

OTHER = 'vendor=[{standard="PCI-SIG", vendor_id="0100", echo=true}]'
"""Something that the shipped profiles do not say of their devices."""


def loaded(profile, *changes):
    return load_profile(profile, parse_overrides(changes))


@pytest.mark.parametrize(
    "change",
    [
        "spdm.ct_exponent=3",
        'spdm.versions=["1.2"]',
        'algorithms.base_hash=["SHA-384"]',
        "timing.busy=true",
        "session.limit=3",
        "events.queue=3",
        "description=other",
        'faults=["sig.bitflip"]',
        "tdisp.device_info=other",
        "pcie.vectors=1",
        "mailbox.version=1",
        "persona=libspdm",
    ],
)
def test_what_says_nothing_of_the_device_leaves_it(change):
    old = loaded("tdisp-device")
    new = succeeded(loaded("tdisp-device", change), old)
    assert new.spec != old.spec
    assert new.devices == old.devices


@pytest.mark.parametrize(
    "change",
    [
        'slot=[{id=0, set="device"}]',
        'key_pair=[{algorithm="ecp384", slots=[0]}]',
        'bank=[{algorithm="ecp384"}]',
        "provisioning.delayed=true",
        'public_key={set="device"}',
        'device.content_changed="no-detection"',
        "log=[]",
        OTHER,
        'application=[{request="00", response="01"}]',
        'psk=[{hint="x", secret="y"}]',
        "trust.requester_roots=[]",
        "device_class=[]",
        "change=[{after_requests=9, slot=1, becomes=[0]}]",
        'events.types=["measurement-changed"]',
        'algorithms.base_asym=["ECDSA-P384"]',
    ],
)
def test_what_says_something_of_it_makes_another_that_goes_on(change):
    old = loaded("changing", "change=[]")
    old.device.change_measurement(1, b"changed")
    new = succeeded(loaded("changing", "change=[]", change), old)
    assert new.device is not old.device
    assert new.device.line is old.device.line
    block = new.device.measurements()[0].block(None, raw=True)
    assert block == old.device.measurements()[0].block(None, raw=True)


def test_another_one_may_be_wanted_in_any_case():
    old = loaded("default")
    assert succeeded(loaded("default"), old, anew=True).device is not old.device


def functions(*numbers):
    """The device with certificates of their own for these functions."""
    tables = ", ".join(f'{{number={n}, set="tdisp-device-{n}"}}' for n in numbers)
    return loaded("tdisp-device", f"function=[{tables}]")


def value(device):
    return device.measurements()[0].block(None, raw=True)


def test_functions_with_certificates_of_their_own_go_on_each_for_itself():
    old = functions(1, 2)
    old.devices[0].change_measurement(1, b"changed")
    new = succeeded(functions(2, 3), old)
    shared, one, two, three, four = new.functions.devices
    assert shared is one is four is new.device is old.device
    assert two is old.functions.devices[2]
    assert three not in old.devices
    assert value(three) == value(shared) != value(two)
    again = succeeded(loaded("tdisp-device", OTHER), new)
    assert again.functions.devices[3].line is three.line
    assert value(again.functions.devices[3]) == value(shared)


def test_what_was_written_into_a_function_needs_it():
    old = functions(1)
    written = old.functions.devices[1].provisioning
    written.take(replace(written.state, now=replace(written.described, made={"ecp384": 1})))
    with pytest.raises(ConfigError, match="requesters have written certificates into function 1"):
        succeeded(functions(2), old)
    assert succeeded(functions(1, 2), old).functions.devices[1].provisioning is written


def test_only_what_is_described_anew_has_to_wait_for_a_requester():
    old = loaded("default")
    old.device.provisioning.line.under_way = True
    assert succeeded(loaded("default", "spdm.ct_exponent=3"), old).device is old.device
    with pytest.raises(ConfigError, match="a requester is changing the device; try again"):
        succeeded(loaded("default", OTHER), old)
