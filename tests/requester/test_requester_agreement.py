"""What is agreed, as the layout of messages."""

from responder.requester.agreement import Agreement
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, MEASUREMENT_HASHES, by_name
from responder.spec.flags import Cap
from responder.spec.versions import V10, V13


def test_nothing_is_agreed_at_first():
    agreed = Agreement()
    assert agreed.version == V10
    assert not agreed.measures
    assert agreed.signature_size == 0
    assert agreed.transfer_size is None


def test_the_layout_of_messages():
    agreed = Agreement(
        version=V13,
        flags=Cap.MEAS_NO_SIG,
        base_hash=by_name(BASE_HASHES, "SHA-384"),
        measurement_hash=by_name(MEASUREMENT_HASHES, "SHA-512"),
        signature=by_name(BASE_ASYM, "RSAPSS-3072"),
        multi_key=True,
    )
    assert agreed.measures
    wire = agreed.wire(summary=True, signed=True)
    assert (wire.version, wire.hash_size, wire.measurement_hash_size) == (V13, 48, 64)
    assert (wire.signature_size, wire.multi_key) == (384, True)
    assert wire.summary
    assert wire.signed
    assert not agreed.wire().signed
