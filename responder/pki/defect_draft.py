"""A healthy chain taken apart, for a defect to change it.

Everything that the defect does not touch stays as it was: the same root, names, keys and rights,
and signatures that are right. So the defect is the only reason to refuse the chain.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError
from responder.pki.certificate_edit import CertificateEdit, Part
from responder.pki.sets import Identity

if TYPE_CHECKING:
    from responder.crypto.signing import PrivateKey
    from responder.pki.keyring import Keyring
    from responder.pki.keys import Key
    from responder.spec.algorithms import Hash

LENGTH_SIZE = 4

_SERIAL_BYTES = 16

Change = Callable[[CertificateEdit], object]
"""Changes one certificate before it is signed again."""


class Draft:
    """A chain on its way to be defective.

    Attributes:
        certificates: DER, the root first.
        base_hash: the hash of RootHash.
        version: the SPDM version.
        keys: the private keys within reach.
        random: a branch of this defect's own.
        signing_key: signs messages in place of the identity's key, if it is set.
        root_hash: in place of the hash of the first certificate, if it is set.
        finish: changes the whole structure at the end.
    """

    def __init__(
        self,
        identity: Identity,
        base_hash: "Hash",
        version: int,
        keys: "Keyring",
        random: RandomTree,
    ) -> None:
        self.certificates = list(identity.chain)
        self.base_hash = base_hash
        self.version = version
        self.keys = keys
        self.random = random
        self.signing_key: Key | None = None
        self.root_hash: bytes | None = None
        self.finish: Callable[[bytes], bytes] = bytes
        self._identity = identity

    @property
    def leaf(self) -> int:
        """The leaf's place."""
        return len(self.certificates) - 1

    @property
    def intermediate(self) -> int:
        """The place of the leaf's issuer below the root.

        Raises:
            ConfigError: the root itself issued the leaf.
        """
        if self.leaf < 2:
            raise ConfigError("this defect needs a chain with an intermediate certificate")
        return self.leaf - 1

    @property
    def issuer(self) -> int:
        """The place of the leaf's issuer, the leaf's own if it is all there is."""
        return max(0, self.leaf - 1)

    def edit(self, place: int) -> CertificateEdit:
        """A certificate as a tree of its own."""
        return CertificateEdit(self.certificates[place])

    def key_of(self, place: int) -> "Key":
        """The private key of a certificate.

        Raises:
            ConfigError: it is not within reach.
        """
        edit = self.edit(place)
        key = self.keys.find(edit.part(Part.PUBLIC_KEY).encode())
        if key is None:
            raise ConfigError(
                "this defect issues a certificate anew, and the private key of the issuer "
                f"{edit.common_name()!r} is not among the shipped authorities"
            )
        return key

    def kind_of(self, place: int) -> str:
        """The kind of a certificate's key, such as ``ecp384``; ``ConfigError`` if none of ours."""
        from responder.pki.keyring import kind_of_public  # noqa: PLC0415 - slow to import

        return kind_of_public(self.edit(place).part(Part.PUBLIC_KEY).encode())

    def reissue(self, place: int, change: Change, *, hash_name: str = "") -> None:
        """Change a certificate and sign it with the key of the one above it.

        Raises:
            ConfigError: that key is not within reach.
        """
        edit = self.edit(place)
        change(edit)
        self.certificates[place] = self.signed(edit, max(0, place - 1), hash_name)

    def reissue_root(self, change: Change) -> None:
        """Change the root and sign it with the key that it has then."""
        edit = self.edit(0)
        change(edit)
        self.certificates[0] = edit.node.encode()
        self.certificates[0] = self.signed(edit, 0)

    def adopt(self, place: int, change: Change = bool, *, hash_name: str = "") -> None:
        """Issue a certificate anew under the one above it, whatever that has become."""
        above = self.edit(place - 1)

        def name_issuer(edit: CertificateEdit) -> None:
            edit.set_issuer(above)
            change(edit)

        self.reissue(place, name_issuer, hash_name=hash_name)

    def signed(self, edit: CertificateEdit, issuer: int, hash_name: str = "") -> bytes:
        """The certificate signed with the key of the one at ``issuer``."""
        from responder.pki.certificate_signature import KeySigner  # noqa: PLC0415 - slow to import

        return edit.signed(KeySigner(self.key_of(issuer), hash_name))

    def insert_authority(self, place: int, common_name: str, key: "Key | None" = None) -> None:
        """Put another authority below the one before ``place``, in its image.

        Args:
            place: where it will be; what was there is not changed.
            common_name: its name.
            key: its key; that of the authority above if it is left out.
        """
        above = self.edit(place - 1)
        edit = self.edit(place - 1)
        edit.set_serial(self.serial())
        edit.set_common_name(common_name)
        edit.set_issuer(above)
        if key is not None:
            edit.set_public_key(self.keys.add(key))
        self.certificates.insert(place, self.signed(edit, place - 1))

    def serial(self) -> int:
        """A serial number of 16 bytes that no other certificate has."""
        top = 1 << (8 * _SERIAL_BYTES - 2)
        return int.from_bytes(self.random.bytes(_SERIAL_BYTES), "big") % top + top

    def sign_messages_with(self, key: "Key") -> None:
        """Let messages be signed with the key of a new leaf."""
        self.signing_key = key

    def structure(self) -> bytes:
        """The whole chain structure, as it is sent."""
        from responder.crypto.hashing import digest  # noqa: PLC0415 - slow to import
        from responder.wire.chain import build_chain  # noqa: PLC0415 - same

        root_hash = self.root_hash
        if root_hash is None:
            root_hash = digest(self.base_hash, self.certificates[0])
        return self.finish(build_chain(root_hash, self.certificates))

    def private_key(self) -> "PrivateKey":
        """What signs messages for this chain."""
        from responder.crypto.signing import (  # noqa: PLC0415 - slow to import
            PrivateKey,
            load_private_key,
        )

        if self.signing_key is not None:
            return PrivateKey(self.signing_key)
        return load_private_key(self._identity.key)


Recipe = Callable[[Draft], None]
"""Makes a draft defective."""


class Defect(msgspec.Struct, frozen=True):
    """One way in which a chain is wrong, or legal and unusual.

    Attributes:
        name: the id in the catalogue of faults, without ``x5.``.
        description: what is wrong, one sentence.
        apply: does it.
    """

    name: str
    description: str
    apply: Recipe


def leaf(*changes: Change) -> Recipe:
    """Issues the leaf anew with changes."""
    return lambda draft: draft.reissue(draft.leaf, _all(changes))


def intermediate(*changes: Change) -> Recipe:
    """Issues the leaf's issuer anew with changes; it is not the root."""
    return lambda draft: draft.reissue(draft.intermediate, _all(changes))


def root(*changes: Change) -> Recipe:
    """Signs the root anew with changes: the trusted name and key, and other bytes."""
    return lambda draft: draft.reissue_root(_all(changes))


def _all(changes: Sequence[Change]) -> Change:
    def change(edit: CertificateEdit) -> None:
        for one in changes:
            one(edit)

    return change
