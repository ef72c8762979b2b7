"""The file in which ``spdm_responder_emu`` and its requester keep the negotiated state.

A packed structure of that program (its nv_storage.h, structure version 1), little-endian: what was
agreed, and the messages of the VCA one after the other. What was agreed follows from those.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from responder.cli import emu_words as emu
from responder.errors import ConfigError, system_reason
from responder.profiles.names import RAW_ONLY
from responder.spec.algorithms import (
    BASE_ASYM,
    BASE_HASHES,
    MEASUREMENT_HASHES,
    MULTI_KEY_CONNECTION,
    PQC_ASYM,
    RAW_BIT_STREAM_ONLY,
    TABLE_AEAD,
    TABLE_ALGORITHMS,
    TABLE_DHE,
    TABLE_KEM,
    TABLE_KEY_SCHEDULE,
    TABLE_REQ_BASE_ASYM,
    TABLE_REQ_PQC_ASYM,
    names_in,
)
from responder.spec.flags import Cap
from responder.spec.versions import V12, SpdmVersion
from responder.wire.algorithms import Algorithms, NegotiateAlgorithms
from responder.wire.capabilities import Capabilities, GetCapabilities
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.message import Message
from responder.wire.version import GetVersion, Version

_HEAD = struct.Struct("<IBBIBIBBBIIIHHHHQ")
_STRUCTURE_VERSION = 1
_ROOM = 210
"""Bytes for the messages, as that program is built by default."""
_VCA: tuple[type[Message], ...] = (
    GetVersion,
    Version,
    GetCapabilities,
    Capabilities,
    NegotiateAlgorithms,
    Algorithms,
)
_OPAQUE_FORMAT_1 = 1 << 1
_TABLES: Mapping[int, tuple[str, Mapping[str, str]]] = {
    TABLE_DHE: ("--dhe", emu.DHE_GROUPS),
    TABLE_AEAD: ("--aead", emu.AEADS),
    TABLE_REQ_BASE_ASYM: ("--req_asym", emu.SIGNATURES),
    TABLE_KEY_SCHEDULE: ("--key_schedule", emu.KEY_SCHEDULES),
    TABLE_REQ_PQC_ASYM: ("--req_pqc_asym", emu.POST_QUANTUM),
    TABLE_KEM: ("--kem", emu.KEMS),
}


class EmuStateFile:
    """The files that are named by ``--load_state`` and ``--save_state``.

    A ``server.negotiated.Keeper``.

    Attributes:
        found: the messages of the VCA that the first one holds; none if it is not given.
    """

    def __init__(self, load: Path | None, save: Path | None) -> None:
        """Read the file to begin with.

        Raises:
            ConfigError: it cannot be read, or holds no negotiated state.
        """
        self.found = () if load is None else _read(load)
        self._save = save

    def keep(self, state: tuple[bytes, ...]) -> None:
        """Write a state, or an empty file for none, as that program does.

        Raises:
            OSError: it cannot be written.
            ValueError: the messages are too long for that program's file, which is empty then.
        """
        if self._save is not None:
            self._save.write_bytes(b"")
            if state:
                self._save.write_bytes(_packed(state))

    @property
    def given(self) -> dict[str, str]:
        """The options that would have led to what was found, in their place."""
        if not self.found:
            return {}
        _, told, _, own, _, chosen = _parsed(b"".join(self.found))
        versions = [SpdmVersion(entry >> 8).label for entry in told.version_number_entry]
        raw_only = chosen.measurement_hash_algo == RAW_BIT_STREAM_ONLY
        names = {ours: word for word, ours in emu.RESPONDER_CAPABILITIES.items()}
        flags = [names[str(one.name)] for one in Cap if one in Cap(own.flags)]
        other = ["OPAQUE_FMT_1"] * bool(chosen.other_params_selection & _OPAQUE_FORMAT_1)
        other += ["MULTI_KEY_CONN"] * bool(chosen.other_params_selection & MULTI_KEY_CONNECTION)
        given = {
            "--ver": ",".join(versions),
            "--cap": ",".join(flags),
            "--asym": _words(emu.SIGNATURES, names_in(BASE_ASYM, chosen.base_asym_sel)),
            "--pqc_asym": _words(emu.POST_QUANTUM, names_in(PQC_ASYM, chosen.pqc_asym_sel)),
            "--hash": _words(emu.HASHES, names_in(BASE_HASHES, chosen.base_hash_sel)),
            "--meas_hash": _words(
                emu.MEASUREMENT_HASHES,
                [RAW_ONLY]
                if raw_only
                else names_in(MEASUREMENT_HASHES, chosen.measurement_hash_algo),
            ),
            "--meas_spec": "DMTF" if chosen.measurement_specification_sel else "",
            "--mel_spec": "DMTF" if chosen.mel_specification_sel else "",
            "--other_param": ",".join(other),
        }
        bits = {one.alg_type: one.alg_supported for one in chosen.structures()}
        for kind, (option, words) in _TABLES.items():
            found = names_in(TABLE_ALGORITHMS[kind], bits.get(kind, 0))
            given[option] = _words(words, found)
        return given

    @property
    def overrides(self) -> dict[str, Any]:
        """What of CAPABILITIES no option says: keys of a profile's table ``spdm``."""
        if not self.found:
            return {}
        own = _parsed(b"".join(self.found))[3]
        sizes = ("data_transfer_size", "max_spdm_msg_size") if own.spdm_version >= V12 else ()
        return {name: getattr(own, name) for name in ("ct_exponent", *sizes)}


