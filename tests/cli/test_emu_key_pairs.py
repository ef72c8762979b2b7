"""The key pairs of ``spdm_responder_emu``, and the answers of its requester's provisioning steps.

Ground truth: the captured requests, said again to our device in the same order.
"""

from pathlib import Path

import pytest
from captures.loader import runs
from core.dialogue import messages_of

from responder.cli.emu_options import translate
from responder.core.effects import Run
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.errors import data_root
from responder.pki.sets import identity_path, read_identity
from responder.pki.spdm_emu import export_spdm_emu
from responder.profiles.load import load_profile
from responder.wire.context import WireContext
from responder.wire.key_pair_info import KeyPairInfo

STEPS = {0xFC, 0xFD}
"""GET_KEY_PAIR_INFO and SET_KEY_PAIR_INFO: nothing in them depends on keys of the recording."""
VCA = {0x84, 0xE1, 0xE3}
NAMES = ["v13-mctp-p384-mel-ep-keypair", "v14-mctp-p384-mel-ep-keypair"]


def said_again(run):
    """The captured requests of those steps, with the captured and our own answers."""
    options = translate(run.responder.split()[1:], Path(__file__).parent)
    profile = load_profile("default", options.overrides)
    responder = Responder(profile.device, profile.policy, RandomTree(b"seed"))
    for pair in run.whole_messages():
        if pair.session is None and pair.request[1] in VCA | STEPS:
            effects = responder.receive(pair.request, 0.0)
            for effect in list(effects):
                if isinstance(effect, Run):
                    effects = effects + responder.complete(effect.job, effect.work(), 0.0)
            (answer,) = messages_of(effects)
            if pair.request[1] in STEPS:
                yield pair.request, pair.response, answer


@pytest.mark.parametrize("name", NAMES)
def test_the_recorded_steps_get_the_recorded_answers(name):
    (run,) = (run for run in runs() if run.name == name)
    steps = list(said_again(run))
    assert [request[1] for request, _, _ in steps] == [0xFC, 0xFD, 0xFD]
    for _, theirs, ours in steps[1:]:
        assert ours == theirs
    _, theirs, ours = steps[0]
    context = WireContext(version=ours[0])
    first, second = KeyPairInfo.read(theirs, context)[0], KeyPairInfo.parse(ours, context)
    same = (
        "total_key_pairs", "key_pair_id", "capabilities", "current_asym_algo",
        "assoc_cert_slot_mask",
        "public_key_info", "current_pqc_asym",
    )  # fmt: skip
    assert [getattr(second, field) for field in same] == [getattr(first, field) for field in same]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A key folder whose slot 4 has a key of its own, as that program makes them."""
    folder = tmp_path_factory.mktemp("keys")
    for name, content in export_spdm_emu("device", data_root("certs")).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    second = read_identity(identity_path("device", "ecp384", 4))
    (folder / "ecp384" / "bundle_responder.certchain4.der").write_bytes(b"".join(second.chain))
    (folder / "ecp384" / "end_responder4.key").write_bytes(second.key)
    return folder


@pytest.mark.parametrize(
    "run", [run for run in runs() if "multikey" in run.name], ids=lambda run: run.name
)
def test_slots_have_the_recorded_key_pairs(run, keys):
    options = translate(run.responder.split()[1:], keys)
    profile = load_profile("default", options.overrides)
    responder = Responder(profile.device, profile.policy, RandomTree(b"seed"))
    for pair in run.whole_messages():
        if pair.request[1] in VCA | {0x81}:
            (ours,) = messages_of(responder.receive(pair.request, 0.0))
        if pair.request[1] == 0x81:
            head, size = ours[:4], 4 + 3 * 48
            assert (head, ours[size:]) == (pair.response[:4], pair.response[size:])
            assert ours[size:] == bytes.fromhex("050511 010101 0f000f000f00")
            return
    pytest.fail("no GET_DIGESTS in the run")


def overrides(*arguments, folder=None):
    return translate(list(arguments), folder or Path(__file__).parent).overrides


def test_there_is_a_key_pair_of_each_kind_for_slots_0_and_1_and_one_for_slot_4():
    pairs = overrides("--ver", "1.3", "--slot_count", "8", "--asym", "ECDSA_P384")["key_pair"]
    assert [pair["slots"] for pair in pairs] == [[0, 1]] * 12 + [[4]] * 12
    kinds = [pair.get("algorithm") for pair in pairs]
    assert kinds[:12] == kinds[12:]
    assert [number for number, kind in enumerate(kinds[:12], 1) if kind is None] == [7, 9]


def test_without_slot_4_its_key_pairs_have_no_slot():
    assert overrides("--asym", "ECDSA_P384")["key_pair"][-1]["slots"] == []


def test_slot_4_of_a_key_folder_is_there_with_multi_key(tmp_path):
    for name in ("bundle_responder.certchain.der", "bundle_responder.certchain4.der"):
        (tmp_path / "ecp384").mkdir(exist_ok=True)
        (tmp_path / "ecp384" / name).write_bytes(b"")
    options = ("--asym", "ECDSA_P384", "--pqc_asym", "NONE")
    slots = overrides(*options, folder=tmp_path)["slot"]
    assert [slot["id"] for slot in slots] == [0, 1, 4]
    slots = overrides(*options, "--cap", "CERT,CHAL", folder=tmp_path)["slot"]
    assert [slot["id"] for slot in slots] == [0, 1]
