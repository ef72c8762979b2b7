"""The log, endpoint information, key pairs, provisioning and events of a conforming device."""

from dataclasses import dataclass

import pytest
from cryptography import x509
from requester.cases import draft, put
from requester.cases_device import device_options
from requester.chains import OTHER_KEY, default_chain
from requester.chunk_peer import ChunkPeer
from requester.device_peer import (
    DEVICE_FLAGS,
    ENTRIES,
    EP_INFO,
    HEM,
    DevicePeer,
    certificate_request,
)
from requester.peer import BLOCKS, code_names, converse, default_options, error
from requester.session_peer import OWN_FLAGS

from responder.errors import ConfigError
from responder.pki.csr import requester_info
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.versions import V12, V13, V14

OUTSIDE = ("measurements", "extension-log", "endpoint-info", "key-pairs", "csr", "set-certificate")
VERSIONS = pytest.mark.parametrize("version", [V13, V14], ids=lambda v: v.label)


def talk(peer, *connection, **changes):
    return converse(peer, default_options(**device_options(*connection, **changes)))


def device(**changes):
    return DevicePeer(**{"versions": (V13,), "blocks": {**BLOCKS, 7: HEM}, **changes})


@VERSIONS
def test_every_step_outside_and_inside_a_session(version):
    inside = (*OUTSIDE, "subscribe", "change-key-pair")
    outcome = talk(device(versions=(version,)), *OUTSIDE, session=inside)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.report.sessions[0].steps == list(inside)
    report = outcome.report
    assert [entry.mel_index for entry in report.extension_log] == [1, 2]
    assert report.endpoint_info == EP_INFO.hex()
    assert [pair.algorithm for pair in report.key_pairs] == ["ECC_P256"] * 2
    assert report.event_types == ["registry 0: type 2"]
    assert "ENDPOINT_INFO" in report.signed
    assert "certificate.not-stored" not in outcome.observed
    assert "log.differs" not in outcome.observed


def test_a_log_is_read_in_portions():
    peer = device(portion_limit=20)
    outcome = talk(peer, "extension-log")
    assert len(outcome.report.extension_log) == 2
    assert code_names(peer).count("GET_MEASUREMENT_EXTENSION_LOG") > 4


def test_a_log_that_does_not_make_the_measurement_is_told():
    outcome = talk(device(entries=ENTRIES[:1]), "measurements", "extension-log")
    assert outcome.report.verdict == "attested"
    assert "log.differs" in outcome.observed


def test_a_key_pair_with_the_zeros_of_the_reference_implementation():
    longer = {"raw": {ResponseCode.KEY_PAIR_INFO: lambda r: r + bytes(6)}}
    assert (
        "key-pair.trailing-zeros" in talk(device(versions=(V14,), **longer), "key-pairs").observed
    )
    assert talk(device(**longer), "key-pairs").check == "any.size-trailing"


@pytest.mark.parametrize(
    ("step", "code", "flag", "tag"),
    [
        ("csr", RequestCode.GET_CSR, Cap.CERT_INSTALL_RESET, 1),
        ("csr", RequestCode.GET_CSR, Cap.CERT_INSTALL_RESET, 7),
        ("set-certificate", RequestCode.SET_CERTIFICATE, Cap.CERT_INSTALL_RESET, 0),
        ("change-key-pair", RequestCode.SET_KEY_PAIR_INFO, Cap.SET_KEY_PAIR_RESET, 0),
    ],
)
def test_a_reset_that_was_announced_may_be_required(step, code, flag, tag):
    first = {code: [error(V14, ErrorCode.RESET_REQUIRED, tag)]}
    outcome = talk(device(versions=(V14,), flags=DEVICE_FLAGS | flag, first=first), step)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert "reset.required" in outcome.observed


@pytest.mark.parametrize(("version", "check"), [(V14, "csr.tracking-tag"), (V12, "")])
def test_a_csr_that_is_put_off_has_a_tag_since_1_3(version, check):
    first = {RequestCode.GET_CSR: [error(version, ErrorCode.RESET_REQUIRED, 0)]}
    flags = DEVICE_FLAGS | Cap.CERT_INSTALL_RESET
    assert talk(device(versions=(version,), flags=flags, first=first), "csr").check == check


def test_a_chain_that_is_accepted_and_not_stored_is_told():
    reads = []

    def another(message):
        reads.append(message)
        data = message.cert_chain
        return message if len(reads) == 1 else message.replace(cert_chain=data[:-1] + b"\0")

    outcome = talk(device(**draft(ResponseCode.CERTIFICATE, another)), "set-certificate")
    assert "certificate.not-stored" in outcome.observed


def test_a_list_of_events_that_does_not_add_up_is_told():
    odd = draft(ResponseCode.SUPPORTED_EVENT_TYPES, put(supported_event_groups_list=b"\x01" * 5))
    outcome = talk(device(**odd), session=("subscribe",))
    assert outcome.report.verdict == "attested"
    assert "events.odd-list" in outcome.observed


