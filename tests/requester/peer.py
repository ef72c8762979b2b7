"""A conforming responder for the requester's tests, with places to tamper at.

It is built from wire classes and keeps its own transcripts; nothing of ``core`` is in it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from requester.chains import LEAF_KEY, NOW, default_chain

from responder.crypto.hashing import digest
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PrivateKey, signing_message
from responder.requester.attestation import AttestOptions, attest
from responder.requester.checks import Refused
from responder.requester.report import Report
from responder.requester.steps import Prompt, Wait
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, by_name
from responder.spec.codes import ErrorCode, RequestCode
from responder.spec.flags import MULTI_KEY, Cap
from responder.spec.versions import V10, V11, V12, V13, V14, version_entry
from responder.wire.algorithms import Algorithms, AlgorithmStructure, NegotiateAlgorithms
from responder.wire.capabilities import Capabilities
from responder.wire.certificate import Certificate, GetCertificate
from responder.wire.challenge import Challenge, ChallengeAuth
from responder.wire.context import WireContext
from responder.wire.digests import Digests
from responder.wire.error import Error
from responder.wire.measurements import (
    DmtfMeasurement,
    GetMeasurements,
    MeasurementBlock,
    Measurements,
)
from responder.wire.vendor_defined import VendorDefinedRequest, VendorDefinedResponse
from responder.wire.version import Version

P256 = by_name(BASE_ASYM, "ECDSA-P256")
SHA256 = by_name(BASE_HASHES, "SHA-256")
FLAGS = Cap.CERT | Cap.CHAL | Cap.MEAS_SIG
VERSIONS = {10: V10, 11: V11, 12: V12, 13: V13, 14: V14}


def block(index: int, kind: int = 1, value: bytes = b"\x11" * 32, **changes: Any) -> bytes:
    measurement = DmtfMeasurement(value_type=kind, value=value).build()
    return MeasurementBlock(index=index, **{"measurement": measurement, **changes}).build()


BLOCKS = {
    1: block(1, 0),
    2: block(2, 1),
    5: block(5, 0x86, b"1.2.3"),
    6: block(6, 0x87, (7).to_bytes(8, "little")),
    0xFE: block(0xFE, 0x85, bytes.fromhex("3f00000004000000 1f00000000000000".replace(" ", ""))),
}


def error(version: int, code: ErrorCode | int, data: int = 0, extended: bytes = b"") -> bytes:
    message = Error(
        spdm_version=version, error_code=code, error_data=data, extended_error_data=extended
    )
    return message.build()


@dataclass
class Peer:
    """One responder; ``draft`` changes a response before it is signed, ``raw`` afterwards.

    ``storage`` is what GET_CERTIFICATE tells of the size of slots. ``first`` holds, by request
    code, messages that are sent instead of the first answers.
    """

    versions: tuple[int, ...] = (V12,)
    flags: Cap = FLAGS
    chains: dict[int, tuple[bytes, ...]] = field(default_factory=lambda: {0: default_chain()})
    blocks: dict[int, bytes] = field(default_factory=lambda: dict(BLOCKS))
    signer: PrivateKey = field(default_factory=lambda: PrivateKey(LEAF_KEY))
    root_hash: bytes | None = None
    chain_change: Callable[[bytes], bytes] = lambda chain: chain
    portion: int = 0xFFFF
    storage: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(8), 0x8000))
    draft: dict[int, Callable[[Any], Any]] = field(default_factory=dict)
    raw: dict[int, Callable[[bytes], bytes]] = field(default_factory=dict)
    first: dict[int, list[bytes]] = field(default_factory=dict)
    vendor_answers: bool = True
    requests: list[bytes] = field(default_factory=list)
    vca: list[bytes] = field(default_factory=list)
    b: list[bytes] = field(default_factory=list)
    m: list[bytes] = field(default_factory=list)
    deferred: bytes = b""
    context: WireContext = field(default_factory=WireContext)

    def answer(self, request: bytes) -> bytes:
        self.requests.append(request)
        code = request[1]
        if code == RequestCode.RESPOND_IF_READY:
            if self.first.get(code):
                return self.first[code].pop(0)
            request, code = self.deferred, self.deferred[1]
        elif self.first.get(code):
            answer = self.first[code].pop(0)
            self.deferred = request
            if answer[2:3] != bytes((ErrorCode.RESPONSE_NOT_READY,)):
                self.m = []
            return answer
        return self.answer_honestly(request)

    def answer_honestly(self, request: bytes) -> bytes:
        handlers = {
            RequestCode.GET_VERSION: self.version,
            RequestCode.GET_CAPABILITIES: self.capabilities,
            RequestCode.NEGOTIATE_ALGORITHMS: self.algorithms,
            RequestCode.GET_DIGESTS: self.digests,
            RequestCode.GET_CERTIFICATE: self.certificate,
            RequestCode.CHALLENGE: self.challenge,
            RequestCode.GET_MEASUREMENTS: self.measurements,
            RequestCode.VENDOR_DEFINED_REQUEST: self.vendor,
        }
        if request[1] != RequestCode.GET_MEASUREMENTS:
            self.m = []
        return self.raw.get(request[1] & 0x7F, bytes)(handlers[request[1]](request))

    def build(self, message: Any) -> bytes:
        message = self.draft.get(message.code, lambda m: m)(message)
        return message.build(self.context)

    def error(self, code: ErrorCode) -> bytes:
        self.m = []
        return error(self.context.version, code)

    def version(self, request: bytes) -> bytes:
        entries = [version_entry(version) for version in self.versions]
        self.context = WireContext()
        response = self.build(Version(version_number_entry=entries))
        self.vca, self.b, self.m = [request, response], [], []
        return response

    def capabilities(self, request: bytes) -> bytes:
        version = request[0]
        self.context = WireContext(version=version)
        message = Capabilities(spdm_version=version, flags=self.flags)
        if version >= V12:
            message.data_transfer_size = message.max_spdm_msg_size = 0x1200
        response = self.build(message)
        self.vca += [request, response]
        return response

    def algorithms(self, request: bytes) -> bytes:
        asked = NegotiateAlgorithms.parse(request)
        structures = [
            AlgorithmStructure(
                alg_type=s.alg_type, alg_supported=s.alg_supported & -s.alg_supported
            )
            for s in asked.structures()
        ]
        multi_key = bool(asked.other_params_support & 0x10 and self.flags & MULTI_KEY)
        self.context = WireContext(
            version=request[0], hash_size=32, signature_size=64, multi_key=multi_key
        )
        measures = bool(self.flags & (Cap.MEAS_SIG | Cap.MEAS_NO_SIG))
        message = Algorithms(
            spdm_version=request[0],
            algorithm_structure_count=len(structures),
            measurement_specification_sel=int(measures),
            measurement_hash_algo=2 if measures else 0,
            other_params_selection=asked.other_params_support & 2,
            base_asym_sel=P256.bit,
            base_hash_sel=SHA256.bit,
            trailer=b"".join(s.build() for s in structures),
        )
        response = self.build(message)
        self.vca += [request, response]
        return response

    def chain_of(self, slot: int) -> bytes:
        chain = self.chains[slot]
        root_hash = digest(SHA256, chain[0]) if self.root_hash is None else self.root_hash
        body = root_hash + b"".join(chain)
        return self.chain_change((4 + len(body)).to_bytes(4, "little") + body)

    def digests(self, request: bytes) -> bytes:
        slots = sorted(self.chains)
        mask = sum(1 << slot for slot in slots)
        message = Digests(
            spdm_version=request[0],
            supported_slot_mask=0xFF if request[0] >= V13 else 0,
            provisioned_slot_mask=mask,
            digest=b"".join(digest(SHA256, self.chain_of(slot)) for slot in slots),
        )
        if self.context.multi_key:
            message.key_pair_id = [slot + 1 for slot in slots]
            message.certificate_info = [1 for _ in slots]
            message.key_usage_mask = [0xF for _ in slots]
        response = self.build(message)
        self.b = [request, response]
        return response

    def certificate(self, request: bytes) -> bytes:
        asked = GetCertificate.parse(request, self.context)
        if asked.attributes:
            return self.slot_size(request, asked)
        if asked.slot not in self.chains:
            return self.error(ErrorCode.INVALID_REQUEST)
        chain = self.chain_of(asked.slot)
        size = min(asked.length, self.portion)
        portion = chain[asked.offset : asked.offset + size]
        message = Certificate(
            spdm_version=request[0],
            slot=asked.slot,
            certificate_info=1 if self.context.multi_key else 0,
            remainder_length=len(chain) - asked.offset - len(portion),
            cert_chain=portion,
        )
        response = self.build(message)
        self.b += [request, response]
        return response

    def slot_size(self, request: bytes, asked: GetCertificate) -> bytes:
        size = self.storage.get(asked.slot_id)
        if size is None:
            return self.error(ErrorCode.INVALID_REQUEST)
        message = Certificate(
            spdm_version=request[0],
            slot=asked.slot,
            remainder_length=0 if asked.large else size,
            large_remainder_length=size if asked.large else None,
            cert_chain=b"",
        )
        response = self.build(message)
        self.b += [request, response]
        return response

    def challenge(self, request: bytes) -> bytes:
        asked = Challenge.parse(request, self.context)
        public_key = asked.slot_id == 0xFF
        message = ChallengeAuth(
            spdm_version=request[0],
            slot=0xF if public_key else asked.slot_id,
            slot_mask=0 if public_key else sum(1 << slot for slot in self.chains),
            cert_chain_hash=digest(
                SHA256, self.signer.public_key_der() if public_key else self.chain_of(asked.slot_id)
            ),
            nonce=b"\x77" * 32,
            measurement_summary_hash=self.summary_hash(asked.measurement_summary_hash_type),
            requester_context=asked.requester_context,
        )
        unsigned = self.build(message)
        text = "responder-challenge_auth signing"
        response = unsigned + self.sign(text, [*self.vca, *self.b, request, unsigned])
        self.b = []
        return response

    def summary_hash(self, summary_type: int) -> bytes:
        """Of all measurements, or of those of the TCB, which are the immutable ROM here."""
        found = {0: [], 1: [1], 0xFF: list(self.blocks)}[summary_type]
        return digest(SHA256, *(self.blocks[index] for index in found)) if found else b""

    def measurements(self, request: bytes) -> bytes:
        asked = GetMeasurements.parse(request, self.context)
        signed = asked.signature_requested
        if asked.operation in (0, 0xFF):
            found = list(self.blocks.values()) if asked.operation else []
        elif asked.operation in self.blocks:
            found = [self.blocks[asked.operation]]
        else:
            return self.error(ErrorCode.INVALID_REQUEST)
        message = Measurements(
            spdm_version=request[0],
            total_number_of_measurements=len(self.blocks) if asked.operation == 0 else 0,
            slot=asked.slot_id or 0,
            number_of_blocks=len(found),
            measurement_record=b"".join(found),
            nonce=digest(SHA256, str(len(self.requests)).encode()),
            requester_context=asked.requester_context,
        )
        unsigned = self.build(message)
        self.m += [request, unsigned]
        if not signed:
            return unsigned
        parts = [*(self.vca if request[0] >= V12 else []), *self.m]
        self.m = []
        return unsigned + self.sign("responder-measurements signing", parts)

    def vendor(self, request: bytes) -> bytes:
        if not self.vendor_answers:
            return error(self.context.version, ErrorCode.UNSUPPORTED_REQUEST, request[1])
        asked = VendorDefinedRequest.parse(request)
        message = VendorDefinedResponse(
            spdm_version=request[0],
            standard_id=asked.standard_id,
            vendor_id=asked.vendor_id,
            payload=asked.payload[::-1],
        )
        return self.build(message)

    def sign(self, text: str, parts: list[bytes]) -> bytes:
        message = signing_message(self.context.version, text, SHA256, parts)
        return self.signer.sign(P256, SHA256, message)


@dataclass
class Outcome:
    """How a conversation ended, and what the requester did meanwhile."""

    report: Report
    waits: list[int]

    @property
    def check(self) -> str:
        return self.report.refusal.check if self.report.refusal else ""

    @property
    def observed(self) -> list[str]:
        return [observation.id for observation in self.report.observations]


def default_options(**changes: Any) -> AttestOptions:
    return AttestOptions(**{"roots": (default_chain()[0],), "time": NOW, **changes})


def converse(
    peer: Any, options: AttestOptions | None = None, clock: Any = None, **changes: Any
) -> Outcome:
    """Let the requester talk to ``peer`` until its verdict."""
    options = options or default_options(**changes)
    attestation = attest(options, RandomTree(b"requester"), clock=clock)
    waits: list[int] = []
    try:
        step = next(attestation)
        while True:
            if isinstance(step, Wait):
                waits.append(step.microseconds)
                step = attestation.send(b"")
            elif isinstance(step, Prompt):
                step = attestation.send(b"")
            else:
                answer = peer.answer_secured if step.secured else peer.answer
                step = attestation.send(answer(step.message))
    except StopIteration as end:
        return Outcome(end.value, waits)
    except Refused as refusal:
        return Outcome(refusal.report, waits)


def code_names(peer: Peer) -> list[str]:
    """The requests that a peer got, in order."""
    return [RequestCode(request[1]).name for request in peer.requests]
