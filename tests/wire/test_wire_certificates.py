"""DIGESTS, CERTIFICATE and the chain structure against the layouts of the specification."""

import pytest

from responder.wire.certificate import Certificate, GetCertificate
from responder.wire.certificate_chain import parse_chain
from responder.wire.chain import build_chain, split_certificates
from responder.wire.context import WireContext
from responder.wire.digests import Digests
from responder.wire.errors import WireError

V13 = WireContext(version=0x13, hash_size=2)
V14 = WireContext(version=0x14, hash_size=2)
SMALL_DER = bytes.fromhex("3003020105")
LONG_DER = bytes.fromhex("30820102") + bytes(0x102)


def test_digests_belong_to_the_provisioned_slots_in_order():
    data = bytes.fromhex("1301170a") + b"1133"
    assert Digests.parse(data, V13).by_slot(2) == {1: b"11", 3: b"33"}


def test_digests_of_a_multi_key_connection_have_three_arrays():
    context = WireContext(version=0x13, hash_size=2, multi_key=True)
    data = bytes.fromhex("13011703") + b"0011" + bytes.fromhex("0405010301000e00")
    message = Digests.parse(data, context)
    assert message.key_pair_id == [4, 5]
    assert message.certificate_info == [1, 3]
    assert message.key_usage_mask == [0x0001, 0x000E]
    assert message.build(context) == data


def test_get_certificate_is_8_bytes_and_16_with_large_offsets():
    assert GetCertificate(slot=1, offset=2, length=3).build(V13).hex() == "1082010002000300"
    large = GetCertificate(slot=0x81, large_offset=0x10000, large_length=0x400)
    assert large.build(V14).hex() == "10828100000000000000010000040000"
    assert large.large
    assert large.slot_id == 1


def test_the_large_bit_means_nothing_before_1_4():
    request = GetCertificate.parse(bytes.fromhex("1382810002000300"), V13)
    assert not request.large
    assert request.large_offset is None


def test_a_certificate_tells_the_length_of_its_portion():
    message = Certificate(slot=0, remainder_length=9, cert_chain=b"abc")
    assert message.build(V13) == bytes.fromhex("1002000003000900") + b"abc"


def test_a_large_certificate_tells_it_in_32_bits_and_zero_in_16():
    message = Certificate(slot=0x80, large_remainder_length=0x10000, cert_chain=b"abc")
    data = bytes.fromhex("10028000000000000300000000000100") + b"abc"
    assert message.build(V14) == data
    assert Certificate.parse(data, V14).cert_chain == b"abc"


def test_a_chain_is_length_root_hash_and_certificates():
    chain = build_chain(b"hh", [SMALL_DER, LONG_DER])
    assert chain[:6] == (6 + len(SMALL_DER) + len(LONG_DER)).to_bytes(4, "little") + b"hh"
    assert parse_chain(chain, 2) == (b"hh", [SMALL_DER, LONG_DER])


@pytest.mark.parametrize("change", [-1, 1])
def test_a_chain_whose_length_is_wrong_is_refused(change):
    chain = bytearray(build_chain(b"hh", [SMALL_DER]))
    chain[0] += change
    with pytest.raises(WireError, match="length"):
        parse_chain(bytes(chain), 2)


def test_a_chain_cut_anywhere_is_refused():
    chain = build_chain(b"hh", [SMALL_DER, LONG_DER])
    for size in range(len(chain)):
        with pytest.raises(WireError):
            parse_chain(chain[:size], 2)


@pytest.mark.parametrize(
    "data", ["30", "0500", "3080", "3001", "3082", "308201", "30820000", "3084ffffffff", "ff00"]
)
def test_what_is_no_der_sequence_is_refused(data):
    with pytest.raises(WireError):
        split_certificates(bytes.fromhex(data))


def test_no_bytes_are_no_certificates():
    assert split_certificates(b"") == []
