"""The requester proves who it is: with CHALLENGE, or in a session's handshake.

What is asked through encapsulated requests is a flow (``responder.core.encapsulation``). The
requester's certificate exchange and challenge have a transcript of their own: the flow keeps it.
"""

from collections.abc import Generator
from typing import TypeVar

import msgspec

from responder.core.connection import Connection, ProvenRequester
from responder.core.context import Context
from responder.core.encapsulation import Delivered, Flow
from responder.core.errors import ProtocolError, UntrustedError
from responder.core.hooks import Parts
from responder.core.interfaces import Device, VerifyingKey
from responder.core.session import MutualAuth, Session
from responder.crypto.hashing import digest
from responder.crypto.signing import SignatureError, signing_message
from responder.spec.algorithms import Hash, Signature
from responder.spec.codes import ErrorCode
from responder.spec.flags import Cap
from responder.spec.limits import (
    MAX_SMALL_CERTIFICATE_CHAIN,
    NONCE_SIZE,
    PUBLIC_KEY_SLOT,
    PUBLIC_KEY_SLOT_NIBBLE,
    SUMMARY_NONE,
)
from responder.spec.sessions import MutAuthRequested
from responder.spec.versions import V12, V13
from responder.wire.certificate import LARGE_CERT_CHAIN, Certificate, GetCertificate
from responder.wire.challenge import Challenge, ChallengeAuth
from responder.wire.digests import Digests, GetDigests
from responder.wire.errors import WireError
from responder.wire.message import Message

AnyMessage = TypeVar("AnyMessage", bound=Message)
_MAX_CHAIN = 1 << 20
"""Bytes of a requester's chain, at most: no more is read of it."""
_LARGE_PORTION = 0xFFFF


class Requester(msgspec.Struct, frozen=True):
    """What the flows of one connection need to know.

    Attributes:
        connection: the SPDM connection.
        device: whom it trusts.
        slot_id: the requester's slot that is preferred.
    """

    connection: Connection
    device: Device
    slot_id: int

    @property
    def asym(self) -> Signature:
        """What the requester signs with; ProtocolError if nothing was negotiated."""
        asym = self.connection.selected.requester_asym
        if asym is None:
            raise ProtocolError(ErrorCode.UNSPECIFIED, "no requester signature was negotiated")
        return asym

    @property
    def base_hash(self) -> Hash:
        """The negotiated hash; ProtocolError if there is none."""
        base_hash = self.connection.selected.base_hash
        if base_hash is None:
            raise ProtocolError(ErrorCode.UNSPECIFIED, "no base hash was negotiated")
        return base_hash

    def read(
        self, kind: type[AnyMessage], response: bytes, *, signed: bool = False
    ) -> tuple[AnyMessage, bytes]:
        """An encapsulated response, and its bytes without padding.

        Raises:
            ProtocolError: InvalidResponseCode: it is another message, or malformed.
        """
        version = self.connection.header_version
        if response[:2] != bytes((version, kind.CODE)):
            raise bad_response(f"{response[:2].hex()} is no {kind.__name__}")
        try:
            wire = self.connection.wire.of_requester().replace(signed=signed)
            message, used = kind.read(response, wire)
        except WireError as error:
            raise bad_response(str(error)) from None
        return message, response[:used]

    def verify(self, key: VerifyingKey, purpose: str, parts: Parts, signature: bytes) -> None:
        """Check the requester's signature over a transcript.

        Raises:
            ProtocolError: InvalidResponseCode: it does not verify.
        """
        context = f"requester-{purpose} signing"
        data = [part for _, part in parts]
        version = self.connection.header_version
        message = signing_message(version, context, self.base_hash, data)
        try:
            key.verify(self.asym, self.base_hash, message, signature, context)
        except SignatureError as error:
            raise bad_response(str(error)) from None

    def known(self, slot_id: int) -> tuple[bytes, VerifyingKey]:
        """Identity and key of the requester as it was provisioned, by slot or (0xFF) public key.

        Raises:
            ProtocolError: Unspecified: it was not, or is not believed.
        """
        trust = self.device.trust
        if slot_id == PUBLIC_KEY_SLOT:
            key = trust.public_key(self.asym)
            if key is not None:
                return digest(self.base_hash, key.der()), key
        elif chain := trust.chain(self.asym, self.base_hash):
            return digest(self.base_hash, chain), self.believed(chain)
        raise ProtocolError(ErrorCode.UNSPECIFIED, f"no requester {slot_id} was provisioned here")

    def believed(self, chain: bytes) -> VerifyingKey:
        """The public key of a chain that this device trusts.

        Raises:
            ProtocolError: InvalidResponseCode: it does not.
        """
        version = self.connection.header_version
        try:
            return self.device.trust.verify(chain, self.asym, self.base_hash, version)
        except UntrustedError as error:
            raise bad_response(str(error)) from None


