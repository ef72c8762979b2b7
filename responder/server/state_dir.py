"""The state of a device in a folder, so that it outlasts the process.

A new state is written beside the old one, brought to the disk, and then takes its name: whenever
the process or the machine dies, there is the old or the new one, and never half of either.
"""

import fcntl
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from responder.device.state import DeviceState
from responder.errors import ConfigError, UnavailableError, system_reason

FORMAT = "spdm-responder device state 1"
NEGOTIATED_FORMAT = "spdm-responder negotiated state 1"
FILE, NEW_FILE, LOCK_FILE = "state.json", "state.json.new", "lock"
NEGOTIATED_FILE, NEGOTIATED_NEW_FILE = "negotiated.json", "negotiated.json.new"

AnyState = TypeVar("AnyState")
_MODE = 0o600
"""For the owner only: there are private keys in it."""


class Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """What the file holds.

    Attributes:
        format: ``FORMAT``.
        profile: the profile's name.
        sha256: of the state's bytes, hexadecimal.
        state: the state, as it was written.
    """

    format: str
    profile: str
    sha256: str
    state: msgspec.Raw


class Resumable(Protocol):
    """A device that can go on with a state; ``device.provisioning.Provisioning`` is one."""

    def resume(self, state: DeviceState | None, keep: "StateDir") -> None:
        """Go on with it."""

    def misfit(self, state: DeviceState) -> str:
        """Why a state is not this device's, or nothing."""


class StateDir:
    """A folder with the state of one device; it belongs to one process at a time."""

    def __init__(self, folder: Path, profile: str) -> None:
        """Take the folder, which is made if it is not there.

        Raises:
            UnavailableError: it cannot be written, or another process has it.
        """
        self._profile = profile
        self._path = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            self._lock = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, _MODE)
        except OSError as error:
            raise UnavailableError(f"state folder {folder}: {system_reason(error)}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            raise UnavailableError(f"state folder {folder}: another process has it") from error

    def close(self) -> None:
        """Leave the folder to others."""
        os.close(self._lock)
        os.close(self._folder)

    def restore(self, device: Resumable) -> None:
        """Let a device go on where it was, and keep all that it becomes.

        Raises:
            ConfigError: the file is damaged, or of another device; it stays as it is.
            UnavailableError: it cannot be read or written.
        """
        where = self._where(FILE)
        try:
            state = self.load()
            reason = device.misfit(state) if state else ""
            if reason:
                raise ConfigError(f"the state is of another device: {reason}", where=where)
            device.resume(state, self)
        except OSError as error:
            raise UnavailableError(f"{where}: {system_reason(error)}") from error

    def load(self) -> DeviceState | None:
        """The state; ``None`` if there was none yet.

        Raises:
            ConfigError: the file is damaged, or of another profile.
            OSError: it cannot be read.
        """
        return self._read(FILE, FORMAT, DeviceState)

    def __call__(self, state: DeviceState) -> None:
        """Keep a state.

        Raises:
            OSError: it cannot be kept; the one before is still there.
        """
        self._write(FILE, NEW_FILE, FORMAT, state)

    def load_negotiated(self) -> tuple[bytes, ...]:
        """The negotiated state; nothing if none is kept.

        Raises:
            ConfigError: the file is damaged, or of another profile.
            OSError: it cannot be read.
        """
        return self._read(NEGOTIATED_FILE, NEGOTIATED_FORMAT, tuple[bytes, ...]) or ()

    def keep_negotiated(self, state: tuple[bytes, ...]) -> None:
        """Keep a negotiated state, or none.

        Raises:
            OSError: it cannot be kept; the one before is still there.
        """
        self._write(NEGOTIATED_FILE, NEGOTIATED_NEW_FILE, NEGOTIATED_FORMAT, state)

    def _read(self, name: str, form: str, kind: type[AnyState]) -> AnyState | None:
        where = self._where(name)
        try:
            data = (self._path / name).read_bytes()
        except FileNotFoundError:
            return None
        try:
            envelope = msgspec.json.decode(data, type=Envelope)
            state = msgspec.json.decode(envelope.state, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            reason = f"the state is damaged, or none of this program: {error}"
            raise ConfigError(reason, where=where) from error
        if envelope.format != form:
            raise ConfigError(f"unknown format {envelope.format!r}", where=where)
        if envelope.sha256 != sha256(envelope.state).hexdigest():
            raise ConfigError("the state is damaged: its checksum is wrong", where=where)
        if envelope.profile != self._profile:
            reason = f"the state is of profile {envelope.profile!r}, not {self._profile!r}"
            raise ConfigError(reason, where=where)
        return state

    def _write(self, name: str, new_name: str, form: str, state: object) -> None:
        body = msgspec.json.encode(state)
        envelope = Envelope(form, self._profile, sha256(body).hexdigest(), msgspec.Raw(body))
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        new = os.open(new_name, flags, _MODE, dir_fd=self._folder)
        with open(new, "wb") as file:  # noqa: PTH123 - a descriptor, relative to the folder
            file.write(msgspec.json.encode(envelope) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(new_name, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        os.fsync(self._folder)

    def _where(self, name: str) -> str:
        return str(self._path / name)


class NegotiatedKeeper:
    """Keeps the negotiated state in a folder; a ``server.negotiated.Keeper``."""

    def __init__(self, folder: StateDir, say: Callable[[str], None]) -> None:
        """Look for what was kept; ``say`` is told if there is something that is of no use."""
        self._folder = folder
        self.found: tuple[bytes, ...] = ()
        try:
            self.found = folder.load_negotiated()
        except (ConfigError, OSError) as error:
            say(f"{error}; beginning without a negotiated state")

    def keep(self, state: tuple[bytes, ...]) -> None:
        """Keep another one, or none; OSError if it cannot be kept."""
        self._folder.keep_negotiated(state)
