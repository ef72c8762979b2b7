"""Keys from a seed and from a pool."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError, data_root
from responder.pki import keys, sets

DERIVED = ("ecp256", "ecp384", "ecp521", "ed25519")


def no_rsa(kind, role):
    raise AssertionError(f"nobody asked for {kind} {role}")


def pool():
    path = data_root("certs") / sets.RSA_POOL / "rsa2048.pem"
    return {"rsa2048": [der for _, der in sets.pem_blocks(path.read_bytes(), str(path))]}


@pytest.mark.parametrize("kind", DERIVED)
def test_a_seed_gives_one_key_for_each_holder(kind):
    def holders(seed):
        source = keys.Keys(RandomTree(seed), no_rsa)
        return [
            keys.public_der(source.key(kind, role, name))
            for role, name in (("root", ""), ("slot0", "a"), ("slot1", "a"), ("slot0", "b"))
        ]

    assert holders(b"one") == holders(b"one")
    assert len(set(holders(b"one") + holders(b"two"))) == 8


@pytest.mark.parametrize("kind", DERIVED)
def test_a_key_is_of_the_kind_asked_for(kind):
    assert keys.kind_of(keys.Keys(RandomTree(b""), no_rsa).key(kind, "root")) == kind


def test_an_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match="'sm2'"):
        keys.Keys(RandomTree(b""), no_rsa).key("sm2", "root")


def test_the_pool_gives_every_role_a_key_of_its_own():
    take = keys.pooled_rsa(pool())

    moduli = {take("rsa2048", role).public_key().public_numbers().n for role in keys.ROLES}

    assert len(moduli) == len(keys.ROLES)


@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "rsa4096"])
def test_the_committed_pools_hold_sound_keys(kind):
    path = data_root("certs") / sets.RSA_POOL / f"{kind}.pem"
    blocks = sets.pem_blocks(path.read_bytes(), str(path))

    assert len(blocks) == len(keys.ROLES)
    key = keys.load_key(sets.pem(*blocks[0]))
    numbers = key.private_numbers()
    assert keys.kind_of(key) == kind
    assert numbers.p * numbers.q == numbers.public_numbers.n
    assert numbers.public_numbers.e == 65537


def test_a_pool_that_is_too_small_is_named():
    take = keys.pooled_rsa({"rsa2048": pool()["rsa2048"][:1]})

    assert isinstance(take("rsa2048", "root"), rsa.RSAPrivateKey)
    with pytest.raises(ConfigError, match="slot3 needs number 9"):
        take("rsa2048", "slot3")
    with pytest.raises(ConfigError, match="0 rsa4096 keys"):
        take("rsa4096", "root")


def test_a_key_of_another_kind_in_the_pool_is_named():
    other = keys.Keys(RandomTree(b""), no_rsa).key("ecp256", "root")

    with pytest.raises(ConfigError, match="in the pool of RSA keys"):
        keys.pooled_rsa({"rsa2048": [keys.private_der(other)]})("rsa2048", "root")


@pytest.mark.parametrize("kind", [*DERIVED, "rsa2048"])
def test_pem_is_read_back(kind):
    key = keys.Keys(RandomTree(b"x"), keys.pooled_rsa(pool())).key(kind, "root")

    assert keys.public_der(keys.load_key(keys.private_pem(key))) == keys.public_der(key)


def test_what_is_no_key_is_named():
    with pytest.raises(ConfigError) as caught:
        keys.load_key(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "here.pem")

    assert caught.value.where == "here.pem"
