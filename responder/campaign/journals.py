"""Reads the conversations back out of a journal of ``serve``."""

import json
from collections.abc import Iterable
from typing import Any

from responder.campaign.oracles import Asked
from responder.errors import ConfigError

_REQUEST, _RESPONSE = "RequestReceived", "ResponseSent"


def conversations(lines: Iterable[str], where: str) -> list[list[Asked]]:
    """What was asked on each connection, and the first answer to it.

    Args:
        lines: JSON objects, as ``serve --journal`` writes them.
        where: the file, for errors.

    Raises:
        ConfigError: a line is none of a journal's.
    """
    found: dict[int, list[Asked]] = {}
    for number, line in enumerate(lines, 1):
        try:
            entry: Any = json.loads(line)
            event, connection = entry["event"], int(entry["connection"])
            if event not in {_REQUEST, _RESPONSE}:
                continue
            message = bytes.fromhex(entry["message"])
        except (ValueError, KeyError, TypeError) as error:
            reason = f"no line of a journal: {error}"
            raise ConfigError(reason, where=f"{where}:{number}") from None
        asked = found.setdefault(connection, [])
        if event == _REQUEST:
            asked.append(Asked(message, None))
        elif asked and asked[-1].response is None:
            asked[-1] = Asked(asked[-1].request, message)
    return list(found.values())
