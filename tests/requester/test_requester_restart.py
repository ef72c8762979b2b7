"""After RequestResynch the device should be the one that it was."""

from dataclasses import dataclass

import pytest
from requester.chains import LEAF, chain
from requester.peer import BLOCKS, Peer, block, converse, error

from responder.requester.options import VendorRequest
from responder.spec.codes import ErrorCode, RequestCode
from responder.spec.versions import V12, V13

RESYNCH = error(V12, ErrorCode.REQUEST_RESYNCH)
LATE = {RequestCode.VENDOR_DEFINED_REQUEST: [RESYNCH]}
VENDOR = VendorRequest(0, b"", b"ping")


@dataclass
class Changing(Peer):
    """A peer that is another one from the second GET_VERSION on."""

    other_blocks: dict | None = None
    other_chain: tuple | None = None

    def version(self, request):
        if len([one for one in self.requests if one[1] == RequestCode.GET_VERSION]) > 1:
            self.blocks = self.other_blocks or self.blocks
            self.chains = {0: self.other_chain} if self.other_chain else self.chains
        return super().version(request)


def observed(**other):
    outcome = converse(
        Changing(first={k: list(v) for k, v in LATE.items()}, **other), vendor=VENDOR
    )
    assert outcome.report.verdict == "attested"
    return {name for name in outcome.observed if name.startswith("restart.")}


def test_the_same_device_is_nothing_to_speak_of():
    assert observed() == set()


def test_other_measurements_are_told():
    assert observed(other_blocks=BLOCKS | {2: block(2, value=bytes(32))}) == {
        "restart.measurements-changed"
    }


def test_another_identity_is_told():
    other = chain(leaf=LEAF.change(subject="Somebody else"))
    assert observed(other_chain=other) == {"restart.identity-changed"}


@pytest.mark.parametrize("code", [RequestCode.GET_CAPABILITIES, RequestCode.GET_DIGESTS])
def test_who_knew_nothing_before_has_nothing_to_compare(code):
    changed = Changing(first={code: [RESYNCH]}, other_blocks={1: BLOCKS[1]})
    assert not [name for name in converse(changed).observed if name.startswith("restart.")]


def test_other_versions_are_told():
    class Older(Changing):
        def version(self, request):
            if len([one for one in self.requests if one[1] == RequestCode.GET_VERSION]) > 1:
                self.versions = (V12,)
            return super().version(request)

    peer = Older(versions=(V12, V13), first={RequestCode.GET_DIGESTS: [error(V13, 0x43)]})
    outcome = converse(peer)
    assert outcome.report.verdict == "attested"
    assert "restart.versions-changed" in outcome.observed


def test_the_same_names_with_another_key_are_another_device():
    other = chain(leaf=LEAF.change(serial=77))
    assert observed(other_chain=other) == {"restart.identity-changed"}
