"""The IDE extended capability of a port, and the streams behind it (PCIe 6.2, 6.33 and 7.9.26)."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from responder.core.interfaces import SessionToken
from responder.device.pcie.ide_keys import Key, Place, StreamKeys
from responder.device.pcie.ide_registers import IdeLayout, registers_of
from responder.device.pcie.interfaces import FunctionEffect, Noticed, Reset
from responder.device.pcie.policies import IdePolicy
from responder.spec import ide
from responder.spec.ide import StreamControl, StreamState

Listener = Callable[[int, str], None]
"""Told the id of a stream that is no longer what it was, and why."""


NO_IDE_POLICY = IdePolicy()
STOCK_IDE = IdePolicy(
    wipe_on_session_end=False,
    session_required=False,
    exclusive_session=False,
    max_port_index=7,
    check_fields=False,
    any_stream=True,
    reprogram_active=True,
    go_without_key=True,
    status_for_all=False,
)
"""As the reference responder does, as far as that is a matter of policy."""


class _Stream(msgspec.Struct):
    """A register block of a stream.

    Attributes:
        name: such as ``ide.stream0``.
        control: the index of its control register; its status register follows.
        secure, failed: what its status register tells.
    """

    name: str
    control: int
    secure: bool = False
    failed: bool = False

    @property
    def status(self) -> int:
        """The status register; no other states exist."""
        state = StreamState.SECURE if self.secure else StreamState.INSECURE
        return state | (ide.INTEGRITY_CHECK_FAILED if self.failed else 0)


class _Standing(NamedTuple):
    """What a stream id has to lose."""

    secure: bool
    keyed: bool
    sessions: list[SessionToken | None]

    def lost(self, now: "_Standing") -> bool:
        """Whether something of it is gone: security, keys, or the session of all keys."""
        if self.secure and not now.secure:
            return True
        mine = {id(session) for session in self.sessions}
        other = any(id(session) not in mine for session in now.sessions)
        return self.keyed and (not now.keyed or other)


class IdePort:
    """Implements ``Registers``; one for each device, in its first function.

    Keys belong to stream ids. A register block is secure when it is enabled and the id in its
    control register has six keys in use.

    Attributes:
        policy: what it does where there is a choice.
        capability_id, version, size: of the extended capability.
    """

    capability_id = ide.IDE_CAPABILITY_ID
    version = 1

    def __init__(self, layout: IdeLayout, policy: IdePolicy = NO_IDE_POLICY) -> None:
        self.policy = policy
        self._registers = registers_of(layout)
        self._values = [register.default for register in self._registers]
        self.size = 4 * len(self._registers)
        self._streams = [
            _Stream(register.name.removesuffix(".control"), at)
            for at, register in enumerate(self._registers)
            if register.name.endswith(".control") and register.name != "ide.control"
        ]
        self._status = {stream.control + 1: stream for stream in self._streams}
        self._control = {stream.control: stream for stream in self._streams}
        self._keys: dict[int, StreamKeys] = {}
        self._listeners: list[Listener] = []

    def watch(self, listener: Listener) -> None:
        """Call it when a stream that was secure, or keyed, no longer is."""
        self._listeners.append(listener)

    def name(self, offset: int) -> str:
        """The register at an offset from the header, such as ``ide.stream0.control``."""
        return self._registers[offset // 4].name

    def read(self, offset: int, now: float = 0.0) -> int:
        """The DW at an offset from the header; the header itself reads 0 here."""
        del now
        stream = self._status.get(offset // 4)
        return stream.status if stream else self._values[offset // 4]

    def write(
        self, offset: int, value: int, now: float = 0.0, lanes: int = 0xF
    ) -> Sequence[FunctionEffect]:
        """Write the bytes of a DW that ``lanes`` names; what it makes of streams shows at once."""
        del now
        at, written = offset // 4, _mask(lanes)
        stream = self._status.get(at)
        if stream:
            stream.failed &= not value & written & ide.INTEGRITY_CHECK_FAILED
            return []
        written &= self._registers[at].writable
        before = self._values[at]
        after = before & ~written | value & written
        stream = self._control.get(at)
        if stream is None:
            self._values[at] = after
            return []
        return self._controlled(stream, before, after)

    def block(self) -> bytes:
        """All registers behind the header as QUERY_RESP shows them, 4 bytes each."""
        values = (self.read(4 * at) for at in range(1, len(self._registers)))
        return b"".join(value.to_bytes(4, "little") for value in values)

    def reset(self, reset: Reset, now: float = 0.0) -> Sequence[FunctionEffect]:
        """Registers as after power-up, keys gone."""
        del now
        was = self._all_standing()
        self._values = [register.default for register in self._registers]
        self._keys.clear()
        for stream in self._streams:
            stream.failed = False
        return self._settled(was, reset.value)

    @property
    def stream_ids(self) -> set[int]:
        """The ids that control registers name."""
        return {self._id(stream) for stream in self._streams}

    def knows(self, stream_id: int) -> bool:
        """Whether a stream of that id may be keyed: a control register names it."""
        policy = self.policy
        if policy.any_stream:
            return True
        first = policy.enable_order == "enable-first"
        return any(
            self._has(one, StreamControl.ENABLE) or not first for one in self._named(stream_id)
        )

    def keys(self, stream_id: int) -> StreamKeys:
        """The keys of a stream id, to look at."""
        return self._keys.get(stream_id) or StreamKeys()

    def program(
        self, stream_id: int, place: Place, key_set: int, key: Key
    ) -> Sequence[FunctionEffect]:
        """KEY_PROG; replaces a key that is in use if the policy has allowed that."""
        was = self._all_standing()
        self._keys.setdefault(stream_id, StreamKeys()).program(place, key_set, key)
        return self._settled(was, "a key in use was programmed anew")

    def go(self, stream_id: int, place: Place, key_set: int) -> Sequence[FunctionEffect]:
        """K_SET_GO of a key that is there."""
        was = self._all_standing()
        self.keys(stream_id).go(place, key_set)
        return self._settled(was, "a key of another session is in use")

    def stop(self, stream_id: int, place: Place, key_set: int) -> Sequence[FunctionEffect]:
        """K_SET_STOP: the key is gone; without it the stream is insecure if it was in use."""
        was = self._all_standing()
        self.keys(stream_id).stop(place, key_set)
        return self._settled(was, "K_SET_STOP")

    def session_ended(self, session: SessionToken) -> Sequence[FunctionEffect]:
        """Keys that came over a session go with it, if the policy says so."""
        if not self.policy.wipe_on_session_end:
            return []
        was = self._all_standing()
        for keys in self._keys.values():
            keys.forget(session)
        return self._settled(was, "the session that programmed its keys ended")

    def integrity_failed(self, stream_id: int) -> Sequence[FunctionEffect]:
        """A packet of the stream did not verify: its keys are gone, its status says why."""
        was = self._all_standing()
        for stream in self._named(stream_id):
            stream.failed = True
        self._keys.pop(stream_id, None)
        return self._settled(was, "an integrity check failed")

    def stream_state(self, stream_id: int) -> StreamState:
        """SECURE if a register block of that id is."""
        return StreamState.SECURE if self.secure(stream_id) else StreamState.INSECURE

    def secure(self, stream_id: int) -> bool:
        """Whether a register block of that id is secure."""
        return any(stream.secure for stream in self._named(stream_id))

    def keyed(self, stream_id: int, session: SessionToken | None) -> bool:
        """Whether the stream's six keys are in use, all of which came over that session."""
        return self.keys(stream_id).all_of(session)

    def default_stream_problem(self, stream_id: int) -> str:
        """Why a stream may not be a TDI's default stream by its registers; empty if it may be."""
        found = [one for one in self._named(stream_id) if one.name.startswith("ide.stream")]
        if not found:
            return f"no selective stream has id {stream_id}"
        stream = next((one for one in found if one.secure), found[0])
        control = self._values[stream.control]
        if not stream.secure:
            return f"stream {stream_id} is not secure"
        if not control & StreamControl.DEFAULT_STREAM:
            return f"stream {stream_id} is not the default stream"
        if control >> ide.TRAFFIC_CLASS_SHIFT & ide.TRAFFIC_CLASS_MASK:
            return f"stream {stream_id} is not of traffic class 0"
        others = [
            one
            for one in self._streams
            if one is not stream and self._has(one, StreamControl.DEFAULT_STREAM)
        ]
        return "there is more than one default stream" if others else ""

    def _controlled(self, stream: _Stream, before: int, after: int) -> Sequence[FunctionEffect]:
        was = self._all_standing()
        self._values[stream.control] = after
        begins = after & ~before & StreamControl.ENABLE
        return self._settled(was, "its control register was written", stream if begins else None)

    def _settled(
        self, was: dict[int, _Standing], reason: str, begun: _Stream | None = None
    ) -> list[FunctionEffect]:
        """Bring the streams up to date; listeners hear of those that lost what they had.

        ``begun`` was enabled just now.
        """
        effects: list[FunctionEffect] = []
        for stream in self._streams:
            before = stream.secure
            stream.secure = self._may_be_secure(stream, begun)
            if stream.secure != before:
                what = "ide-secure" if stream.secure else "ide-insecure"
                why = "" if stream.secure else f": {reason}"
                effects.append(Noticed(what, f"{stream.name}, id {self._id(stream)}{why}"))
        for stream_id, standing in was.items():
            if standing.lost(self._standing(stream_id)):
                for listener in self._listeners:
                    listener(stream_id, reason)
        return effects

    def _may_be_secure(self, stream: _Stream, begun: _Stream | None) -> bool:
        ready = self._has(stream, StreamControl.ENABLE) and self.keys(self._id(stream)).complete
        if ready and self.policy.enable_order == "keys-first":
            return stream.secure or stream is begun
        return ready

    def _all_standing(self) -> dict[int, _Standing]:
        """How each stream id stands that has keys: without any it has nothing to lose."""
        return {stream_id: self._standing(stream_id) for stream_id in self._keys}

    def _standing(self, stream_id: int) -> _Standing:
        keys = self.keys(stream_id)
        return _Standing(self.secure(stream_id), keys.complete, keys.sessions)

    def _named(self, stream_id: int) -> Iterator[_Stream]:
        """The register blocks with that id."""
        return (stream for stream in self._streams if self._id(stream) == stream_id)

    def _id(self, stream: _Stream) -> int:
        return self._values[stream.control] >> ide.STREAM_ID_SHIFT & ide.STREAM_ID_MASK

    def _has(self, stream: _Stream, bit: StreamControl) -> bool:
        return bool(self._values[stream.control] & bit)


def _mask(lanes: int) -> int:
    """The bits of the bytes of a DW that are written."""
    return sum(0xFF << 8 * lane for lane in range(4) if lanes >> lane & 1)
