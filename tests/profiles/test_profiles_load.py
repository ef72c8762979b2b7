import os
import subprocess
import sys
from pathlib import Path

import pytest

from responder.core.hooks import Hooks
from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError
from responder.faults.engine import FaultEngine
from responder.profiles.load import list_profiles, load_profile

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", list_profiles())
def test_shipped_profiles_load_and_describe_themselves(name):
    profile = load_profile(name)
    assert profile.name == name
    assert profile.path.name == f"{name}.toml"
    assert profile.spec.description


def test_name_of_a_file_is_its_stem(write, head):
    assert load_profile(write(head, "my.device.toml")).name == "my.device"


def test_overrides_change_the_profile():
    overrides = {"spdm": {"versions": ["1.1"]}, "algorithms": {"base_asym": ["ECDSA-P256"]}}
    policy = load_profile("default", overrides).policy
    assert list(policy.versions) == [0x11]
    assert list(policy.algorithms.base_asym) == [1 << 4]
    assert list(policy.algorithms.base_hash) == [4, 2, 1, 32, 16, 8]


@pytest.mark.parametrize(
    ("overrides", "where"),
    [
        ({"spdm": {"version": ["1.1"]}}, "override spdm.version"),
        ({"algorithms": {"base_asym": ["ECDSA"]}}, "override algorithms.base_asym[0]"),
        ({"slot": [{"id": 0, "set": "devic"}]}, "override slot[0].set"),
    ],
)
def test_mistakes_in_overrides_name_the_key(overrides, where):
    with pytest.raises(ConfigError) as caught:
        load_profile("default", overrides)
    assert caught.value.where == where


def test_mistake_in_a_base_is_located_there(write, head):
    base = write(head.replace("ECDSA-P384", "ECDSA-P385"), "base.toml")
    with pytest.raises(ConfigError) as caught:
        load_profile(write('extends = "base.toml"\n'))
    assert caught.value.where == f"{base}:6"
    assert str(caught.value).endswith("(did you mean 'ECDSA-P384'?)")


def test_good_profile_has_no_hooks_and_bad_ones_have():
    seed = RandomTree(b"")
    assert type(load_profile("default").hooks(seed)) is Hooks
    for name in ("bad-signature", "stale-nonce"):
        assert isinstance(load_profile(name).hooks(seed), FaultEngine)


def test_endpoints_of_one_device_share_what_its_faults_remember():
    profile = load_profile("stale-nonce")
    seed = RandomTree(b"")
    first, second = profile.hooks(seed), profile.hooks(seed)
    assert first is not second
    assert first._memory is second._memory is profile.memory
    assert load_profile("stale-nonce").memory is not profile.memory


def test_loading_imports_nothing_slow():
    """The start of a server waits for this; what is slow is for other verbs, or for requests."""
    slow = (
        "cryptography.x509", "click", "rich", "difflib", "responder.profiles.locate", "asyncio",
        "construct", "responder.wire.message",
    )  # fmt: skip
    code = (
        "import sys; from responder.profiles.load import load_profile; load_profile('default');"
        f"print([name for name in {slow!r} if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout.strip() == "[]"
