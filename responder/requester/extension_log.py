"""GET_MEASUREMENT_EXTENSION_LOG: the log, in portions, and what it has to do with measurements."""

from responder.crypto.hashing import digest
from responder.requester.conversation import Conversation, Flow
from responder.requester.report import LogEntry
from responder.spec.measurements import ValueType
from responder.wire.errors import WireError
from responder.wire.measurement_extension_log import (
    DmtfMel,
    GetMeasurementExtensionLog,
    MeasurementExtensionLog,
    MelEntry,
)

_HEADER_SIZE = 12


def get_extension_log(c: Conversation) -> Flow[None]:
    """Read the log, report its entries, and compare it with the measurements that it extends."""
    log = yield from _read_all(c)
    entries: list[MelEntry] = []
    try:
        entries = DmtfMel.parse(log).entries()
    except WireError as error:
        c.require("mel.entries", condition=False, detail=str(error))
    indices = [entry.mel_index for entry in entries]
    ascending = indices == list(range(1, len(indices) + 1))
    c.require("mel.index", ascending, f"MELIndex {indices}")
    c.report.extension_log = [
        LogEntry(entry.mel_index, entry.meas_index, entry.value_type, entry.value.hex())
        for entry in entries
    ]
    _compare(c, entries)


def _read_all(c: Conversation) -> Flow[bytes]:
    log, total = b"", None
    limit = c.options.patience.log
    remainder = limit
    while remainder:
        length = min(remainder, c.largest_message - _HEADER_SIZE)
        request = GetMeasurementExtensionLog(
            spdm_version=c.agreed.version, offset=len(log), length=length
        )
        sent = request.build()
        raw = yield from c.exchange(sent)
        message, response = c.read(MeasurementExtensionLog, raw, c.agreed.wire())
        c.enter(sent, response)
        portion, remainder = message.mel, message.remainder_length
        size = len(portion)
        c.require("mel.portion-empty", size, f"an empty portion, {remainder} bytes remain")
        c.require("mel.portion-size", size <= length, f"{size} bytes, asked for {length}")
        log += portion
        now = len(log) + remainder
        if total is None:
            total = now
            c.require("mel.limit", total <= limit, f"{total} bytes, limit {limit}")
        c.require("mel.total", now == total, f"{now} bytes in all, {total} before")
    return log


def _compare(c: Conversation, entries: list[MelEntry]) -> None:
    """Each hash-extend measurement is what the entries of its index make of zeros."""
    algorithm = c.agreed.measurement_hash
    if algorithm is None:
        return
    for measured in c.report.measurements:
        if measured.type != ValueType.HASH_EXTEND:
            continue
        value = bytes(algorithm.size)
        for entry in entries:
            if entry.meas_index == measured.index:
                value = digest(algorithm, value, entry.build())
        if value.hex() != measured.value:
            detail = f"index {measured.index}: the log makes {value.hex()}"
            c.report.observe("log.differs", detail)
