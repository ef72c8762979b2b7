"""What duties and bases mean, in words."""

from collections.abc import Mapping
from types import MappingProxyType

DUTIES: Mapping[str, str] = MappingProxyType(
    {
        "reject": "reject the response and stop",
        "accept": "accept it and go on",
        "retry": "try again, and then succeed",
        "resync": "begin anew at GET_VERSION",
        "end": "end the session",
        "bounded": "come to an end in time, whatever it decides",
        "policy": "let somebody decide: it is legal, and has to be told",
    }
)
"""What a conforming requester must do, by ``Duty``."""

BASES: Mapping[str, str] = MappingProxyType(
    {
        "spec": "a clause says so",
        "reference": "an implementation does so",
        "judgement": "we think so",
    }
)
"""Whose word a duty is, by ``Basis``."""
