"""A profile, and certificates for it, in the image of a recorded device."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PublicKey, UnsupportedKeyError
from responder.errors import ConfigError
from responder.pki.builder import header
from responder.pki.imitate import imitate
from responder.pki.keys import RsaSource
from responder.pki.sets import identity_path, pem, pem_blocks
from responder.profiles import names
from responder.profiles.recorded import RecordedDevice, RecordedMeasurement
from responder.spec.algorithms import (
    BASE_ASYM,
    BASE_HASHES,
    MEASUREMENT_HASHES,
    OPAQUE_FORMAT_0,
    OPAQUE_FORMAT_1,
    PQC_ASYM,
    RAW_BIT_STREAM_ONLY,
    TABLE_ALGORITHMS,
    Algorithm,
    Signature,
)
from responder.spec.flags import Cap, ExtCap
from responder.spec.limits import SLOT_COUNT
from responder.spec.measurements import RAW_BIT_STREAM, VALUE_TYPE_MASK, ValueType
from responder.spec.registries import CertificateModel
from responder.spec.versions import ALL_VERSIONS, SpdmVersion
from responder.wire.certificate_chain import parse_chain
from responder.wire.errors import WireError
from responder.wire.measurement_extension_log import MelEntry

_SHIPPED_SET = "device"


class Imitation:
    """What is written for a recorded device.

    Attributes:
        profile: the profile, as nested tables.
        files: path beside the profile to content.
        notes: a line for each thing that the profile cannot have from the recording.
    """

    def __init__(self, device: RecordedDevice, name: str, rsa: RsaSource) -> None:
        """Make it; keys derive from ``name``.

        Raises:
            ConfigError: the recording does not say which versions and algorithms there are.
        """
        if not (device.versions and device.capabilities and device.selected):
            raise ConfigError("there is no VERSION, CAPABILITIES and ALGORITHMS in it")
        self._device = device
        self._name = name
        self._rsa = rsa
        self.files: dict[str, bytes] = {}
        self.notes: list[str] = []
        self.profile = self._profile()
        self._roots()

    def _roots(self) -> None:
        """The highest certificate of each chain, for a requester to trust."""
        path = f"{self._name}-certs/roots.pem"
        highest = [pem_blocks(data, path)[-1][1] for data in self.files.values()]
        if highest:
            text = header(f"Roots of {self._name}.")
            self.files[path] = text + b"".join(
                pem("CERTIFICATE", der) for der in dict.fromkeys(highest)
            )

    def _profile(self) -> dict[str, Any]:
        spdm = self._spdm()
        profile = {
            "description": f"In the image of a recorded device: {self._name}",
            "spdm": spdm,
            "algorithms": self._algorithms(),
            "slot": self._slots(),
            "log": self._log(),
            "measurement": list(self._measurements()),
            "vendor": [
                {
                    "standard": standard,
                    "vendor_id": vendor_id.hex(),
                    "request": request.hex(),
                    "response": response.hex(),
                }
                for standard, vendor_id, request, response in self._device.vendor
            ],
        }
        if "PUB_KEY_ID" in spdm["capabilities"]:
            profile["public_key"] = {"set": _SHIPPED_SET}
            self.notes.append("the provisioned public key is not in it: a shipped one is taken")
        return {key: value for key, value in profile.items() if value}

    def _spdm(self) -> dict[str, Any]:
        device = self._device
        latest = device.capabilities[max(device.capabilities)]
        flags = 0
        for capabilities in device.capabilities.values():
            flags |= capabilities.flags
        spdm: dict[str, Any] = {
            "versions": [SpdmVersion(one).label for one in device.versions if one in ALL_VERSIONS],
            "capabilities": [flag.name for flag in Cap if flag & flags],
            "ext_capabilities": [flag.name for flag in ExtCap if flag & latest.ext_flags],
            "ct_exponent": latest.ct_exponent,
        }
        if latest.data_transfer_size is not None:
            spdm["data_transfer_size"] = latest.data_transfer_size
            spdm["max_spdm_msg_size"] = latest.max_spdm_msg_size
        return spdm

    def _algorithms(self) -> dict[str, Any]:
        device = self._device
        opaque = {OPAQUE_FORMAT_1: 1, OPAQUE_FORMAT_0: 0}
        formats = [answer.other_params_selection & 3 for _, answer in device.selected]
        hashes = [b for b in device.bits("measurement_hash_algo") if b != RAW_BIT_STREAM_ONLY]
        raw_only = [names.RAW_ONLY] * (RAW_BIT_STREAM_ONLY in device.bits("measurement_hash_algo"))
        found = {
            "base_asym": self._named(BASE_ASYM, device.bits("base_asym_sel")),
            "pqc_asym": self._named(PQC_ASYM, device.bits("pqc_asym_sel")),
            "pqc_first": any(
                request.base_asym_algo and answer.pqc_asym_sel
                for request, answer in device.selected
            ),
            "base_hash": self._named(BASE_HASHES, device.bits("base_hash_sel")),
            "measurement_hash": [*self._named(MEASUREMENT_HASHES, hashes), *raw_only],
            "measurement_specification": ["DMTF"]
            * bool(device.bits("measurement_specification_sel")),
            "mel_specification": ["DMTF"] * bool(device.bits("mel_specification_sel")),
            "opaque_formats": list(dict.fromkeys(opaque[one] for one in formats if one in opaque)),
            "multi_key": device.multi_key,
            **{
                key: self._named(TABLE_ALGORITHMS[alg_type], device.table_bits(alg_type))
                for key, alg_type in names.TABLE_KEYS.items()
            },
        }
        always = ("measurement_specification", "opaque_formats")  # not empty if not given
        return {key: value for key, value in found.items() if value or key in always}

    def _named(self, table: Sequence[Algorithm], bits: Iterable[int]) -> list[str]:
        found = [row.name for bit in bits for row in table if row.bit == bit]
        for name in found:
            if name in names.LACKING:
                self.notes.append(f"{name} is left out: {names.LACKING[name]}")
        return [name for name in found if name not in names.LACKING]

    def _slots(self) -> list[dict[str, Any]]:
        device = self._device
        kinds = self._kinds()
        model = CertificateModel.DEVICE
        if any(one.flags & Cap.ALIAS_CERT for one in device.capabilities.values()):
            model = CertificateModel.ALIAS
        sections: list[dict[str, Any]] = []
        for slot_id in range(SLOT_COUNT):
            slot = device.slots.get(slot_id)
            if slot is None:
                if device.supported_slots >> slot_id & 1:
                    sections.append({"id": slot_id})
                continue
            self._identities(slot_id, kinds)
            section = {
                "id": slot_id,
                "set": f"./{self._name}-certs",
                "model": CertificateModel(slot.model or model).name.lower(),
            }
            if slot.key_pair_id:
                section["key_pair_id"] = slot.key_pair_id
                section["key_usage"] = _words(names.KEY_USAGES, slot.key_usage)
            sections.append(section)
        return sections

    def _kinds(self) -> list[str]:
        """The kinds of keys that the selected signatures need."""
        rows: list[Signature] = [
            row
            for table, name in ((BASE_ASYM, "base_asym_sel"), (PQC_ASYM, "pqc_asym_sel"))
            for bit in self._device.bits(name)
            for row in table
            if row.bit == bit and row.name not in names.LACKING
        ]
        return list(dict.fromkeys(row.key for row in rows))

    def _identities(self, slot_id: int, kinds: Iterable[str]) -> None:
        own, others = self._chains(slot_id), self._chains(None)
        for kind in kinds:
            path = f"{self._name}-certs/{kind}/slot{slot_id}.pem"
            chain = own.get(kind) or others.get(kind)
            if kind not in own:
                told = "another slot's shape" if chain else "a shipped one"
                self.notes.append(f"slot {slot_id} shows no {kind} chain: {told} is taken")
            if chain is None:
                self.files[path] = identity_path(_SHIPPED_SET, kind, 0).read_bytes()
                continue
            random = RandomTree(self._name.encode())
            self.files[path] = imitate(chain, self._name, slot_id, random, self._rsa)

    def _chains(self, slot_id: int | None) -> dict[str, list[bytes]]:
        """Recorded chains by the kind of their leaf's key, of one slot or of all."""
        found: dict[str, list[bytes]] = {}
        for number, slot in self._device.slots.items():
            for hash_size, structure in slot.chains if slot_id in {None, number} else ():
                try:
                    _, chain = parse_chain(structure, hash_size)
                    found.setdefault(PublicKey.from_certificate(chain[-1]).kind, chain)
                except (WireError, IndexError, UnsupportedKeyError) as error:
                    self.notes.append(f"a chain of slot {number} cannot be read: {error}")
        return found

    def _log(self) -> list[dict[str, Any]]:
        """The entries of the log whose values are known; digests alone are no log."""
        if not all(entry.value_type & RAW_BIT_STREAM for entry in self._device.log):
            self.notes.append("the measurement extension log is left out: it has digests")
            return []
        return [_value_of(entry) for entry in self._device.log]

    def _measurements(self) -> Iterable[dict[str, Any]]:
        words = {kind: word for word, kind in names.MEASUREMENT_TYPES.items()}
        logged = {entry["measurement"] for entry in self._log()}
        for index in sorted({*logged, *self._device.measurements}):
            if index in logged:
                yield {"index": index, "type": words[ValueType.HASH_EXTEND]}
                continue
            one = self._device.measurements[index]
            if one.kind == ValueType.HASH_EXTEND or one.kind not in words:
                self.notes.append(f"measurement {index:#x} is left out: its log is not in it")
                continue
            yield {"index": index, "type": words[ValueType(one.kind)]} | _value(one)


def _value_of(entry: MelEntry) -> dict[str, Any]:
    kind = ValueType(entry.value_type & VALUE_TYPE_MASK)
    word = next(word for word, one in names.LOGGED_TYPES.items() if one is kind)
    return {"measurement": entry.meas_index, "type": word, "hex": entry.value.hex()}


def _value(one: RecordedMeasurement) -> dict[str, Any]:
    if one.raw is None:
        return {"digest": (one.digest or b"").hex()}
    if one.always_raw or one.digest is None:
        return {"hex": one.raw.hex(), "raw": True}
    return {"hex": one.raw.hex()}


def _words(table: Mapping[str, int], bits: int) -> list[str]:
    return [word for word, bit in table.items() if bit & bits]
