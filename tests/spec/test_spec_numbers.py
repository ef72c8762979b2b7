"""The other numbers of the specification: versions, limits, timing, registries, measurements."""

import pytest

from responder.spec import limits, timing
from responder.spec.measurements import DeviceMode, OperationalMode, ValueType
from responder.spec.registries import VENDOR_ID_SIZES, DoeType, StandardId
from responder.spec.versions import ALL_VERSIONS, SpdmVersion, version_entry


def test_versions_are_major_and_minor_nibbles():
    assert [version.label for version in ALL_VERSIONS] == ["1.0", "1.1", "1.2", "1.3", "1.4"]
    assert version_entry(SpdmVersion.V12) == 0x1200


def test_sizes():
    assert (limits.NONCE_SIZE, limits.REQUESTER_CONTEXT_SIZE) == (32, 8)
    assert limits.MIN_DATA_TRANSFER_SIZE == 42
    assert (limits.MAX_OPAQUE_SIZE, limits.MAX_ERROR_EXTENDED_SIZE) == (1024, 32)
    assert limits.MAX_MEASUREMENT_RECORD == 2**24 - 1
    assert 4 * len("dmtf-spdm-v1.2.*") + 36 == limits.SIGNING_CONTEXT_SIZE


@pytest.mark.parametrize(
    ("microseconds", "exponent"),
    [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (1 << 20, 20), (1 << 40, 31)],
)
def test_an_exponent_covers_its_time(microseconds, exponent):
    assert timing.exponent_for(microseconds) == exponent


def test_value_types_are_numbered_without_gaps():
    assert [value.value for value in ValueType] == list(range(11))
    assert ValueType.MEASUREMENT_MANIFEST == 4
    assert ValueType.DEVICE_MODE == 5


def test_mode_bits_are_numbered_without_gaps():
    assert [flag.value for flag in OperationalMode] == [1 << bit for bit in range(6)]
    assert [flag.value for flag in DeviceMode] == [1 << bit for bit in range(5)]


def test_every_standards_body_has_its_vendor_id_sizes():
    sizes = {0: (0,), 9: (0,), 4: (4,), 5: (4,), 10: (1, 2, 3, 5, 9)}
    assert {int(body): sizes.get(body, (2,)) for body in StandardId} == VENDOR_ID_SIZES


def test_doe_types():
    assert [kind.value for kind in DoeType] == [0, 1, 2, 3, 4, 5]
