from responder.core.interfaces import VendorRequest
from responder.device.emulated import EmulatedDevice
from responder.device.measurements import Measurement
from responder.device.slots import CertificateSlot, Credential
from responder.device.vendor import VendorRule
from responder.pki.sets import identity_path, read_identity
from responder.spec.algorithms import BASE_ASYM, by_name
from responder.spec.measurements import ContentChanged, ValueType

P384 = by_name(BASE_ASYM, "ECDSA-P384")
P256 = by_name(BASE_ASYM, "ECDSA-P256")


def credential():
    return Credential(read_identity(identity_path("device", "ecp384", 0)), "ecp384")


def test_empty_slot_exists_and_holds_nothing():
    device = EmulatedDevice(
        {0: CertificateSlot(0, [credential()], size=100), 5: CertificateSlot(5, size=200)}
    )
    assert device.slot(0).slot_id == 0
    assert device.slot(5) is None
    assert device.slot(7) is None
    assert device.supported_slot_mask() == 0b100001
    assert [device.slot_size(slot) for slot in (0, 5, 7)] == [100, 200, 0]


def test_measurements_are_in_order_of_index():
    blocks = [Measurement(index, ValueType.IMMUTABLE_ROM, b"") for index in (0xFE, 1, 0x10)]
    assert [one.index for one in EmulatedDevice({}, blocks).measurements()] == [1, 0x10, 0xFE]


def test_public_key_only_for_its_own_kind():
    device = EmulatedDevice({}, public_key=[credential()])
    assert device.public_key(P384).kind == "ecp384"
    assert device.public_key(P256) is None
    assert EmulatedDevice({}).public_key(P384) is None


def test_vendor_requests_go_by_the_rules():
    device = EmulatedDevice({}, vendor=[VendorRule(3, b"\x01\x00")])
    assert device.vendor_request(VendorRequest(3, b"\x01\x00", b"x")) == b"x"
    assert device.vendor_request(VendorRequest(3, b"\x02\x00", b"x")) is None


def test_content_change_is_what_it_was_made_with():
    assert EmulatedDevice({}).content_changed() == ContentChanged.NO_CHANGE
    changed = EmulatedDevice({}, content_changed=ContentChanged.CHANGED)
    assert changed.content_changed() == ContentChanged.CHANGED
