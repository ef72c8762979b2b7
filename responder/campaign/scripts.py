"""Parts of conversations for requests that a whole attestation does not send."""

from responder.requester.algorithms import negotiate_algorithms
from responder.requester.capabilities import get_capabilities
from responder.requester.certificate import authenticate_slot
from responder.requester.challenge import challenge
from responder.requester.conversation import Conversation, Flow
from responder.requester.measurements import count_measurements, measure
from responder.requester.run_plan import run_plan
from responder.requester.version import get_version
from responder.spec.codes import ErrorCode, ResponseCode
from responder.wire.certificate import LARGE_CERT_CHAIN, Certificate, GetCertificate
from responder.wire.digests import GetDigests

AGREEMENT = (get_version, get_capabilities, negotiate_algorithms)
_LARGE_HEADER = 16


def large_certificates(c: Conversation) -> Flow[None]:
    """GET_CERTIFICATE with 32-bit offset and length (1.4), until slot 0's chain is complete."""
    length = c.options.offer.data_transfer_size - _LARGE_HEADER
    chain, total, remainder = b"", None, 1
    while remainder:
        request = GetCertificate(
            spdm_version=c.agreed.version,
            slot=LARGE_CERT_CHAIN,
            large_offset=len(chain),
            large_length=length,
        ).build(c.agreed.wire())
        raw = yield from c.exchange(request)
        c.require("cert.large", raw[2] & LARGE_CERT_CHAIN, "16-bit lengths, asked for 32")
        message, response = c.read(Certificate, raw, c.agreed.wire())
        c.transcript.add(request, response)
        remainder, size = message.large_remainder_length or 0, len(message.cert_chain)
        c.require("cert.portion-empty", size, f"an empty portion, {remainder} bytes remain")
        c.require("cert.portion-size", size <= length, f"{size} bytes, asked for {length}")
        chain += message.cert_chain
        now = len(chain) + remainder
        total = now if total is None else total
        limit = c.options.patience.chain
        c.require("cert.chain-limit", now <= limit, f"{now} bytes, limit {limit}")
        c.require("cert.total", now == total, f"{now} bytes in all, {total} before")


def count(c: Conversation) -> Flow[None]:
    """How many measurements there are."""
    yield from count_measurements(c)


def ask_after_clearing(c: Conversation) -> Flow[None]:
    """GET_DIGESTS after END_SESSION has cleared the negotiated state: nobody may answer it."""
    request = GetDigests(spdm_version=c.agreed.version).build()
    refusals = (ErrorCode.UNEXPECTED_REQUEST, ErrorCode.VERSION_MISMATCH)
    raw = yield from c.exchange(request, may_refuse=refusals)
    if raw[1] != ResponseCode.ERROR:
        c.report.observe("state.not-cleared")


LARGE_CERTIFICATES = (*AGREEMENT, authenticate_slot, large_certificates, challenge, measure)
SIGNED_TWICE = (*AGREEMENT, authenticate_slot, challenge, challenge, measure, measure)
DIGESTS_TWICE = (*AGREEMENT, authenticate_slot, authenticate_slot, challenge, measure)
COUNTED_FIRST = (*AGREEMENT, authenticate_slot, count, challenge, measure)
CLEARED = (*AGREEMENT, run_plan, ask_after_clearing)
COUNTED_BETWEEN = (*AGREEMENT, authenticate_slot, challenge, count, authenticate_slot, measure)
