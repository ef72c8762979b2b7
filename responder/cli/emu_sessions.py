"""What the options of ``spdm_responder_emu`` say of sessions and of the requester."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from responder.profiles.names import SECURED_VERSIONS

PSK = {"hint": "TestPskHint\0", "secret": "TestPskData\0"}
"""That program's only pre-shared key; text and final zero both count."""
_GET_TID = {"request": "01 80 00 02", "response": "01 00 00 02 00 01"}
"""PLDM GetTID over MCTP, and the answer that it is 1."""
_HEARTBEAT_PERIOD = 240
_SESSIONS = 4
_MUTUAL_AUTH = {
    "NO": "none",
    "WO_ENCAP": "without-encapsulation",
    "W_ENCAP": "with-encapsulation",
    "DIGESTS": "with-digests",
}
_ROOT = "ca.cert.der"
_CHAIN = "bundle_requester.certchain.der"
_PUBLIC_KEY = "end_requester.key.pub.der"
_PUBLIC_KEY_SLOT = "0xFF"


def session_overrides(
    given: Mapping[str, str], folder: Path, requester_kinds: Sequence[str]
) -> dict[str, Any]:
    """Tables of a profile.

    Args:
        given: options and their values.
        folder: where keys of the requester may lie.
        requester_kinds: the kinds of key that it may sign with.
    """
    slot = given.get("--req_slot_id", "0")
    session: dict[str, Any] = {
        "limit": _SESSIONS,
        "heartbeat_period": _HEARTBEAT_PERIOD,
        "secured_versions": [given["--sec_ver"]]
        if "--sec_ver" in given
        else [name for name in reversed(SECURED_VERSIONS) if name != "1.3"],
        "mutual_auth": _MUTUAL_AUTH[given.get("--mut_auth", "W_ENCAP")],
        "basic_mutual_auth": given.get("--basic_mut_auth", "BASIC") == "BASIC",
        "requester_slot": 0 if slot == _PUBLIC_KEY_SLOT else int(slot),
    }
    return {
        "session": session,
        "psk": [PSK],
        "application": [_GET_TID],
        "trust": _trust(folder, requester_kinds),
    }


def _trust(folder: Path, kinds: Sequence[str]) -> dict[str, Any]:
    """The requester of that program's key folder, and the shipped one."""

    def files(name: str) -> list[str]:
        there = (folder.absolute() / kind / name for kind in kinds)
        return [str(file) for file in there if file.is_file()]

    return {
        "requester_roots": ["shipped", *files(_ROOT)],
        "requester_chains": [*files(_CHAIN), "shipped"],
        "requester_public_keys": files(_PUBLIC_KEY),
    }