def bad_response(reason: str) -> ProtocolError:
    """InvalidResponseCode: an encapsulated response cannot be what was asked for."""
    return ProtocolError(ErrorCode.INVALID_RESPONSE_CODE, reason)


def can_encapsulate(connection: Connection) -> bool:
    """Whether both sides can do encapsulated requests; in 1.2 MUT_AUTH_CAP implies it."""
    enough = Cap.ENCAP | Cap.MUT_AUTH if connection.version == V12 else Cap.ENCAP
    return bool(connection.flags & enough and connection.peer.flags & enough)


def requester_of(context: Context) -> Requester:
    """What flows need to know, as of this request."""
    return Requester(context.connection, context.device, context.policy.session.requester_slot)


def ask_for_mutual_auth(context: Context) -> MutualAuth:
    """What KEY_EXCHANGE_RSP asks for.

    Raises:
        ProtocolError: InvalidPolicy (before 1.3 Unspecified): the profile insists on mutual
            authentication, and the requester is not capable of it.
    """
    policy, connection = context.policy.session, context.connection
    wanted = policy.mutual_auth
    public_key = Cap.PUB_KEY_ID in connection.peer.flags
    if wanted and public_key:
        wanted = MutAuthRequested.WITHOUT_ENCAPSULATION
    capable = context.policy.deviations.asks_anyone or connection.common(Cap.MUT_AUTH)
    possible = capable and (
        wanted == MutAuthRequested.WITHOUT_ENCAPSULATION or can_encapsulate(connection)
    )
    if wanted and possible:
        return _mutual_auth(context, wanted, public_key=public_key)
    if policy.mutual_auth_required:
        code = ErrorCode.UNSPECIFIED
        if connection.header_version >= V13:
            code = ErrorCode.INVALID_POLICY
        raise ProtocolError(code, "the requester is not capable of mutual authentication")
    return MutualAuth()


def _mutual_auth(context: Context, wanted: int, *, public_key: bool) -> MutualAuth:
    if wanted != MutAuthRequested.WITHOUT_ENCAPSULATION:
        return MutualAuth(wanted)
    slot_id = PUBLIC_KEY_SLOT if public_key else context.policy.session.requester_slot
    identity, key = requester_of(context).known(slot_id)
    nibble = PUBLIC_KEY_SLOT_NIBBLE if public_key else slot_id
    return MutualAuth(wanted, nibble, slot_id, identity, key)


def demand_mutual_auth(context: Context, session: Session) -> None:
    """After KEY_EXCHANGE_RSP: the flow that it announced, if any."""
    requested = session.mutual.requested
    if requested in (0, MutAuthRequested.WITHOUT_ENCAPSULATION):
        return
    connection = context.connection
    connection.encapsulation.demand(
        in_session(requester_of(context), session),
        session.session_id,
        clear=connection.wire.handshake_in_the_clear,
        implicit=requested == MutAuthRequested.WITH_DIGESTS,
    )


def in_session(requester: Requester, session: Session) -> Flow:
    """GET_DIGESTS and GET_CERTIFICATE; FINISH brings the proof."""
    parts: Parts = []
    slot_id, chain = yield from _certificates(requester, parts)
    session.mutual.key = requester.believed(chain)
    session.mutual.identity = digest(requester.base_hash, chain)
    session.mutual.slot_id = slot_id
    requester.connection.requester = ProvenRequester(slot_id, session.mutual.key)
    if requester.connection.selected.multi_key_requester:
        session.mutual.digests = parts[1][1]
    return slot_id


