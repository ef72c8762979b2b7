"""Cases of the catalogue on which the reference requester does not do its duty, and why not yet.

A key is a case, or a fault with all its cases. An entry that holds no longer fails its test.
"""

WRONG: dict[str, str] = {}
