"""Which capabilities a requester may claim together (DSP0274 "GET_CAPABILITIES", flag fields)."""

from functools import lru_cache

import msgspec

from responder.spec.flags import ANY_PSK, EP_INFO, MULTI_KEY, SESSION, Cap
from responder.spec.versions import V11, V13, V14, SpdmVersion

_KEY_MATERIAL = Cap.CERT | Cap.PUB_KEY_ID
_SESSION_ONLY = (
    Cap.MAC | Cap.ENCRYPT | Cap.HANDSHAKE_IN_THE_CLEAR | Cap.HBEAT | Cap.KEY_UPD
)  # fmt: skip


class Rule(msgspec.Struct, frozen=True):
    """A combination that a requester must not claim.

    It is broken when any flag of ``given`` (0: always) is set, none of ``unless`` is, and
    ``needs`` is missing: ``any_of`` wants one of its flags, ``none_of`` forbids all of its flags.
    """

    text: str
    given: Cap = Cap(0)
    unless: Cap = Cap(0)
    any_of: Cap = Cap(0)
    none_of: Cap = Cap(0)
    since: SpdmVersion = V11
    until: SpdmVersion = V14

    def broken_by(self, flags: Cap, version: SpdmVersion) -> bool:
        """Whether these flags break the rule in that version."""
        if not self.since <= version <= self.until:
            return False
        if (self.given and not flags & self.given) or flags & self.unless:
            return False
        return bool((self.any_of and not flags & self.any_of) or flags & self.none_of)


BOTH_SIDES = (
    Rule("KEY_EX and PSK need MAC or ENCRYPT", given=SESSION, any_of=Cap.MAC | Cap.ENCRYPT),
    Rule("session flags need KEY_EX or PSK", unless=SESSION, none_of=_SESSION_ONLY),
    Rule("EVENT needs KEY_EX or PSK", unless=SESSION, none_of=Cap.EVENT, since=V13),
    Rule(
        "HANDSHAKE_IN_THE_CLEAR needs KEY_EX",
        given=ANY_PSK,
        unless=Cap.KEY_EX,
        none_of=Cap.HANDSHAKE_IN_THE_CLEAR,
    ),
    Rule("CERT and PUB_KEY_ID exclude each other", given=Cap.CERT, none_of=Cap.PUB_KEY_ID),
    Rule("MUT_AUTH needs KEY_EX or CHAL", given=Cap.MUT_AUTH, any_of=Cap.KEY_EX | Cap.CHAL),
    Rule("MUT_AUTH needs ENCAP", given=Cap.MUT_AUTH, any_of=Cap.ENCAP, until=V11),
    Rule("MULTI_KEY needs CERT", given=MULTI_KEY, any_of=Cap.CERT, since=V13),
)
"""Rules for requester and responder alike."""

REQUESTER_RULES = (
    *BOTH_SIDES,
    Rule("PSK_CAP is 0 or 1", none_of=Cap.PSK_WITH_CONTEXT),
    Rule(
        "CERT and PUB_KEY_ID need CHAL or KEY_EX",
        given=_KEY_MATERIAL,
        any_of=Cap.CHAL | Cap.KEY_EX,
        until=SpdmVersion.V12,
    ),
    Rule(
        "CERT and PUB_KEY_ID need CHAL, KEY_EX or EP_INFO with signature",
        given=_KEY_MATERIAL,
        any_of=Cap.CHAL | Cap.KEY_EX | Cap.EP_INFO_SIG,
        since=V13,
    ),
    Rule(
        "CHAL and MUT_AUTH need CERT or PUB_KEY_ID",
        given=Cap.CHAL | Cap.MUT_AUTH,
        any_of=_KEY_MATERIAL,
    ),
    Rule(
        "EP_INFO with signature needs CERT or PUB_KEY_ID",
        given=Cap.EP_INFO_SIG,
        unless=Cap.EP_INFO_NO_SIG,
        any_of=_KEY_MATERIAL,
        since=V13,
    ),
    Rule("MULTI_KEY excludes PUB_KEY_ID", given=MULTI_KEY, none_of=Cap.PUB_KEY_ID, since=V13),
)

_RESERVED_PAIRS = (("EP_INFO_CAP", EP_INFO), ("MULTI_KEY_CAP", MULTI_KEY))


@lru_cache(maxsize=64)
def broken_rule(flags: Cap, version: SpdmVersion) -> str:
    """The first rule that a requester's flags break, or an empty string."""
    for rule in REQUESTER_RULES:
        if rule.broken_by(flags, version):
            return rule.text
    for name, field in _RESERVED_PAIRS:
        if version >= V13 and flags & field == field:
            return f"{name} 3 is reserved"
    return ""
