"""GET_MEASUREMENTS: how many there are, then all at once or one by one, the last one signed."""

from dataclasses import dataclass

from responder.crypto.hashing import digest
from responder.requester.conversation import Conversation, Flow
from responder.requester.measured import measured, read_blocks
from responder.requester.opaque import check_opaque
from responder.spec.codes import ResponseCode
from responder.spec.flags import Cap
from responder.spec.limits import (
    MAX_MEASUREMENT_INDEX,
    SLOT_MASK,
    SUMMARY_ALL,
)
from responder.spec.measurements import ContentChanged
from responder.spec.versions import V11, V12
from responder.wire.measurements import (
    OPERATION_ALL,
    OPERATION_COUNT,
    RAW_BIT_STREAM_REQUESTED,
    SIGNATURE_REQUESTED,
    GetMeasurements,
    MeasurementBlock,
    Measurements,
)

_CONTENT_CHANGED_SHIFT = 4
_CONTENT_CHANGED_MASK = 0b11
_ANY_ERROR = range(0x100)


@dataclass(frozen=True, slots=True)
class _Read:
    """A block as it came, and how often L1 had been thrown away by then."""

    block: MeasurementBlock
    resets: int


def measure(c: Conversation) -> Flow[None]:
    """Read the measurements as the options ask, and report them."""
    if c.options.measurements == "none":
        return
    if not c.agreed.measures:
        c.report.observe("measurements.unsupported")
        return
    sign = c.agreed.has(Cap.MEAS_SIG) and c.agreed.key is not None
    if not sign:
        c.report.observe("measurements.unsigned")
    total = yield from count_measurements(c)
    reads: list[_Read] | None = None
    if c.options.measurements == "all":
        reads = yield from _exchange(c, OPERATION_ALL, sign=sign, may_refuse=True)
        if reads is None:
            c.report.observe("measurements.all-refused")
    if reads is None:
        reads = yield from _one_by_one(c, total, sign=sign)
    _report(c, reads, total, signed=sign)


def count_measurements(c: Conversation) -> Flow[int]:
    """Ask how many measurements there are, which nobody signs."""
    request = _request(c, OPERATION_COUNT, sign=False)
    sent = request.build(c.agreed.wire())
    raw = yield from c.exchange(sent)
    message, response = c.read(Measurements, raw, c.agreed.wire())
    c.enter(sent, response)
    _check_fields(c, request, message)
    blocks, size = message.number_of_blocks, len(message.measurement_record)
    c.require("meas.count-blocks", not (blocks or size), f"{blocks} blocks, {size} bytes")
    total = message.total_number_of_measurements
    c.require("meas.count-total", 0 < total <= MAX_MEASUREMENT_INDEX, f"{total} measurements")
    c.report.measurement_total = total
    return total


def _one_by_one(c: Conversation, total: int, *, sign: bool) -> Flow[list[_Read]]:
    """Each index in a message of its own.

    Which indices exist is found by asking, and each ERROR throws L1 away; so once they are known
    the series is read again, if a signature has to cover all of it.
    """
    reads = yield from _probe(c, total, sign=sign)
    for _ in range(c.options.patience.series):
        if not sign or _covered(c, reads):
            break
        indices = [read.block.index for read in reads]
        again = yield from _series(c, indices)
        if again is None:
            c.report.observe("measurements.restarted")
        else:
            reads = again
    return reads


def _probe(c: Conversation, total: int, *, sign: bool) -> Flow[list[_Read]]:
    """Ask for index after index until all are found; the last one is asked for with signature."""
    reads: list[_Read] = []
    for index in range(1, MAX_MEASUREMENT_INDEX + 1):
        if len(reads) >= total:
            break
        last = sign and len(reads) == total - 1
        found = yield from _exchange(c, index, sign=last, may_refuse=True)
        reads += found or []
    c.require("meas.none", reads, f"none of {total} could be read")
    return reads


def _series(c: Conversation, indices: list[int]) -> Flow[list[_Read] | None]:
    """Known indices without a gap, the last one signed; ``None`` if an ERROR broke it."""
    reads: list[_Read] = []
    for index in indices:
        found = yield from _exchange(c, index, sign=index == indices[-1], may_refuse=True)
        if found is None:
            return None
        reads += found
    return reads


def _covered(c: Conversation, reads: list[_Read]) -> bool:
    """Whether L1 was thrown away after none of the blocks."""
    return all(read.resets == c.transcript.measurement_resets for read in reads)