LONG_LIST = put(supported_event_groups_list=b"\x01" * 70_000)


@dataclass
class ChunkingDevice(ChunkPeer, DevicePeer):
    """A device whose one transfer may be longer than a record."""

    transfer: int = 200_000


def test_in_a_session_what_no_record_holds_goes_in_chunks():
    """The list of event types comes back as what is subscribed to."""
    sizes = draft(ResponseCode.CAPABILITIES, put(max_spdm_msg_size=1 << 20))["draft"]
    lists = draft(ResponseCode.SUPPORTED_EVENT_TYPES, LONG_LIST)["draft"]
    peer = ChunkingDevice(versions=(V13,), flags=DEVICE_FLAGS | Cap.CHUNK, draft={**sizes, **lists})
    offer = {"flags": OWN_FLAGS | Cap.CHUNK, "max_message_size": 1 << 20}
    outcome = talk(peer, session=("subscribe",), offer=offer)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert code_names(peer).count("CHUNK_SEND") == 2


def test_application_data_that_no_record_holds_is_not_sent():
    outcome = talk(device(), session=("application",), application=bytes(70_000))
    assert (outcome.check, outcome.report.refusal.step) == ("rec.size", "APPLICATION")


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("06082a8648ce3d030107", "06082a8648ce3d030106"),
        ("020100", "020107"),
    ],
    ids=["curve", "version"],
)
def test_a_certificate_signing_request_that_the_library_does_not_know_is_refused(was, becomes):
    odd = certificate_request().replace(bytes.fromhex(was), bytes.fromhex(becomes), 1)
    assert odd != certificate_request()
    outcome = talk(device(**draft(ResponseCode.CSR, put(csr=odd))), "csr")
    assert outcome.check == "csr.signature"


OTHERS_CSR = draft(ResponseCode.CSR, put(csr=certificate_request(key=OTHER_KEY)))
SEVERAL = {"flags": DEVICE_FLAGS | Cap.MULTI_KEY_NEG}
ASKS_FOR_SEVERAL = {"offer": {"multi_key": True, "flags": OWN_FLAGS | Cap.MULTI_KEY_NEG}}


def test_in_a_multi_key_connection_the_key_pair_says_whose_key_a_csr_has():
    two = {0: default_chain(), 1: default_chain()}
    peer = device(chains=two, **SEVERAL, **OTHERS_CSR)
    assert talk(peer, "csr", **ASKS_FOR_SEVERAL).check == "csr.key"
    peer = device(chains=two, **SEVERAL, **OTHERS_CSR)
    outcome = talk(peer, "csr", slot=1, **ASKS_FOR_SEVERAL)
    assert outcome.report.verdict == "attested", "key pair 1 is slot 0's, which nobody has read"


def test_the_key_of_another_slot_or_of_an_alias_says_nothing_of_a_csr():
    two = {0: default_chain(), 1: default_chain()}
    assert talk(device(chains=two, **OTHERS_CSR), "csr", slot=1).report.csr
    alias = device(flags=DEVICE_FLAGS | Cap.ALIAS_CERT, **OTHERS_CSR)
    hardware = frozenset({"x5.alias-hardware-identity"})
    assert talk(alias, "csr", without=hardware).report.csr


@pytest.mark.parametrize("change", ["change-key-pair", "set-certificate"])
def test_after_a_change_a_csr_may_be_of_another_key(change):
    outcome = talk(device(**OTHERS_CSR), change, "csr")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert talk(device(**OTHERS_CSR), "csr", change).check == "csr.key"


def test_1_2_has_certificates_to_provision_and_nothing_else():
    outcome = talk(device(versions=(V12,)), *OUTSIDE[1:])
    left_out = [o.detail for o in outcome.report.observations if o.id == "step.unsupported"]
    assert left_out == ["extension-log", "endpoint-info", "key-pairs"]
    assert outcome.report.csr


def test_a_certificate_signing_request_has_the_subject_that_was_asked_for():
    """RequesterInfo is what ``cryptography`` has made of a CSR of that subject."""
    info = x509.load_der_x509_csr(certificate_request()).tbs_certrequest_bytes
    peer = device()
    outcome = talk(peer, "csr", csr_info=info)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    (asked,) = [request for request in peer.requests if request[1] == RequestCode.GET_CSR]
    assert asked[8:] == info
    assert outcome.observed == []


def test_a_certificate_signing_request_of_another_subject_is_told():
    outcome = talk(device(), "csr", csr_info=requester_info("somebody else"))
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.observed == ["csr.other-subject"]


def test_a_requester_info_that_is_none_is_an_error_of_the_user():
    with pytest.raises(ConfigError, match="no CertificationRequestInfo"):
        talk(device(), "csr", csr_info=b"\x30\x03\x02\x01\x00")