def _words(known: Mapping[str, str], names: list[str]) -> str:
    return ",".join(word for word, ours in known.items() if ours in names)


def _read(path: Path) -> tuple[bytes, ...]:
    where = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(system_reason(error), where=where) from error
    if not data:
        raise ConfigError("the file is empty: no negotiated state was kept", where=where)
    if len(data) < _HEAD.size or data[:4] != _STRUCTURE_VERSION.to_bytes(4, "little"):
        raise ConfigError("no negotiated state of spdm_responder_emu", where=where)
    vca = data[_HEAD.size : _HEAD.size + _HEAD.unpack_from(data)[-1]]
    try:
        _parsed(vca)
    except (WireError, ValueError) as error:
        raise ConfigError(f"the messages in it are damaged: {error}", where=where) from error
    return tuple(_split(vca))


def _split(vca: bytes) -> list[bytes]:
    messages = []
    for kind in _VCA:
        _, used = kind.read(vca, WireContext())
        messages.append(vca[:used])
        vca = vca[used:]
    if vca:
        raise WireError(f"{len(vca)} bytes follow ALGORITHMS", "vca_buffer")
    return messages


def _parsed(vca: bytes) -> list[Any]:
    """The six messages; WireError or ValueError if they are not those."""
    found: list[Any] = []
    for kind, data in zip(_VCA, _split(vca), strict=True):
        if data[1] != kind.CODE:
            raise WireError(f"code {data[1]:#04x} where {kind.__name__} stands", "vca_buffer")
        found.append(kind.parse(data))
    for entry in found[1].version_number_entry:
        SpdmVersion(entry >> 8)
    found[5].structures()
    return found


def _packed(state: tuple[bytes, ...]) -> bytes:
    vca = b"".join(state)
    if len(vca) > _ROOM:
        raise ValueError(f"{len(vca)} bytes of messages, and {_ROOM} have room in the file")
    _, _, asked, own, _, chosen = _parsed(vca)
    tables = {one.alg_type: one.alg_supported for one in chosen.structures()}
    head = _HEAD.pack(
        _STRUCTURE_VERSION,
        own.spdm_version,
        asked.ct_exponent or 0,
        asked.flags or 0,
        own.ct_exponent,
        own.flags,
        chosen.measurement_specification_sel,
        chosen.other_params_selection,
        chosen.mel_specification_sel,
        chosen.measurement_hash_algo,
        chosen.base_asym_sel,
        chosen.base_hash_sel,
        *(
            tables.get(kind, 0)
            for kind in (TABLE_DHE, TABLE_AEAD, TABLE_REQ_BASE_ASYM, TABLE_KEY_SCHEDULE)
        ),
        len(vca),
    )
    return head + vca.ljust(_ROOM, b"\0")
