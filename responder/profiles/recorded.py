"""What a recorded conversation tells of the device in it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from responder.spec.algorithms import MULTI_KEY_CONNECTION, TABLE_ALGORITHMS
from responder.spec.codes import RequestCode
from responder.spec.limits import HEADER_SIZE, SLOT_COUNT
from responder.spec.versions import V13
from responder.wire.algorithms import AlgorithmOffer, Algorithms, NegotiateAlgorithms
from responder.wire.capabilities import Capabilities
from responder.wire.certificate import Certificate, GetCertificate
from responder.wire.context import WireContext
from responder.wire.digests import Digests
from responder.wire.errors import WireError
from responder.wire.follow import Conversation
from responder.wire.measurement_extension_log import (
    DmtfMel,
    GetMeasurementExtensionLog,
    MeasurementExtensionLog,
    MelEntry,
)
from responder.wire.measurements import (
    RAW_BIT_STREAM_REQUESTED,
    DmtfMeasurement,
    GetMeasurements,
    Measurements,
    parse_blocks,
)
from responder.wire.message import Message
from responder.wire.registry import parse_message
from responder.wire.vendor_defined import VendorDefinedRequest, VendorDefinedResponse
from responder.wire.version import Version

_MODEL_MASK = 0x7


@dataclass(slots=True)
class RecordedSlot:
    """One certificate slot.

    Attributes:
        chains: RootHash size in bytes and the whole chain structures that were read.
        model, key_pair_id, key_usage: as told; 0 where nothing was told.
    """

    chains: list[tuple[int, bytes]] = field(default_factory=list)
    model: int = 0
    key_pair_id: int = 0
    key_usage: int = 0


@dataclass(slots=True)
class RecordedMeasurement:
    """One measurement: what was sent when raw was asked for, and when it was not."""

    kind: int
    raw: bytes | None = None
    digest: bytes | None = None
    always_raw: bool = False


@dataclass(slots=True)
class RecordedDevice:
    """A device as its messages describe it.

    Attributes:
        versions: as VERSION lists them, 8 bits each.
        capabilities: the CAPABILITIES of each version.
        offers: supported-algorithms blocks.
        selected: what each ALGORITHMS selected, with the request that it answers.
        supported_slots: SupportedSlotMask (1.3).
        slots: provisioned slots.
        measurements: by index.
        log: the measurement extension log (1.3), if all of it was read.
        vendor: (StandardID, VendorID, request, response) of vendor-defined exchanges.
    """

    versions: list[int] = field(default_factory=list)
    capabilities: dict[int, Capabilities] = field(default_factory=dict)
    offers: list[AlgorithmOffer] = field(default_factory=list)
    selected: list[tuple[NegotiateAlgorithms, Algorithms]] = field(default_factory=list)
    supported_slots: int = 0
    slots: dict[int, RecordedSlot] = field(default_factory=dict)
    measurements: dict[int, RecordedMeasurement] = field(default_factory=dict)
    log: list[MelEntry] = field(default_factory=list)
    vendor: list[tuple[int, bytes, bytes, bytes]] = field(default_factory=list)

    def bits(self, name: str) -> list[int]:
        """Bits of a field of ALGORITHMS, in the order in which they were selected."""
        values = (getattr(answer, name) for _, answer in self.selected)
        return list(dict.fromkeys(value for value in values if value))

    def table_bits(self, alg_type: int) -> list[int]:
        """Bits of an algorithm structure, selected ones first, then what a block offers."""
        chosen = [
            structure.alg_supported
            for _, answer in self.selected
            for structure in answer.structures()
            if structure.alg_type == alg_type and structure.alg_supported
        ]
        offered = [
            row.bit
            for offer in self.offers
            for structure in offer.structures()
            if structure.alg_type == alg_type
            for row in TABLE_ALGORITHMS[alg_type]
            if row.bit & structure.alg_supported
        ]
        return list(dict.fromkeys([*chosen, *offered]))

    @property
    def multi_key(self) -> bool:
        """Whether ALGORITHMS chose a multi-key connection of the requester."""
        return any(a.other_params_selection & MULTI_KEY_CONNECTION for _, a in self.selected)


class Recorder:
    """Hears the messages of one connection, and adds what they tell to a device."""

    def __init__(self, device: RecordedDevice) -> None:
        self._device = device
        self._conversation = Conversation()
        self._request: Message | None = None
        self._chain: dict[int, bytes] = {}
        self._log = b""
        self._learnt: tuple[tuple[type[Message], type, Callable[..., None]], ...] = (
            (Version, object, self._versions),
            (Capabilities, object, self._capabilities),
            (Algorithms, NegotiateAlgorithms, self._algorithms),
            (Digests, object, self._digests),
            (Certificate, GetCertificate, self._certificate),
            (Measurements, GetMeasurements, self._measurements),
            (MeasurementExtensionLog, GetMeasurementExtensionLog, self._extension_log),
            (VendorDefinedResponse, VendorDefinedRequest, self._vendor_defined),
        )

    def hear(self, data: bytes, padding: int = 0) -> None:
        """Take the next message, request or response; one that cannot be read is passed over."""
        context = self._conversation.feed(data)
        self._take(data, context, padding)
        if self._conversation.completed is not None:
            self._take(*self._conversation.completed, padding=0)

    def _take(self, data: bytes, context: WireContext, padding: int) -> None:
        if len(data) < HEADER_SIZE:
            return
        try:
            message = parse_message(data, context, padding=padding)
            if not data[1] & 0x80:
                self._answer(message, context)
            elif data[1] not in {RequestCode.RESPOND_IF_READY, RequestCode.CHUNK_GET}:
                self._request = message
        except WireError:
            return

    def _answer(self, message: Message, context: WireContext) -> None:
        """Learn what a response to a request tells."""
        for answer, request, learn in self._learnt:
            if isinstance(message, answer) and isinstance(self._request, request):
                learn(self._request, message, context)

    def _versions(self, request: Any, message: Version, context: WireContext) -> None:
        del request, context
        found = [entry >> 8 for entry in message.version_number_entry]
        self._device.versions = list(dict.fromkeys([*self._device.versions, *found]))

    def _capabilities(self, request: Any, message: Capabilities, context: WireContext) -> None:
        del request, context
        self._device.capabilities.setdefault(message.spdm_version, message)
        if message.supported_algorithms:
            self._device.offers.append(AlgorithmOffer.parse(message.supported_algorithms))

    def _algorithms(
        self, request: NegotiateAlgorithms, message: Algorithms, context: WireContext
    ) -> None:
        del context
        message.structures()
        self._device.selected.append((request, message))

    def _vendor_defined(
        self,
        request: VendorDefinedRequest,
        message: VendorDefinedResponse,
        context: WireContext,
    ) -> None:
        del context
        told = (message.standard_id, message.vendor_id, request.payload, message.payload)
        if told not in self._device.vendor:
            self._device.vendor.append(told)

    def _extension_log(
        self,
        request: GetMeasurementExtensionLog,
        message: MeasurementExtensionLog,
        context: WireContext,
    ) -> None:
        del context
        self._log = self._log[: request.offset] + message.mel
        if not message.remainder_length and self._log:
            self._device.log = DmtfMel.parse(self._log).entries()

    def _slot(self, slot_id: int) -> RecordedSlot:
        return self._device.slots.setdefault(slot_id, RecordedSlot())

    def _digests(self, request: Any, message: Digests, context: WireContext) -> None:
        del request
        if context.version >= V13:
            self._device.supported_slots |= message.supported_slot_mask
        provisioned = [n for n in range(SLOT_COUNT) if message.provisioned_slot_mask >> n & 1]
        for place, slot_id in enumerate(provisioned):
            slot = self._slot(slot_id)
            if message.key_pair_id is not None:
                slot.key_pair_id = message.key_pair_id[place]
            if message.certificate_info is not None:
                slot.model = message.certificate_info[place] & _MODEL_MASK
            if message.key_usage_mask is not None:
                slot.key_usage = message.key_usage_mask[place]

    def _certificate(
        self, request: GetCertificate, message: Certificate, context: WireContext
    ) -> None:
        offset = request.large_offset if request.large else request.offset
        read = self._chain.get(message.slot_id, b"")[: offset or 0] + message.cert_chain
        self._chain[message.slot_id] = read
        left = message.large_remainder_length
        if not (message.remainder_length if left is None else left) and message.cert_chain:
            chain = (context.hash_size, read)
            slot = self._slot(message.slot_id)
            if chain not in slot.chains:
                slot.chains.append(chain)
            slot.model = slot.model or message.certificate_info & _MODEL_MASK

    def _measurements(
        self, request: GetMeasurements, message: Measurements, context: WireContext
    ) -> None:
        del context
        asked_raw = bool(request.attributes & RAW_BIT_STREAM_REQUESTED)
        for block in parse_blocks(message.measurement_record, message.number_of_blocks):
            content = block.dmtf()
            known = self._device.measurements.setdefault(
                block.index, RecordedMeasurement(content.kind)
            )
            _remember(known, content, asked_raw=asked_raw)


def _remember(known: RecordedMeasurement, content: DmtfMeasurement, *, asked_raw: bool) -> None:
    known.kind = content.kind
    if content.is_raw:
        known.raw = content.value
        known.always_raw = known.always_raw or not asked_raw
    else:
        known.digest = content.value


def record(connections: Mapping[int, Iterable[tuple[bytes, int]]]) -> RecordedDevice:
    """The device that answered on some connections: messages, and how many bytes may be padding."""
    device = RecordedDevice()
    for messages in connections.values():
        recorder = Recorder(device)
        for data, padding in messages:
            recorder.hear(data, padding)
    return device
