"""From a profile to how sessions are handled, and to the keys that were shared before."""

from collections.abc import Sequence

from responder.core.interfaces import Psk, SessionPolicy
from responder.profiles import names
from responder.profiles.lookup import Lookup
from responder.profiles.schema import PskSection, SessionSection
from responder.profiles.schema_device import EventsSection
from responder.profiles.source import KeyPath


def build_session_policy(
    section: SessionSection, events: EventsSection, lookup: Lookup
) -> SessionPolicy:
    """The policy of a profile.

    Raises:
        ConfigError: an unknown version, or an unknown form of mutual authentication.
    """
    versions = lookup.all(
        ("session", "secured_versions"),
        section.secured_versions,
        names.SECURED_VERSIONS,
        "secured message version",
    )
    mutual_auth = lookup.one(
        ("session", "mutual_auth"),
        section.mutual_auth,
        names.MUTUAL_AUTH,
        "form of mutual authentication",
    )
    return SessionPolicy(
        limit=section.limit,
        heartbeat_period=section.heartbeat_period,
        secured_versions=tuple(versions),
        aead_limit=section.aead_limit,
        max_padding=section.record_padding,
        big_endian_sequence=section.big_endian_sequence,
        drop_undecryptable=section.undecryptable == "silence",
        keep_undecryptable=section.keep_undecryptable,
        mutual_auth=int(mutual_auth),
        mutual_auth_required=section.mutual_auth_required,
        basic_mutual_auth=section.basic_mutual_auth,
        requester_slot=section.requester_slot,
        event_queue=events.queue,
        first_event_id=events.first_id,
        wants_events=events.subscribe,
    )


def build_psks(sections: Sequence[PskSection], lookup: Lookup) -> list[Psk]:
    """The pre-shared keys of a profile.

    Raises:
        ConfigError: a key is missing, is there twice, or two have the same hint.
    """
    keys: list[Psk] = []
    for number, section in enumerate(sections):
        here = ("psk", number)
        hint = _bytes((*here, "hint"), section.hint, section.hint_hex, lookup)
        secret = _bytes((*here, "secret"), section.secret, section.secret_hex, lookup)
        if not secret:
            raise lookup.source.error(here, "a pre-shared key needs a secret")
        if any(key.hint == hint for key in keys):
            raise lookup.source.error(here, f"the hint {hint!r} is there twice")
        keys.append(Psk(hint, secret))
    return keys


def _bytes(path: KeyPath, text: str | None, digits: str | None, lookup: Lookup) -> bytes:
    if text is not None and digits is not None:
        raise lookup.source.error(path, "it is given both as text and in hexadecimal")
    if digits is not None:
        return lookup.hex((*path[:-1], f"{path[-1]}_hex"), digits)
    return (text or "").encode()
