"""The emulated device below the SPDM endpoint."""

from collections.abc import Mapping, Sequence

from responder.core.interfaces import SigningKey
from responder.device.measurements import Measurement
from responder.device.slots import CertificateSlot, Credential, credential_for
from responder.device.vendor import VendorRule, vendor_response
from responder.spec.algorithms import Signature
from responder.spec.measurements import ContentChanged


class EmulatedDevice:
    """Slots, measurements and vendor answers; implements ``core.interfaces.Device``.

    Nothing here changes at run time, so that one device serves any number of connections.
    """

    def __init__(
        self,
        slots: Mapping[int, CertificateSlot],
        measurements: Sequence[Measurement] = (),
        *,
        vendor: Sequence[VendorRule] = (),
        public_key: Sequence[Credential] = (),
        content_changed: ContentChanged = ContentChanged.NO_CHANGE,
    ) -> None:
        self._slots = dict(slots)
        self._measurements = tuple(sorted(measurements, key=lambda one: one.index))
        self._vendor = tuple(vendor)
        self._public_key = tuple(public_key)
        self._content_changed = content_changed

    def slot(self, slot_id: int) -> CertificateSlot | None:
        """The slot; ``None`` if it does not exist or is empty."""
        slot = self._slots.get(slot_id)
        return slot if slot and slot.credentials else None

    def supported_slot_mask(self) -> int:
        """The slots that exist, provisioned or not."""
        return sum(1 << slot_id for slot_id in self._slots)

    def slot_size(self, slot_id: int) -> int:
        """Bytes of storage of a slot that exists, else 0."""
        slot = self._slots.get(slot_id)
        return slot.size if slot else 0

    def public_key(self, asym: Signature) -> SigningKey | None:
        """The key that requesters were given as a raw public key; ``None`` without one."""
        credential = credential_for(self._public_key, asym)
        return credential.key() if credential else None

    def measurements(self) -> Sequence[Measurement]:
        """All measurements, ascending by index."""
        return self._measurements

    def content_changed(self) -> int:
        """``ContentChanged``, the same for every signed response."""
        return self._content_changed

    def vendor_request(self, standard_id: int, vendor_id: bytes, payload: bytes) -> bytes | None:
        """The answer to a VENDOR_DEFINED request; ``None`` if no rule fits it."""
        return vendor_response(self._vendor, standard_id, vendor_id, payload)
