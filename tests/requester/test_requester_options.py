"""Defaults of the options."""

from responder.requester.options import AttestOptions, Offer, Patience
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, by_name
from responder.spec.flags import Cap
from responder.spec.versions import ALL_VERSIONS


def test_by_default_a_requester_offers_what_it_can_verify():
    offer = Offer()
    for name in ("SM2-P256", "Ed448"):
        assert not offer.base_asym & by_name(BASE_ASYM, name).bit
    for name in ("ECDSA-P384", "RSAPSS-3072", "Ed25519"):
        assert offer.base_asym & by_name(BASE_ASYM, name).bit
    assert not offer.base_hash & by_name(BASE_HASHES, "SM3-256").bit
    assert offer.flags == Cap(0)
    assert sorted(offer.structures) == [2, 3, 4, 5]


def test_by_default_nothing_is_left_out_and_everything_has_a_bound():
    options = AttestOptions()
    assert options.without == frozenset()
    assert options.versions == ALL_VERSIONS
    patience = Patience()
    assert all(getattr(patience, name) > 0 for name in patience.__slots__)
