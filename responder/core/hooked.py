"""What handlers do past the hooks: sign, derive keys, choose an encapsulated request."""

from functools import cached_property, partial

from responder.core.connection import Selected
from responder.core.errors import ProtocolError
from responder.core.hooks import Agreement, Exchange, Hooks, Parts, Signing, is_default
from responder.core.interfaces import SigningKey
from responder.core.key_schedule import Deriver
from responder.crypto.key_agreement import Agreed, respond
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import SignatureError, signing_message
from responder.spec.algorithms import Exchange as KeyExchangeAlgorithm
from responder.spec.algorithms import Hash
from responder.spec.codes import ErrorCode
from responder.wire.message import Message

_SEED_SIZE = 32


class Hooked:
    """The hooks of one exchange, and the negotiated algorithms that they see."""

    def __init__(self, hooks: Hooks, exchange: Exchange, selected: Selected) -> None:
        self._hooks = hooks
        self._exchange = exchange
        self._selected = selected
        self._version = exchange.connection.header_version

    @cached_property
    def base_hash(self) -> Hash:
        """The negotiated hash."""
        if self._selected.base_hash is None:
            raise ProtocolError(ErrorCode.UNSPECIFIED, "no base hash was negotiated")
        return self._selected.base_hash

    @cached_property
    def deriver(self) -> Deriver:
        """Derives the keys of this exchange."""
        hook = None if is_default(self._hooks) else partial(self._hooks.derive, self._exchange)
        return Deriver(self.base_hash, self._version, hook)

    def agree(self, exchange: KeyExchangeAlgorithm, peer_data: bytes, random: RandomTree) -> Agreed:
        """The responder's exchange data, and the secret with the requester's.

        Args:
            exchange: the negotiated group or KEM.
            peer_data: the requester's exchange data.
            random: the branch that the ephemeral key is drawn from.

        Raises:
            KeyAgreementError: as ``crypto.key_agreement.respond``.
        """
        agreement = Agreement(exchange, random.bytes(_SEED_SIZE))
        agreement = self._hooks.agree(self._exchange, agreement)
        return respond(exchange, peer_data, RandomTree(agreement.seed))

    def following(self, request: Message | None) -> Message | None:
        """The encapsulated request that comes next; ``None`` ends the flow."""
        return self._hooks.encap(self._exchange, request)

    def sign(self, key: SigningKey, purpose: str, parts: Parts) -> bytes:
        """The responder's signature over a transcript.

        Args:
            key: the private key.
            purpose: the signer context without the role, such as ``challenge_auth``.
            parts: the transcript.

        Raises:
            ProtocolError: Unspecified: the key cannot sign with the negotiated algorithm.
        """
        scheme = self._selected.base_asym
        if scheme is None:
            raise ProtocolError(ErrorCode.UNSPECIFIED, "no signature algorithm was negotiated")
        context = f"responder-{purpose} signing"
        signing = Signing(key, scheme, self.base_hash, self._version, context, list(parts))
        signing = self._hooks.pre_sign(self._exchange, signing)
        message = signing.message
        if message is None:
            data = [part for _, part in signing.parts]
            message = signing_message(signing.version, signing.context, signing.base_hash, data)
        try:
            signature = signing.key.sign(
                signing.scheme, signing.base_hash, message, signing.context
            )
        except SignatureError as error:
            raise ProtocolError(ErrorCode.UNSPECIFIED, str(error)) from None
        return self._hooks.post_sign(self._exchange, signing, signature)