def _request(c: Conversation, operation: int, *, sign: bool) -> GetMeasurements:
    version, slot = c.agreed.version, c.agreed.slot & SLOT_MASK
    attributes = SIGNATURE_REQUESTED if sign else 0
    if c.options.raw and version >= V12:
        attributes |= RAW_BIT_STREAM_REQUESTED
    return GetMeasurements(
        spdm_version=version,
        attributes=attributes,
        operation=operation,
        nonce=c.new_nonce() if sign else b"",
        slot_id=slot if sign and version >= V11 else None,
        requester_context=c.new_context(),
    )


def _exchange(
    c: Conversation, operation: int, *, sign: bool, may_refuse: bool
) -> Flow[list[_Read] | None]:
    """One request for blocks; ``None`` if it was refused and may be."""
    request = _request(c, operation, sign=sign)
    sent = request.build(c.agreed.wire())
    raw = yield from c.exchange(sent, may_refuse=_ANY_ERROR if may_refuse else ())
    if raw[1] == ResponseCode.ERROR and may_refuse:
        return None
    message, response = c.read(Measurements, raw, c.agreed.wire(signed=sign))
    size = c.agreed.signature_size if sign else 0
    signed = c.enter(sent, response, signature_size=size)
    _check_fields(c, request, message)
    blocks = _check_blocks(c, operation, message)
    if signed is not None:
        c.verify("meas.signature", "MEASUREMENTS", signed)
    return [_Read(block, c.transcript.measurement_resets) for block in blocks]


def _check_fields(c: Conversation, request: GetMeasurements, message: Measurements) -> None:
    sign = request.signature_requested
    changed = message.slot >> _CONTENT_CHANGED_SHIFT & _CONTENT_CHANGED_MASK
    if c.agreed.version >= V12:
        c.require(
            "meas.content-changed-unsigned", sign or not changed, f"{changed} without a signature"
        )
        known = changed in list(ContentChanged)
        c.require("meas.content-changed-value", not sign or known, "the value 3 is reserved")
        if sign and changed == ContentChanged.CHANGED:
            c.report.observe("measurements.content-changed")
    if sign and c.agreed.version >= V11:
        slot = message.slot & SLOT_MASK
        c.require("meas.slot", slot == request.slot_id, f"slot {slot} of {request.slot_id}")
    check_opaque(c, "meas", message.opaque_data)
    c.require(
        "meas.context",
        message.requester_context == request.requester_context,
        f"RequesterContext {message.requester_context.hex()}",
    )
    c.note_nonces("MEASUREMENTS", request.nonce, message.nonce)


def _check_blocks(c: Conversation, operation: int, message: Measurements) -> list[MeasurementBlock]:
    blocks = read_blocks(c, message.measurement_record)
    number = message.number_of_blocks
    c.require("meas.block-count", len(blocks) == number, f"{number} told, {len(blocks)} there")
    if operation == OPERATION_ALL:
        c.require("meas.none", blocks, "no block at all")
    else:
        c.require("meas.one-block", len(blocks) == 1, f"{len(blocks)} blocks")
        others = [block.index for block in blocks if block.index != operation]
        c.require("meas.index-asked", not others, f"index {others}, asked for {operation}")
    indices = [block.index for block in blocks]
    twice = {index for index in indices if indices.count(index) > 1}
    c.require("meas.index-duplicate", not twice, f"index {sorted(twice)} comes twice")
    return blocks


def _report(c: Conversation, reads: list[_Read], total: int, *, signed: bool) -> None:
    covered = [read.resets == c.transcript.measurement_resets for read in reads]
    lost = [read.block.index for read, good in zip(reads, covered, strict=True) if not good]
    c.require("meas.covered", not signed or not lost, f"no signature covers index {lost}")
    if len(reads) != total:
        c.report.observe("measurements.incomplete", f"{len(reads)} blocks of {total}")
    found = []
    for read, good in zip(reads, covered, strict=True):
        entry = measured(c, read.block)
        entry.signed = signed and good
        found.append(entry)
    before = {entry.index: (entry.type, entry.value) for entry in c.report.measurements}
    other = [e.index for e in found if before.get(e.index, (e.type, e.value)) != (e.type, e.value)]
    if other:
        c.report.observe("measurements.changed", f"index {', '.join(map(str, other))}")
    c.report.measurements = found
    _compare_summaries(c, [read.block for read in reads], total)


def _compare_summaries(c: Conversation, blocks: list[MeasurementBlock], total: int) -> None:
    """The summary hashes of all measurements, where what was read is what they cover."""
    if c.options.raw or len(blocks) != total:
        return
    ascending = sorted(blocks, key=lambda block: block.index)
    actual = digest(c.agreed.base_hash, *(block.build() for block in ascending))
    for summary in c.summaries:
        if summary.type == SUMMARY_ALL and summary.hash != actual:
            told = f"{summary.message} told {summary.hash.hex()}, computed {actual.hex()}"
            c.report.observe("challenge.summary-differs", told)
    c.summaries = []
