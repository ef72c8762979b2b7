"""A folder of an export holds the whole case: its own certificates, device, fault, and target."""

import pytest

from responder.campaign.conversation import converse
from responder.campaign.export import MANIFEST, PROFILE, exported_in, files_of
from responder.campaign.plan import case_named
from responder.campaign.result import Result
from responder.campaign.target import read_target
from responder.errors import ConfigError
from responder.pki.sets import pem_blocks
from responder.profiles.load import load_profile

CASES = ["sig.bitflip:CHALLENGE_AUTH", "any.empty:FINISH_RSP", "chal.slot-not-f", "doe.pad-nonzero"]


def exported(folder, case_id, seed="a seed"):
    case = case_named(case_id)
    result = Result(case=case.id, verdict="accepted", text="it accepted it")
    files = files_of(case, read_target("our-requester"), seed, result)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return files


@pytest.mark.parametrize("case_id", CASES)
def test_the_case_is_read_again_and_goes_as_it_went(case_id, tmp_path):
    case = case_named(case_id)
    exported(tmp_path, case_id)
    found = exported_in(tmp_path)
    assert found.case.fault == case.fault
    assert (found.case.id, found.case.expected, found.case.group) == (
        case.id,
        case.expected,
        case.group,
    )
    assert (found.manifest.seed, found.manifest.verdict) == ("a seed", "accepted")
    assert found.target == read_target("our-requester")
    first = converse(case.setting, [case.fault], b"seed")
    again = converse(found.case.setting, [found.case.fault], b"seed")
    assert [one.response for one in again.exchanges] == [one.response for one in first.exchanges]
    assert again.evidence == first.evidence


def test_the_device_has_the_certificates_of_the_folder(tmp_path):
    files = exported(tmp_path, "sig.bitflip:CHALLENGE_AUTH")
    profile = load_profile(str(tmp_path / PROFILE))
    assert {section.set for section in profile.spec.slot} == {"certs/device"}
    assert "TEST KEY" in files["certs/device/ecp256/slot0.pem"].decode()
    (tmp_path / "certs/device/ecp256/slot0.pem").unlink()
    with pytest.raises(ConfigError, match=r"slot0\.pem"):
        load_profile(str(tmp_path / PROFILE))


def test_the_roots_are_those_of_the_chains(tmp_path):
    files = exported(tmp_path, "sig.bitflip:CHALLENGE_AUTH")
    chain = pem_blocks(files["certs/device/ecp256/slot0.pem"], "chain")
    ((_, root),) = pem_blocks(files["certs/roots.pem"], "roots")
    assert root == chain[-1][1] == files["certs/root-0-ecp256.der"]
    assert b"TEST KEY" in files["certs/roots.pem"]


def test_what_is_no_such_folder_is_said(tmp_path):
    with pytest.raises(ConfigError, match="no folder of"):
        exported_in(tmp_path)
    exported(tmp_path, "sig.bitflip:CHALLENGE_AUTH")
    path = tmp_path / MANIFEST
    path.write_text(path.read_text().replace('"version": 1', '"version": 9'))
    with pytest.raises(ConfigError, match="form 9"):
        exported_in(tmp_path)


def test_a_folder_without_its_fault_is_none(tmp_path):
    exported(tmp_path, "sig.bitflip:CHALLENGE_AUTH")
    path = tmp_path / PROFILE
    path.write_text(path.read_text().partition("[[fault]]")[0])
    with pytest.raises(ConfigError, match="one fault"):
        exported_in(tmp_path)
