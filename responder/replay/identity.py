"""Who signs: certificate chains as they were read in a run, and what was known before it."""

from collections.abc import Mapping

from responder.crypto.hashing import digest
from responder.crypto.signing import PublicKey, UnsupportedKeyError
from responder.replay.heard import Heard
from responder.replay.recording import RESPONDER, Known
from responder.replay.terms import Terms, UnreplayableError
from responder.spec.limits import PUBLIC_KEY_SLOT, PUBLIC_KEY_SLOT_NIBBLE
from responder.wire.certificate_chain import parse_chain
from responder.wire.chain import build_chain, split_certificates
from responder.wire.errors import WireError

_PUBLIC_KEY_SLOTS = (PUBLIC_KEY_SLOT, PUBLIC_KEY_SLOT_NIBBLE)


class Identities:
    """The chains and public keys of both sides."""

    def __init__(self, known: Mapping[str, Known]) -> None:
        """Begin with what was known before, by kind of key; what is read in the run goes first."""
        self._known = known
        self._chains: dict[tuple[str, int], bytes] = {}
        self._digests: dict[tuple[str, int], bytes] = {}

    def told(self, side: str, response: Heard) -> None:
        """Take in a side's DIGESTS."""
        digests = response.message.by_slot(response.context.hash_size)
        self._digests |= {(side, slot): value for slot, value in digests.items()}

    def changed(self, side: str) -> None:
        """A certificate was set: DIGESTS that were told before are no measure any more."""
        self._digests = {place: one for place, one in self._digests.items() if place[0] != side}

    def read(self, side: str, request: Heard, response: Heard, terms: Terms) -> None:
        """Take in a portion of a side's chain: GET_CERTIFICATE and CERTIFICATE.

        Raises:
            UnreplayableError: the chain is complete, and not the one of the last DIGESTS.
        """
        asked, answer = request.message, response.message
        offset = asked.large_offset if asked.large else asked.offset
        place = side, answer.slot_id
        chain = self._chains.get(place, b"")[:offset] + answer.cert_chain
        self._chains[place] = chain
        more = answer.large_remainder_length or answer.remainder_length
        expected = self._digests.get(place)
        if not more and expected not in (None, digest(terms.base_hash, chain)):
            raise UnreplayableError(
                f"the {side}'s chain of slot {answer.slot_id} is not in DIGESTS"
            )

    def hash_of(self, side: str, slot: int, terms: Terms) -> bytes:
        """The hash of a slot's chain structure, or of the public key, for transcripts.

        Raises:
            UnreplayableError: there is none.
        """
        if slot in _PUBLIC_KEY_SLOTS:
            return digest(terms.base_hash, self.public_key(side, terms))
        return digest(terms.base_hash, self._chain(side, slot, terms))

    def key_of(self, side: str, slot: int, terms: Terms) -> PublicKey:
        """The public key of a slot's leaf, or the one known beforehand.

        Raises:
            UnreplayableError: there is none, or it cannot be used.
        """
        try:
            if slot in _PUBLIC_KEY_SLOTS:
                return PublicKey.from_der(self.public_key(side, terms))
            chain = self._chain(side, slot, terms)
            return PublicKey.from_certificate(parse_chain(chain, terms.base_hash.size)[1][-1])
        except (UnsupportedKeyError, WireError) as error:
            raise UnreplayableError(f"the key of the {side}'s slot {slot}: {error}") from None

    def _chain(self, side: str, slot: int, terms: Terms) -> bytes:
        chain = self._chains.get((side, slot))
        if chain is not None:
            return chain
        certificates = self._before(side, terms).chains.get(side, {}).get(slot)
        if not certificates:
            raise UnreplayableError(f"nobody read the {side}'s chain of slot {slot}")
        root, *rest = split_certificates(certificates)
        return build_chain(digest(terms.base_hash, root), [root, *rest])

    def public_key(self, side: str, terms: Terms) -> bytes:
        """The public key known beforehand (DER); UnreplayableError if there is none."""
        key = self._before(side, terms).keys.get(side)
        if not key:
            raise UnreplayableError(f"the {side}'s public key is not known")
        return key

    def _before(self, side: str, terms: Terms) -> Known:
        scheme = terms.responder if side == RESPONDER else terms.requester
        return self._known.get(scheme.key if scheme else "", Known())
