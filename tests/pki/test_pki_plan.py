"""Sets as files: the same seed gives the bytes that are committed."""

import pytest
from msgspec.structs import replace

from responder.crypto.random_tree import RandomTree
from responder.errors import data_root
from responder.pki import keys, plan, sets

CERTS = data_root("certs")


def committed_certificates():
    for path in CERTS.rglob("*.pem"):
        if b"BEGIN CERTIFICATE" in path.read_bytes():
            yield from sets.read_certificates(path)


def build(specs, seed=plan.SHIPPED_SEED):
    pool = {}
    for path in (CERTS / sets.RSA_POOL).glob("*.pem"):
        blocks = sets.pem_blocks(path.read_bytes(), str(path))
        pool[path.stem] = [der for _, der in blocks]
    tree = RandomTree(seed)
    kept = plan.Kept(committed_certificates())
    return plan.build_sets(specs, tree, keys.Keys(tree, keys.pooled_rsa(pool)), kept)


def test_the_shipped_seed_gives_the_committed_files():
    """Signatures by ML-DSA are the committed ones, if what they sign is the same."""
    built = build(plan.SHIPPED)

    committed = {
        str(path.relative_to(CERTS)): path.read_bytes()
        for path in CERTS.rglob("*.pem")
        if path.parent.name != sets.RSA_POOL
    }
    assert sorted(built) == sorted(committed)
    assert [name for name in built if built[name] != committed[name]] == []


@pytest.mark.parametrize("kind", ["ecp384", "ed25519", "mldsa65", "rsa2048"])
def test_a_set_alone_is_the_same_as_among_others(kind):
    spec = replace(plan.SHIPPED[0], slots={kind: 1})

    for name, content in build([spec]).items():
        assert content == (CERTS / name).read_bytes()


def test_another_seed_gives_other_keys():
    spec = replace(plan.SHIPPED[0], slots={"ecp256": 1})

    built = build([spec], b"another")

    assert built == build([spec], b"another")
    assert all(content != (CERTS / name).read_bytes() for name, content in built.items())
