"""Randomness as a tree, so that one run is reproduced by one seed.

Every purpose draws from a branch of its own (connection, then session, then purpose): a value
more drawn in one place shifts no value in another, and the order in which peers arrive does not
matter.
"""

import hmac


class RandomTree:
    """A branch of the tree: a stream of bytes, and branches below it."""

    def __init__(self, seed: bytes) -> None:
        self._key = hmac.digest(b"spdm-responder random tree", seed, "sha256")
        self._counter = 0
        self._pool = b""

    def child(self, *path: str | int) -> "RandomTree":
        """The branch at ``path`` below this one; the same path is always the same stream.

        ``child("a", 1)`` is ``child("a").child(1)``.
        """
        key = self._key
        for step in path:
            key = hmac.digest(key, b"child\0" + repr(step).encode(), "sha256")
        branch = RandomTree(b"")
        branch._key = key
        return branch

    def bytes(self, size: int) -> bytes:
        """The next ``size`` bytes of this branch's stream (HKDF-Expand's block chain)."""
        while len(self._pool) < size:
            self._counter += 1
            self._pool += hmac.digest(
                self._key, b"block\0" + self._counter.to_bytes(8, "big"), "sha256"
            )
        taken, self._pool = self._pool[:size], self._pool[size:]
        return taken
