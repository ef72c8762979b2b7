import pytest

from responder.core.interfaces import VendorRequest
from responder.pki.sets import identity_path
from responder.profiles.load import load_profile
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, by_name
from responder.spec.registries import CertificateModel

P384 = by_name(BASE_ASYM, "ECDSA-P384")
SHA384 = by_name(BASE_HASHES, "SHA-384")


def test_set_gives_each_slot_its_own_key_of_each_kind():
    device = load_profile("default").device
    for name in ("ECDSA-P256", "RSAPSS-2048", "Ed25519"):
        asym = by_name(BASE_ASYM, name)
        keys = [device.slot(slot).key(asym).public_key_der() for slot in (0, 1)]
        assert keys[0] != keys[1]
        assert device.slot(0).key(asym).kind == asym.key


def test_only_kinds_of_offered_algorithms_are_read():
    slot = load_profile("ecdsa-p384").device.slot(0)
    assert [credential.kind for credential in slot.credentials] == ["ecp384"]


def test_eight_slots_are_all_different_and_of_three_models():
    slots = [load_profile("eight-slots").device.slot(slot) for slot in range(8)]
    assert len({slot.digest(P384, SHA384) for slot in slots}) == 8
    assert {slot.model for slot in slots} == set(CertificateModel) - {CertificateModel.NONE}
    assert slots[0].model == CertificateModel.DEVICE
    assert [slot.key_pair_id for slot in slots] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_slot_without_a_chain_exists_and_is_empty(write, head):
    text = f"{head}[[slot]]\nid = 3\nsize = 2048\nkey_pair_id = 4\nkey_usage = ['challenge']\n"
    device = load_profile(write(text)).device
    assert device.supported_slot_mask() == 0b1001
    assert device.slot(3) is None
    assert device.slot_size(3) == 2048


def test_key_usage_and_key_pair_are_the_profiles(write, head):
    text = f"{head}key_usage = ['challenge', 'measurement']\nkey_pair_id = 2\n"
    slot = load_profile(write(text)).device.slot(0)
    assert (slot.key_usage, slot.key_pair_id) == (0x0006, 2)


def test_identity_is_a_file_beside_the_profile(write, head, tmp_path):
    source = identity_path("device", "ecp384", 5)
    (tmp_path / "me.pem").write_bytes(source.read_bytes())
    text = head.replace('set = "device"', 'identity = "me.pem"')
    ours = load_profile(write(text)).device.slot(0)
    text = head.replace('set = "device"', 'set = "device"\nset_slot = 5')
    assert ours.chain(P384, SHA384) == load_profile(write(text)).device.slot(0).chain(P384, SHA384)


def test_set_may_be_a_folder(write, head):
    folder = identity_path("device", "ecp384", 0).parent.parent
    by_folder = load_profile(write(head.replace('"device"', f'"{folder}"'))).device.slot(0)
    by_name_ = load_profile(write(head)).device.slot(0)
    assert by_folder.chain(P384, SHA384) == by_name_.chain(P384, SHA384)


def test_public_key(write, head):
    text = head.replace('"CERT"', '"PUB_KEY_ID"') + '[public_key]\nset = "device"\nset_slot = 3\n'
    device = load_profile(write(text)).device
    slot = load_profile(write(head.replace("id = 0", "id = 0\nset_slot = 3"))).device.slot(0)
    assert device.public_key(P384).public_key_der() == slot.key(P384).public_key_der()


def test_vendor_answers(write, head):
    text = f"""{head}
[[vendor]]
standard = "PCI-SIG"
vendor_id = "01 00"
request = "0011"
response = "2233"
[[vendor]]
standard = 0x1234
vendor_id = "01"
echo = true
[[vendor]]
standard = "dmtf"
response = ""
"""
    device = load_profile(write(text)).device
    assert device.vendor_request(VendorRequest(3, b"\x01\x00", b"\x00\x11")) == b"\x22\x33"
    assert device.vendor_request(VendorRequest(3, b"\x01\x00", b"")) is None
    assert device.vendor_request(VendorRequest(0x1234, b"\x01", b"xyz")) == b"xyz"
    assert device.vendor_request(VendorRequest(0, b"", b"xyz")) == b""


def test_content_changed(write, head):
    assert load_profile(write(head)).device.content_changed() == 2
    text = f'{head}[device]\ncontent_changed = "changed"\n'
    assert load_profile(write(text)).device.content_changed() == 1


VENDOR = '[[vendor]]\nstandard = "PCI-SIG"\nvendor_id = "0100"\n'


