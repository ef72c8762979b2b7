"""Certificate signing requests that are other ones than were asked for."""

from typing import Any, cast

from msgspec.structs import replace

from responder.core.provisioning import Change, CsrTerms, Provisioning
from responder.faults import actions as act
from responder.faults.devices import Told


class OtherCsrs:
    """What the core provisions, with other CSRs; they are made and signed as always."""

    def __init__(self, provisioning: Provisioning, action: act.Csr, told: Told) -> None:
        self._provisioning = provisioning
        self._action = action
        self._told = told

    def csr(self, wanted: CsrTerms) -> Change:
        """Begin to make a CSR; ``ProtocolError`` as the device has it."""
        return self._provisioning.csr(self._subject(self._key_pair(wanted)))

    def _key_pair(self, wanted: CsrTerms) -> CsrTerms:
        number, asked = self._action.key_pair, wanted.terms.key_pair_id
        if number is None or number == asked or number > len(self._provisioning.key_pairs()):
            return wanted
        self._told(f"a CSR of key pair {number}", bytes([asked]), bytes([number]))
        return replace(wanted, terms=replace(wanted.terms, key_pair_id=number))

    def _subject(self, wanted: CsrTerms) -> CsrTerms:
        if not self._action.subject:
            return wanted
        from responder.pki.csr import RequesterInfo, requester_info  # noqa: PLC0415 - heavy
        from responder.pki.der_edit import DerError  # noqa: PLC0415

        try:
            asked = RequesterInfo(wanted.requester_info)
        except DerError:
            return wanted  # the device is going to refuse it
        info = requester_info(self._action.subject, asked.attributes)
        self._told(f"a CSR of {self._action.subject!r}", wanted.requester_info, info)
        return replace(wanted, requester_info=info)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provisioning, name)


def other_csrs(provisioning: Provisioning, action: act.Csr, told: Told) -> Provisioning:
    """The provisioning of a device with other CSRs."""
    return cast("Provisioning", OtherCsrs(provisioning, action, told))
