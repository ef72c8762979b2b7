"""Ground truth: what an independent responder said passes every check up to its CHALLENGE.

Nonces are the requester's own, so that a recorded signature cannot verify again: it is there that
each conversation has to end, and nowhere before.
"""

from collections import Counter

import pytest
from captures.loader import runs
from requester.peer import converse, default_options

from responder.requester.options import Offer
from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.wire.algorithms import NegotiateAlgorithms
from responder.wire.capabilities import GetCapabilities
from responder.wire.certificate import Certificate, GetCertificate
from responder.wire.chain import split_certificates
from responder.wire.context import WireContext

NEEDED = {RequestCode.GET_DIGESTS, RequestCode.GET_CERTIFICATE, RequestCode.CHALLENGE}
SHA_SIZES = {1: 32, 2: 48, 4: 64, 8: 32, 16: 48, 32: 64}
ENDS = {"chal.signature", "chal.context", "chal.basic-mutual-authentication"}
"""The nonce, or 1.3's context, is another; or mutual authentication is asked for."""


LEFT_OUT = Cap.MUT_AUTH | Cap.EP_INFO_SIG | Cap.LARGE_RESP | Cap.CHUNK
"""What would make our requester ask for other portions than were recorded, or for an identity."""


class Recorded:
    """A recorded run, asked again."""

    def __init__(self, run):
        pairs = [pair for pair in run.whole_messages() if pair.session is None]
        self.first = {}
        self.chains = {}
        for pair in pairs:
            self.first.setdefault(pair.request[1], pair)
            if pair.response[1] == ResponseCode.CERTIFICATE:
                slot = pair.request[2] & 0xF
                context = WireContext(version=pair.response[0])
                part = Certificate.parse(pair.response, context, padding=run.padding).cert_chain
                done = self.chains.get(slot, b"")
                length = int.from_bytes(done[:2], "little")
                self.chains[slot] = part if len(done) >= length else done + part

    def request(self, code):
        return self.first[code].request

    @property
    def challenged(self):
        return self.request(RequestCode.CHALLENGE)[2] if RequestCode.CHALLENGE in self.first else -1

    def answer(self, request):
        if request[1] != RequestCode.GET_CERTIFICATE:
            return self.first[request[1]].response
        asked = GetCertificate.parse(request)
        chain = self.chains[asked.slot]
        portion = chain[asked.offset : asked.offset + asked.length]
        answer = Certificate(
            spdm_version=request[0],
            slot=asked.slot,
            certificate_info=self.first[RequestCode.GET_CERTIFICATE].response[3],
            cert_chain=portion,
            remainder_length=len(chain) - asked.offset - len(portion),
        )
        return answer.build()

    def offer(self):
        """What the recorded requester announced."""
        capabilities = GetCapabilities.parse(self.request(RequestCode.GET_CAPABILITIES), padding=3)
        asked = NegotiateAlgorithms.parse(self.request(RequestCode.NEGOTIATE_ALGORITHMS), padding=3)
        return Offer(
            flags=Cap(capabilities.flags or 0) & ~LEFT_OUT,
            data_transfer_size=0x28000,
            base_asym=asked.base_asym_algo,
            pqc_asym=asked.pqc_asym_algo,
            base_hash=asked.base_hash_algo,
            measurement_specification=asked.measurement_specification,
            mel_specification=asked.mel_specification,
            opaque_formats=asked.other_params_support & 3,
            structures={s.alg_type: s.alg_supported for s in asked.structures()},
            multi_key=bool(asked.other_params_support & 0x10),
        )

    def root(self, slot):
        answer = self.first[RequestCode.NEGOTIATE_ALGORITHMS].response
        size = SHA_SIZES[int.from_bytes(answer[16:20], "little")]
        return split_certificates(self.chains[slot][4 + size :])[0]


def usable(run):
    """Runs that read certificates and were challenged, for a key that can be verified with."""
    recorded = Recorded(run)
    negotiated = recorded.first[RequestCode.NEGOTIATE_ALGORITHMS].response
    complete = recorded.first.keys() >= NEEDED and recorded.challenged in recorded.chains
    return complete and any(negotiated[12:16])


USABLE = [run for run in runs() if usable(run)]


def outcome_of(run):
    recorded = Recorded(run)
    options = default_options(
        offer=recorded.offer(),
        roots=(recorded.root(recorded.challenged),),
        time=None,
        slot=recorded.challenged,
        summary=recorded.request(RequestCode.CHALLENGE)[3],
        padding=run.padding,
        measurements="none",
    )
    return converse(recorded, options)


@pytest.mark.parametrize("run", USABLE, ids=lambda run: run.name)
def test_an_independent_responder_is_believed_up_to_its_signature(run):
    outcome = outcome_of(run)
    assert outcome.check in ENDS, outcome.report.refusal
    assert outcome.report.refusal.step == "CHALLENGE"
    assert outcome.report.chain


def test_every_version_is_among_them():
    versions = Counter(outcome_of(run).report.version for run in USABLE[::8])
    assert set(versions) == {"1.0", "1.1", "1.2", "1.3", "1.4"}
    assert len(USABLE) > 100
