"""Faults at work: matches rules at the hooks, applies their actions, records the evidence."""

from collections import Counter
from collections.abc import Iterator, Sequence

from responder.core.errors import ProtocolError
from responder.core.events import FaultFired
from responder.core.hooks import Defer, Exchange, Hooks, Parts, Signing
from responder.faults.rule import FaultSpec, Flip, Recall
from responder.spec.codes import name_of_code, response_code_of
from responder.spec.versions import SpdmVersion
from responder.wire.context import WireContext
from responder.wire.message import spans
from responder.wire.registry import class_of


class DeviceMemory(dict[str, bytes]):
    """What the faults of one device remember across its connections: field to latest value."""


class FaultEngine(Hooks):
    """The hooks of one endpoint, changed as a profile's faults say."""

    def __init__(self, faults: Sequence[FaultSpec], memory: DeviceMemory) -> None:
        self._faults = faults
        self._memory = memory
        self._recalled: dict[str, bytes] = {}
        self._matches: Counter[str] = Counter()
        self._wanted = {
            (name, action.field)
            for fault in faults
            for action in fault.action
            if isinstance(action, Recall)
            for name in action.of
        }

    def request(self, exchange: Exchange) -> Defer | ProtocolError | bytes | None:
        """Remember the fields that ``recall`` actions ask for; never interferes."""
        for name, field in self._wanted:
            value = getattr(exchange.request, field, b"")
            if value and name == exchange.request.name:
                self._recalled[field] = self._memory.get(field, bytes(len(value)))
                self._memory[field] = value
        return None

    def pre_sign(self, exchange: Exchange, signing: Signing) -> Signing:
        """Apply ``recall`` actions to the transcript."""
        for fault in self._striking("pre_sign", exchange):
            for action in fault.action:
                if isinstance(action, Recall):
                    stale = self._recalled.get(action.field, b"")
                    fresh = signing.parts
                    signing.parts = _with_field(fresh, action, stale, exchange.wire)
                    if signing.parts != fresh:
                        _record(exchange, fault, f"{action.field} = {stale.hex()}")
        return signing

    def post_sign(self, exchange: Exchange, signature: bytes) -> bytes:
        """Apply ``flip`` actions to the signature."""
        for fault in self._striking("post_sign", exchange):
            for action in fault.action:
                if isinstance(action, Flip):
                    before, signature = signature, flip_bit(signature, action.bit)
                    if signature != before:
                        _record(exchange, fault, f"bit {action.bit} of {len(signature)} bytes")
        return signature

    def _striking(self, hook: str, exchange: Exchange) -> Iterator[FaultSpec]:
        response = name_of_code(response_code_of(exchange.request.code))
        version = SpdmVersion(exchange.wire.version).label
        for fault in self._faults:
            if fault.hook != hook or (fault.message and response not in fault.message):
                continue
            if fault.version and version not in fault.version:
                continue
            self._matches[fault.id] += 1
            if fault.nth is None or fault.nth == self._matches[fault.id]:
                yield fault


def flip_bit(data: bytes, bit: int) -> bytes:
    """``data`` with one bit inverted; nothing changes if it is outside ``data``."""
    position = bit + 8 * len(data) if bit < 0 else bit
    if not 0 <= position < 8 * len(data):
        return data
    changed = bytearray(data)
    changed[position // 8] ^= 1 << position % 8
    return bytes(changed)


def _with_field(parts: Parts, action: Recall, value: bytes, wire: WireContext) -> Parts:
    changed = []
    for name, data in parts:
        part = data
        if name in action.of:
            for span in spans(class_of(data), data, wire):
                if span.path == action.field:
                    part = part[: span.start] + value + part[span.end :]
        changed.append((name, part))
    return changed


def _record(exchange: Exchange, fault: FaultSpec, detail: str) -> None:
    exchange.evidence.append(FaultFired(fault.id, fault.hook, detail))
