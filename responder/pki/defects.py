"""The catalogue of defective certificate chains, and what builds them.

Every chain is made from a slot's healthy identity, at first use, the same one for the same seed.
What is catalogued as "legal" is no defect but unusual: to refuse it is the requester's mistake.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PrivateKey
from responder.errors import ConfigError, suggest
from responder.pki.defect_draft import Defect, Draft
from responder.pki.defects_chain import CHAIN_DEFECTS
from responder.pki.defects_keys import KEY_DEFECTS
from responder.pki.defects_names import NAME_DEFECTS
from responder.pki.defects_x509 import FIELD_DEFECTS
from responder.pki.der_edit import DerError
from responder.pki.sets import Identity

if TYPE_CHECKING:
    from responder.pki.keyring import Keyring
    from responder.spec.algorithms import Hash

DEFECTS: Mapping[str, Defect] = MappingProxyType(
    {
        defect.name: defect
        for defect in (*CHAIN_DEFECTS, *FIELD_DEFECTS, *NAME_DEFECTS, *KEY_DEFECTS)
    }
)
"""Everything that can be wrong with a chain, by name."""


class DefectiveChain(msgspec.Struct, frozen=True):
    """What a slot shows.

    Attributes:
        key: what signs messages for this chain.
        chain: the whole structure as it is sent: Length, RootHash, certificates.
    """

    key: PrivateKey
    chain: bytes


class DefectBuilder:
    """Makes defective chains, each one once."""

    def __init__(self, random: RandomTree, certs: Path | None = None) -> None:
        """Make nothing yet.

        Args:
            random: gives serial numbers and keys.
            certs: the folder of sets beside which the authorities' keys are, else the shipped one.
        """
        self._random = random
        self._certs = certs
        self._keys: Keyring | None = None
        self._built: dict[tuple[str, bytes, tuple[bytes, ...], str, int], DefectiveChain] = {}

    def build(
        self, name: str, identity: Identity, base_hash: "Hash", version: int
    ) -> DefectiveChain:
        """The chain of an identity with a defect.

        Args:
            name: of the defect.
            identity: the healthy one.
            base_hash: the negotiated hash, which RootHash is made with.
            version: the negotiated SPDM version.

        Raises:
            ConfigError: no such defect, or it cannot be made of this identity: the key of an
                authority is not within reach, or the chain lacks what the defect is about.
        """
        place = (name, identity.key, tuple(identity.chain), base_hash.name, version)
        if place not in self._built:
            self._built[place] = self._build(name, identity, base_hash, version)
        return self._built[place]

    def _build(
        self, name: str, identity: Identity, base_hash: "Hash", version: int
    ) -> DefectiveChain:
        defect = DEFECTS.get(name)
        if defect is None:
            reason = f"there is no certificate defect {name!r}"
            raise ConfigError(reason, suggestion=suggest(name, DEFECTS))
        random = self._random.child("defect", name, identity.chain[-1].hex())
        draft = Draft(identity, base_hash, version, self._keyring(identity), random)
        try:
            defect.apply(draft)
        except DerError as error:
            raise ConfigError(f"a certificate of this chain cannot be changed: {error}") from error
        except ConfigError as error:
            raise ConfigError(f"certificate defect {name!r}: {error.reason}") from error
        return DefectiveChain(draft.private_key(), draft.structure())

    def _keyring(self, identity: Identity) -> "Keyring":
        from responder.pki.keyring import Keyring  # noqa: PLC0415 - slow to import
        from responder.pki.keys import load_key  # noqa: PLC0415 - same

        if self._keys is None:
            self._keys = Keyring(self._random.child("key"), self._certs)
        self._keys.add(load_key(identity.key))
        return self._keys
