"""GET_DIGESTS: which slots there are, and the hash of each slot's chain."""

from responder.requester.conversation import Conversation, Flow
from responder.requester.report import SlotReport
from responder.spec.limits import SLOT_COUNT
from responder.spec.registries import CertificateModel, KeyUsage
from responder.spec.versions import V13
from responder.wire.digests import Digests, GetDigests

_MODEL_MASK = 0b111
_SIGNING = KeyUsage.KEY_EX | KeyUsage.CHALLENGE | KeyUsage.MEASUREMENT | KeyUsage.ENDPOINT_INFO


class Slots(dict[int, bytes]):
    """The digest of each provisioned slot, ascending; ``models`` in a multi-key connection."""

    def __init__(self, digests: dict[int, bytes], models: dict[int, int]) -> None:
        super().__init__(digests)
        self.models = models


def get_digests(c: Conversation) -> Flow[Slots]:
    """Exchange GET_DIGESTS and DIGESTS."""
    request = GetDigests(spdm_version=c.agreed.version).build()
    raw = yield from c.exchange(request)
    message, response = c.read(Digests, raw, c.agreed.wire())
    c.enter(request, response)
    mask = message.provisioned_slot_mask
    c.require("dig.empty", mask, "no slot is provisioned")
    if c.agreed.version >= V13:
        supported = message.supported_slot_mask
        c.agreed.supported_slots = supported
        c.require("dig.subset", not mask & ~supported, f"mask 0x{mask:02x} of 0x{supported:02x}")
    if not mask & 1:
        c.report.observe("digests.no-slot0", f"ProvisionedSlotMask is 0x{mask:02x}")
    digests = message.by_slot(c.agreed.base_hash.size)
    before = {report.slot: report.digest for report in c.report.slots}
    c.report.slots = [SlotReport(slot, digest.hex()) for slot, digest in digests.items()]
    if before and before != {slot: digest.hex() for slot, digest in digests.items()}:
        c.report.observe("digests.changed", ", ".join(digest.hex() for digest in digests.values()))
    models = _check_multi_key(c, message, digests) if c.agreed.multi_key else {}
    # A slot that holds only a key has a digest of zeros and no certificate to read.
    certified = {s: d for s, d in digests.items() if models.get(s) != CertificateModel.NONE}
    return Slots(certified or digests, models)


def _check_multi_key(
    c: Conversation, message: Digests, digests: dict[int, bytes]
) -> dict[int, int]:
    """The per-slot data of 1.3; the certificate models by slot."""
    models = [info & _MODEL_MASK for info in message.certificate_info or ()]
    usages = message.key_usage_mask or []
    pairs = message.key_pair_id or []
    known = {model.value: model.name.lower() for model in CertificateModel}
    rows = zip(c.report.slots, digests.items(), models, usages, pairs, strict=False)
    for report, (slot, digest), model, usage, pair in rows:
        report.certificate_model = known.get(model, str(model))
        report.key_pair_id = pair
        report.key_usage = [use.name.lower() for use in KeyUsage if usage & use]
        c.require("dig.model", model in known, f"slot {slot}: model {model}")
        c.require(
            "dig.none-digest",
            model != CertificateModel.NONE or not any(digest),
            f"slot {slot} has no certificate, but a digest",
        )
        if slot == 0:
            c.require("dig.slot0-generic", model != CertificateModel.GENERIC, "slot 0 is generic")
            c.require("dig.slot0-usage", usage & _SIGNING, f"key usage 0x{usage:04x}")
    for pair in {pair for pair in pairs if pairs.count(pair) > 1}:
        c.report.observe("digests.shared-key", f"KeyPairID {pair}")
    return dict(zip(digests, models, strict=False))


def slots_to_try(c: Conversation, slots: Slots, wanted: int | None) -> list[int]:
    """The slots to authenticate, in order: the one that is wanted, or all."""
    if wanted is None:
        return [slot for slot in range(SLOT_COUNT) if slot in slots]
    c.require("dig.slot-provisioned", wanted in slots, f"slot {wanted} of {sorted(slots)}")
    return [wanted]
