"""Translates the options of DMTF's ``spdm_responder_emu`` into ours.

Names, spellings and defaults are those of spdm-emu's command line. What an option asks for and
this responder does not do is said in a warning; an option that only concerns that program's
requester is accepted without one, because there it has no effect on the responder either.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.cli import emu_words as emu
from responder.cli.emu_key_pairs import provisioning_overrides
from responder.cli.emu_sessions import session_overrides
from responder.errors import suggest
from responder.pki.emu_keys import SECOND_KEY_SLOT, is_key_folder
from responder.pki.emu_keys import SLOTS as EMU_SLOTS
from responder.pki.sets import list_slots
from responder.profiles.names import LACKING, SIGNATURES
from responder.transport.uri import DEFAULT_HOST, SOCKET_PORT, TCP_PORT, Endpoint

if TYPE_CHECKING:
    from responder.cli.emu_state import EmuStateFile

_VERBOSE = ("-v", "--verbose")
_DEVICE_SET = "device"
_DEFAULT_SLOT_COUNT = "2"
_PUBLIC_KEY_SLOT = "0xFF"
_CERTIFICATES = (
    "CERT", "SET_CERT", "CSR", "MULTI_KEY_NEG", "GET_KEY_PAIR_INFO", "SET_KEY_PAIR_INFO",
)  # fmt: skip
"""What a responder with a raw public key does not claim by default."""
_MAX_MESSAGE = 0x28000
_MULTI_KEY_SINCE = "1.3"

_FUNCTION: dict[str, Any] = {
    "pcie": {"status_index": 0},
    "ide": {},
    "tdisp": {"ide_binding": "keys", "learn_function_id": True},
    "cxl_ide_km": {},
    "cxl_tsp": {"session_end": "unlock"},
}
"""What the requester beside that program expects behind PCI DOE: IDE_KM, TDISP and CXL."""

Given = dict[str, str]


@dataclass(frozen=True, slots=True)
class EmuRun:
    """What a command line of ``spdm_responder_emu`` asks for.

    Attributes:
        overrides: changes to the profile ``default``.
        endpoint: where to listen, or with ``call`` where to connect.
        call: connect to the requester and inquire its role (``--tcp_sub RI``).
        remote: the address is the user's own choice.
        once: end with the first connection (``--exe_mode SHUTDOWN``).
        verbose: show each message.
        states: the files of ``--load_state`` and ``--save_state``, if there are any.
        warnings: one line for each thing that is asked for and not done.
    """

    overrides: dict[str, Any]
    endpoint: Endpoint
    call: bool
    remote: bool
    once: bool
    verbose: bool
    states: "EmuStateFile | None"
    warnings: list[str]


def translate(arguments: Sequence[str], folder: Path) -> EmuRun:
    """The meaning of a command line that is given in ``folder``.

    Raises:
        click.UsageError: an option or a value that ``spdm_responder_emu`` does not have.
        ConfigError: the file of ``--load_state`` cannot be used.
    """
    given = _parse(arguments)
    states = _states(given, folder)
    overrides = _overrides(given if states is None else given | states.given, folder)
    if states is not None:
        overrides["spdm"] |= states.overrides
    transport = given.get("--trans", "MCTP")
    port = given.get("--port") or (TCP_PORT if transport == "TCP" else SOCKET_PORT)
    host = given.get("--ip", DEFAULT_HOST)
    return EmuRun(
        overrides=overrides,
        endpoint=Endpoint("spdm-emu", emu.TRANSPORTS[transport], host, int(port)),
        call=transport == "TCP" and given.get("--tcp_sub") == "RI",
        remote="--ip" in given,
        once=given.get("--exe_mode") != "CONTINUE",
        verbose="--verbose" in given,
        states=states,
        warnings=list(_warnings(given)),
    )


def _parse(arguments: Sequence[str]) -> dict[str, str]:
    """Options and their checked values; the last of several counts, as it does there."""
    given: dict[str, str] = {}
    rest = iter(arguments)
    for name in rest:
        if name in _VERBOSE:
            given["--verbose"] = ""
            continue
        option = emu.OPTIONS.get(name)
        if option is None:
            raise _usage(f"no such option: {name}", suggest(name, (*emu.OPTIONS, *_VERBOSE)))
        value = next(rest, None)
        if value is None:
            raise click.UsageError(f"{name} needs a value")
        _check(name, value, option)
        given[name] = value
    return given


def _states(given: Given, folder: Path) -> "EmuStateFile | None":
    load, save = given.get("--load_state"), given.get("--save_state")
    if load is None and save is None:
        return None
    from responder.cli.emu_state import EmuStateFile  # noqa: PLC0415 - only if asked for

    return EmuStateFile(folder / load if load else None, folder / save if save else None)


def _check(name: str, value: str, option: emu.Option) -> None:
    if option.number and not (value.isdecimal() and int(value) <= option.number):
        raise click.UsageError(f"{name} takes a number up to {option.number}, not {value!r}")
    for word in value.split(",") if option.several else [value]:
        if option.words and word not in option.words and not (option.several and not word):
            raise _usage(f"{name} does not take {word!r}", suggest(word, option.words))


def _usage(reason: str, suggestion: str) -> click.UsageError:
    return click.UsageError(f"{reason} (did you mean {suggestion}?)" if suggestion else reason)


def _overrides(given: Given, folder: Path) -> dict[str, Any]:
    capabilities = _capabilities(given)
    classical = _chosen(given, "--asym", emu.SIGNATURES)
    post_quantum = _post_quantum(given, classical, folder)
    overrides: dict[str, Any] = {
        "spdm": {
            "versions": given.get("--ver", emu.DEFAULTS["--ver"]).split(","),
            "capabilities": capabilities,
            "allow_inconsistent": True,  # that program claims what it is told to
        },
        "deviations": ["cleared-goes-on"],
        "algorithms": {
            "multi_key": "MULTI_KEY_CONN" in _words(given, "--other_param"),
            "base_asym": classical,
            "pqc_asym": post_quantum,
            "pqc_first": given.get("--pqc_first") == "TRUE",
            "base_hash": _chosen(given, "--hash", emu.HASHES),
            "measurement_hash": _chosen(given, "--meas_hash", emu.MEASUREMENT_HASHES),
            "measurement_specification": _chosen(given, "--meas_spec", emu.SPECIFICATIONS),
            "mel_specification": _chosen(given, "--mel_spec", emu.SPECIFICATIONS),
            "opaque_formats": [1] if "OPAQUE_FMT_1" in _words(given, "--other_param") else [],
            "req_base_asym": _chosen(given, "--req_asym", emu.SIGNATURES),
            "dhe": _chosen(given, "--dhe", emu.DHE_GROUPS),
            "aead": _chosen(given, "--aead", emu.AEADS),
            "key_schedule": _chosen(given, "--key_schedule", emu.KEY_SCHEDULES),
            "req_pqc_asym": _chosen(given, "--req_pqc_asym", emu.POST_QUANTUM),
            "kem": _chosen(given, "--kem", emu.KEMS),
        },
        "slot": _slots(
            int(given.get("--slot_count", _DEFAULT_SLOT_COUNT)),
            _kinds([*classical, *post_quantum]),
            folder,
            multi_key=max(_words(given, "--ver")) >= _MULTI_KEY_SINCE
            and any("MULTI_KEY" in word for word in capabilities),
        ),
    }
    requester = _kinds(
        [
            *_chosen(given, "--req_asym", emu.SIGNATURES),
            *_chosen(given, "--req_pqc_asym", emu.POST_QUANTUM),
        ]
    )
    overrides |= session_overrides(given, folder, requester)
    if "ALIAS_CERT" in capabilities:
        overrides["slot"][0]["model"] = "alias"
    overrides |= provisioning_overrides(overrides["slot"])
    if "CHUNK" in capabilities:
        overrides["spdm"]["max_spdm_msg_size"] = _MAX_MESSAGE
    if given.get("--trans") == "PCI_DOE":
        overrides |= _FUNCTION
    if "PUB_KEY_ID" in capabilities:
        overrides["public_key"] = {"set": overrides["slot"][0]["set"]}
    return overrides


def _words(given: Given, name: str) -> list[str]:
    """The words of an option, or those of its default."""
    return given.get(name, emu.DEFAULTS[name]).split(",")


def _chosen(given: Given, name: str, known: Mapping[str, str]) -> list[str]:
    """Our names for the words of an option, in that program's order of preference.

    What cannot be computed is left out.
    """
    words = _words(given, name)
    return [ours for word, ours in known.items() if word in words and ours not in LACKING]


def _capabilities(given: Given) -> list[str]:
    words = _words(given, "--cap")
    if "--cap" not in given and given.get("--slot_id") == _PUBLIC_KEY_SLOT:
        words = [word for word in words if word not in _CERTIFICATES] + ["PUB_KEY_ID"]
    return [ours for word, ours in emu.RESPONDER_CAPABILITIES.items() if word in words]


def _kinds(signatures: Iterable[str]) -> list[str]:
    """The kinds of key of signature algorithms."""
    return list(dict.fromkeys(SIGNATURES[name].key for name in signatures))


def _post_quantum(given: Given, classical: Sequence[str], folder: Path) -> list[str]:
    """The post-quantum signatures; key folders of older versions of that program have no keys."""
    chosen = _chosen(given, "--pqc_asym", emu.POST_QUANTUM)
    if not classical or not is_key_folder(folder, _kinds(classical)):
        return chosen
    return [name for name in chosen if is_key_folder(folder, _kinds([name]))]


def _slots(
    count: int, kinds: Sequence[str], folder: Path, *, multi_key: bool
) -> list[dict[str, Any]]:
    """So many slots; where the set has fewer, the last ones share its keys and chains.

    Like that program, take the keys of the working directory if they are there: whoever runs the
    requester beside it trusts those.
    """
    if kinds and is_key_folder(folder, kinds):
        own = str(folder.absolute())
        slots = [{"id": slot, "set": own, "set_slot": slot % EMU_SLOTS} for slot in range(count)]
        if multi_key and count <= SECOND_KEY_SLOT and is_key_folder(folder, kinds, SECOND_KEY_SLOT):
            slots.append({"id": SECOND_KEY_SLOT, "set": own})
        return slots
    there = min((len(list_slots(_DEVICE_SET, kind)) for kind in kinds), default=count)
    return [
        {"id": slot, "set": _DEVICE_SET, "set_slot": slot % max(there, 1)} for slot in range(count)
    ]


def _warnings(given: Given) -> Iterator[str]:
    for name, value in given.items():
        option = emu.OPTIONS.get(name, emu.Option())
        if option.warning and value not in option.quiet:
            yield f"{name} {value}: {option.warning}"
    for name, table in emu.ALGORITHMS.items():
        words = given.get(name, "").split(",")
        if lacking := [table[word] for word in words if table.get(word) in LACKING]:
            yield f"{name}: not offered, because it cannot be computed: {', '.join(lacking)}"
    if "--save_state" in given and "CACHE" not in _words(given, "--cap"):
        yield "--save_state: without CACHE no negotiated state is kept"
    if "VER_ONLY" in given.get("--exe_conn", ""):
        yield "--exe_conn VER_ONLY: state is not provisioned, GET_CAPABILITIES is expected"