@pytest.mark.parametrize(
    ("added", "line", "reason", "suggestion"),
    [
        ("[[slot]]\nid = 0\n", 2, "slot 0 is there twice", ""),
        ("[[slot]]\nid = 1\nset = 'devic'\n", 3, "no certificate set 'devic'", "device"),
        ("[[slot]]\nid = 1\nset = 'alias'\nset_slot = 7\n", 3, "for slots 0, 1 only", ""),
        ("[[slot]]\nid = 1\nset = './no'\n", 3, "the set has none", ""),
        ("[[slot]]\nid = 1\nidentity = 'no.pem'\n", 3, "no such certificate file", ""),
        ("[[slot]]\nid = 1\nidentity = 'x.toml'\n", 3, "no PEM block", ""),
        ("[[slot]]\nid = 1\nset = 'device'\nidentity = 'x'\n", 4, "exclude each other", ""),
        ("[[slot]]\nid = 1\nmodel = 'devise'\n", 3, "unknown certificate model", "device"),
        ("[[slot]]\nid = 1\nkey_usage = ['chalenge']\n", 3, "unknown key usage", "challenge"),
        ("[public_key]\nidentity = 'no.pem'\n", 2, "no such certificate file", ""),
        ("[device]\ncontent_changed = 'no'\n", 2, "unknown value 'no'", ""),
        (VENDOR.replace("PCI-SIG", "PCISIG") + "echo = true\n", 2, "standards body", "PCI-SIG"),
        (VENDOR.replace("0100", "010") + "echo = true\n", 3, "is not hexadecimal", ""),
        (VENDOR.replace("0100", "01") + "echo = true\n", 3, "has 2 bytes, not 1", ""),
        (VENDOR, 1, "either a response or echo", ""),
        (VENDOR + "echo = true\nresponse = '00'\n", 1, "either a response or echo", ""),
        (VENDOR + "response = '0'\n", 4, "is not hexadecimal", ""),
    ],
)
def test_mistakes(refused, head, added, line, reason, suggestion):
    where, why, hint = refused(head + added)
    assert (where, hint) == (head.count("\n") + line, suggestion)
    assert reason in why


def test_set_that_lacks_a_kind_says_which_it_has(refused, head):
    line, reason, _ = refused(head.replace('"device"', '"alias"').replace("P384", "P256"))
    assert line == 11
    assert "need a key of kind ecp256, the set has ecp384" in reason


def test_key_that_cannot_be_read_is_found_when_the_profile_is_loaded(refused, head, tmp_path):
    whole = identity_path("device", "ecp384", 0).read_text()
    begin = whole.index("\n", whole.index("PRIVATE KEY")) + 1
    (tmp_path / "me.pem").write_text(whole[:begin] + "AAAA\n" + whole[whole.index("-----END") :])
    line, reason, _ = refused(head.replace('set = "device"', 'identity = "me.pem"'))
    assert line == 11
    assert "no usable private key" in reason


DEVICE_CLASS = "[[device_class]]\nstandard = {}\nvendor_id = {}\nidentifiers = {}\n"


def test_device_classes_are_what_endpoint_info_says(write, head):
    classes = DEVICE_CLASS.format("'PCI-SIG'", "'8680'", "['0108', '02']")
    device = load_profile(write(head + classes)).device
    assert device.endpoint_info(1).hex(" ") == ("01 00 00 00 0a 03 02 86 80 02 02 01 08 01 02")
    assert device.endpoint_info(2) is None
    assert load_profile(write(head)).device.endpoint_info(1) == bytes(4)


@pytest.mark.parametrize(
    ("values", "line", "reason"),
    [
        (("'PCI-SIG'", "'86'", "[]"), 3, "a vendor id of PCI-SIG has 2 bytes, not 1"),
        (("'DMTF'", "''", "['xy']"), 4, "is not hexadecimal"),
        (("256", "''", "[]"), 2, "expected int <= 255"),
        (("'DMTF'", "''", f"['{'00' * 252}']"), 1, "the class is too long"),
    ],
)
def test_mistakes_in_device_classes(refused, head, values, line, reason):
    where, why, _ = refused(head + DEVICE_CLASS.format(*values))
    assert where == head.count("\n") + line
    assert reason in why


def test_event_types_are_those_of_the_profile_and_that_events_were_lost(write, head):
    assert load_profile(write(head)).device.events.types == {1, 2, 3, 4}
    some = load_profile(write(f"{head}[events]\ntypes = ['certificate-changed']\nfirst_id = 7\n"))
    assert some.device.events.types == {1, 4}
    assert (some.policy.session.event_queue, some.policy.session.first_event_id) == (16, 7)