def basic(requester: Requester, nonce: bytes) -> Flow:
    """GET_DIGESTS, GET_CERTIFICATE and CHALLENGE after a CHALLENGE_AUTH that asked for it."""
    connection = requester.connection
    version = connection.header_version
    parts: Parts = connection.transcript.vca if version >= V12 else []
    if Cap.PUB_KEY_ID in connection.peer.flags:
        slot_id = PUBLIC_KEY_SLOT
        identity, key = requester.known(slot_id)
    else:
        slot_id, chain = yield from _certificates(requester, parts)
        key = requester.believed(chain)
        identity = digest(requester.base_hash, chain)
    request = Challenge(
        spdm_version=version,
        slot_id=slot_id,
        measurement_summary_hash_type=SUMMARY_NONE,
        nonce=nonce[:NONCE_SIZE],
        requester_context=nonce[NONCE_SIZE:] if version >= V13 else b"",
    )
    delivered = yield request
    answer, raw = requester.read(ChallengeAuth, delivered.response)
    if answer.cert_chain_hash != identity:
        raise bad_response("CHALLENGE_AUTH is of another chain than was read")
    if answer.requester_context != request.requester_context:
        raise bad_response("CHALLENGE_AUTH has another context")
    parts.append((request.name, request.build(connection.wire)))
    parts.append((answer.name, raw[: len(raw) - len(answer.signature)]))
    requester.verify(key, "challenge_auth", parts, answer.signature)
    connection.requester = ProvenRequester(slot_id, key)
    return slot_id


def _certificates(
    requester: Requester, parts: Parts
) -> Generator[Message, Delivered, tuple[int, bytes]]:
    """The slot and the chain structure; ``parts`` gets the messages, requests before responses."""
    version = requester.connection.header_version
    request = GetDigests(spdm_version=version)
    delivered = yield request
    digests, raw = requester.read(Digests, delivered.response)
    parts += [(request.name, request.build()), (digests.name, raw)]
    slot_id, expected = _choose_slot(requester, digests)
    chain = yield from _chain(requester, slot_id, parts)
    if digest(requester.base_hash, chain) != expected:
        raise bad_response(f"the chain of slot {slot_id} is not the one of its digest")
    return slot_id, chain


def _choose_slot(requester: Requester, digests: Digests) -> tuple[int, bytes]:
    """The preferred slot, or the lowest that there is, and its digest."""
    slots = digests.by_slot(requester.base_hash.size)
    if not slots:
        raise bad_response("the requester has no certificate chain")
    slot_id = requester.slot_id if requester.slot_id in slots else min(slots)
    return slot_id, slots[slot_id]


def _chain(
    requester: Requester, slot_id: int, parts: Parts
) -> Generator[Message, Delivered, bytes]:
    connection = requester.connection
    large = connection.common(Cap.LARGE_RESP)
    chain = b""
    while True:
        request = _get_certificate(connection.header_version, slot_id, len(chain), large=large)
        delivered = yield request
        answer, raw = requester.read(Certificate, delivered.response)
        parts += [(request.name, request.build(connection.wire)), (answer.name, raw)]
        remainder = answer.large_remainder_length if large else answer.remainder_length
        chain += answer.cert_chain
        if not remainder:
            return chain
        if not answer.cert_chain or len(chain) + remainder > _MAX_CHAIN:
            raise bad_response("the requester's chain does not come to an end")


def _get_certificate(version: int, slot_id: int, offset: int, *, large: bool) -> GetCertificate:
    if not large:
        return GetCertificate(
            spdm_version=version,
            slot=slot_id,
            offset=offset,
            length=MAX_SMALL_CERTIFICATE_CHAIN,
        )
    return GetCertificate(
        spdm_version=version,
        slot=slot_id | LARGE_CERT_CHAIN,
        offset=0,
        length=0,
        large_offset=offset,
        large_length=_LARGE_PORTION,
    )
