"""The requester in the Linux kernel, from the facts about it and not from our other requester."""

import pytest
from requester.cases import draft, put
from requester.chains import LEAF, OTHER_KEY, ROOT, SAN, chain, default_chain
from requester.peer import FLAGS, Peer, code_names, converse, error

from responder.errors import ConfigError
from responder.requester.linux_cma import cma_name, linux_cma_options, parse_pci
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.versions import ALL_VERSIONS, V12, V13

ROOTS = (default_chain()[0],)
SIZE = "f8ff0f00"  # 1048568


def attested(peer, **changes):
    return converse(peer, linux_cma_options(roots=ROOTS, **changes))


def test_the_bytes_that_it_sends():
    peer = Peer(versions=ALL_VERSIONS)
    assert attested(peer).report.verdict == "attested"
    version, capabilities, negotiate, digests, certificate, challenge = peer.requests
    assert version.hex() == "10840000"
    assert capabilities.hex() == "13e10000" + "00140000" + "06000000" + SIZE + SIZE
    offer = "20000100" + "b5010000" + "07000000"
    assert negotiate.hex() == "13e30000" + offer + "00" * 12 + "00000000"
    assert digests.hex() == "13810000"
    assert certificate.hex() == "13820000" + "0000" + "f811"
    assert challenge[:4].hex() == "13830000"
    assert len(challenge) == 44
    assert challenge[-8:] == bytes(8)


def test_the_highest_version_is_1_3():
    assert attested(Peer(versions=ALL_VERSIONS)).report.version == "1.3"
    assert attested(Peer(versions=(V12,))).report.version == "1.2"


def test_before_1_2_the_whole_chain_is_asked_for():
    peer = Peer(versions=ALL_VERSIONS[:2])
    attested(peer)
    assert peer.requests[4][-2:] == b"\xff\xff"


def test_measurements_only_when_asked():
    peer = Peer()
    attested(peer)
    assert "GET_MEASUREMENTS" not in code_names(peer)
    assert attested(Peer(), measurements="all").report.signed == ["CHALLENGE_AUTH", "MEASUREMENTS"]


@pytest.mark.parametrize("flags", [Cap.CERT | Cap.MEAS_SIG, Cap(0)])
def test_cert_and_chal_are_needed(flags):
    assert attested(Peer(flags=flags)).check == "cap.required"


def test_slots_are_tried_upwards():
    other = ROOT.change(public=OTHER_KEY.public_key(), signer=OTHER_KEY).build()
    untrusted = (other, *default_chain()[1:])
    peer = Peer(chains={1: untrusted, 4: default_chain()})
    report = attested(peer).report
    assert report.slot == 4
    asked = [r[2] for r in peer.requests if r[1] == RequestCode.GET_CERTIFICATE]
    assert asked == [1, 4]


def test_busy_and_not_ready_fail_at_once():
    hint = bytes((1, RequestCode.GET_DIGESTS, 1, 2))
    for code, extended, check in (
        (ErrorCode.BUSY, b"", "err.busy-limit"),
        (ErrorCode.RESPONSE_NOT_READY, hint, "err.not-ready-limit"),
        (ErrorCode.REQUEST_RESYNCH, b"", "err.resynch-limit"),
    ):
        answer = error(V13, code, 0, extended)
        peer = Peer(versions=(V13,), first={RequestCode.GET_DIGESTS: [answer]})
        outcome = attested(peer)
        assert outcome.check == check
        assert outcome.waits == []


def test_the_name_is_demanded():
    assert attested(Peer(), san=SAN).report.verdict == "attested"
    assert attested(Peer(), san=SAN[:-1] + "1").check == "cma.san"


def test_what_the_kernel_does_not_look_at_is_noted():
    peer = Peer(root_hash=bytes(32))
    report = attested(peer).report
    assert report.verdict == "attested"
    assert [passed.check for passed in report.passed_over] == ["x5.root-hash"]


def test_what_it_does_look_at():
    forged = chain(leaf=LEAF.change(signer=OTHER_KEY))
    assert attested(Peer(chains={0: forged})).check == "x5.signature"
    lie = draft(ResponseCode.ALGORITHMS, put(base_hash_sel=3))
    assert attested(Peer(flags=FLAGS, **lie)).check == "alg.one-hash"


@pytest.mark.parametrize(
    ("subsystem", "serial", "name"),
    [
        ((0x1AF4, 0x1100), None, "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"),
        (None, 0xABC, "Vendor=1b36:Device=0010:CC=010802:REV=02:0000000000000abc"),
    ],
)
def test_names_of_functions(subsystem, serial, name):
    assert cma_name(0x1B36, 0x10, 0x10802, 2, subsystem, serial) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (SAN, SAN),
        ("vendor=1B36:device=10:cc=10802:rev=2", SAN[: SAN.index(":SSVID")]),
        (f"{SAN}:0011223344556677", f"{SAN}:0011223344556677"),
    ],
)
def test_names_as_people_write_them(text, name):
    assert parse_pci(text) == name


@pytest.mark.parametrize(
    "text",
    ["", "Vendor=1b36", "Vendor=x:Device=1:CC=1:REV=1", "Device=1:Vendor=1:CC=1:REV=1",
     "Vendor=1:Device=1:CC=1:REV=1:SSVID=1", "Vendor=1:Device=1:CC=1:REV=1:FOO=1", f"{SAN}:12"],
)  # fmt: skip
def test_names_that_are_none(text):
    with pytest.raises(ConfigError):
        parse_pci(text)
