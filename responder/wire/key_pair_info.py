"""GET_KEY_PAIR_INFO, KEY_PAIR_INFO, SET_KEY_PAIR_INFO and its ACK (DSP0274 1.3 and later)."""

from typing import Any

from construct import Construct

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.key_pairs import KeyPairAlgorithm, KeyPairCap, KeyPairOperation
from responder.spec.versions import V14
from responder.wire.fields import Blob, Int8ul, Int16ul, Int32ul, LengthOf, When, since
from responder.wire.message import Message, wire
from responder.wire.names import key_usage, slot_mask

PQC_SIZE = 4
"""Bytes in which this program writes a mask of post-quantum algorithms (1.4)."""


class GetKeyPairInfo(Message, code=RequestCode.GET_KEY_PAIR_INFO):
    """Asks what a key pair is; 5 bytes."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    key_pair_id: int = wire(Int8ul)


class KeyPairInfo(Message, code=ResponseCode.KEY_PAIR_INFO):
    """A key pair: 23 bytes and an AlgorithmIdentifier in DER; from 1.4 on two masks follow.

    Each of the two masks of post-quantum algorithms has its own length before it.
    """

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    total_key_pairs: int = wire(Int8ul)
    key_pair_id: int = wire(Int8ul)
    capabilities: int = wire(Int16ul, default=0, show=KeyPairCap)
    key_usage_capabilities: int = wire(Int16ul, default=0, show=key_usage)
    current_key_usage: int = wire(Int16ul, default=0, show=key_usage)
    asym_algo_capabilities: int = wire(Int32ul, default=0, show=KeyPairAlgorithm)
    current_asym_algo: int = wire(Int32ul, default=0, show=KeyPairAlgorithm)
    public_key_info_length: int | None = wire(LengthOf("public_key_info", Int16ul), default=None)
    assoc_cert_slot_mask: int = wire(Int8ul, default=0, show=slot_mask)
    public_key_info: bytes = wire(Blob(lambda c: c.public_key_info_length), default=b"")
    pqc_asym_capabilities_length: int | None = wire(
        When(since(V14), LengthOf("pqc_asym_capabilities", Int8ul)), default=None
    )
    pqc_asym_capabilities: bytes = wire(
        When(since(V14), Blob(lambda c: c.pqc_asym_capabilities_length), b""),
        default=b"",
    )
    current_pqc_asym_length: int | None = wire(
        When(since(V14), LengthOf("current_pqc_asym", Int8ul)), default=None
    )
    current_pqc_asym: bytes = wire(
        When(since(V14), Blob(lambda c: c.current_pqc_asym_length), b""),
        default=b"",
    )


def _changes(context: Any) -> bool:
    return bool(context.operation != KeyPairOperation.ERASE)


def _changes_pqc(context: Any) -> bool:
    return _changes(context) and since(V14)(context)


def _changed(construct: Construct) -> When:
    return When(_changes, construct, 0)


class SetKeyPairInfo(Message, code=RequestCode.SET_KEY_PAIR_INFO):
    """Changes, erases or generates a key pair; 5 bytes to erase, else 13, and more from 1.4 on.

    A desired value of 0 leaves usage and algorithm as they are; the slots are always set.
    """

    operation: int = wire(Int8ul, show=KeyPairOperation)
    param2: int = wire(Int8ul, default=0)
    key_pair_id: int = wire(Int8ul)
    reserved: int = wire(_changed(Int8ul), default=0)
    desired_key_usage: int = wire(_changed(Int16ul), default=0, show=key_usage)
    desired_asym_algo: int = wire(_changed(Int32ul), default=0, show=KeyPairAlgorithm)
    desired_assoc_cert_slot_mask: int = wire(_changed(Int8ul), default=0, show=slot_mask)
    desired_pqc_asym_length: int | None = wire(
        When(_changes_pqc, LengthOf("desired_pqc_asym", Int8ul)), default=None
    )
    desired_pqc_asym: bytes = wire(
        When(_changes_pqc, Blob(lambda c: c.desired_pqc_asym_length), b""),
        default=b"",
    )


class SetKeyPairInfoAck(Message, code=ResponseCode.SET_KEY_PAIR_INFO_ACK):
    """It is done; 4 bytes."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
