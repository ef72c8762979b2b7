"""Keys and values of the device that faults take from the wrong place."""

from responder.core.hooks import Exchange, Signing
from responder.core.interfaces import SigningKey
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PrivateKey
from responder.errors import ConfigError, data_root
from responder.faults.place import NoSuchPlace

_ATTACKER = "second-root"
"""The pool's key of this role stands for an attacker's; no shipped chain uses it for a leaf."""


def key_of(name: str, signing: Signing, exchange: Exchange, random: RandomTree) -> SigningKey:
    """A private key by the name that profiles give it.

    Raises:
        NoSuchPlace: the device has no such key.
    """
    if name.startswith("slot:"):
        slot_id = int(name.partition(":")[2])
        slot = exchange.device.slot(slot_id) if exchange.device else None
        key = slot.key(signing.scheme) if slot else None
        if key is None:
            raise NoSuchPlace(f"slot {slot_id} has no such key")
        return key
    kind = signing.scheme.key
    if name == "attacker":
        return _attacker(kind, random)
    folder = data_root("certs")
    path = folder / "roots" / f"{kind}.key.pem"
    if name == "issuer":
        path = folder / "authorities" / kind / "intermediate.pem"
    return _load(str(path))


def _attacker(kind: str, random: RandomTree) -> SigningKey:
    if kind.startswith("rsa"):
        return _load(str(data_root("certs") / "authorities" / kind / f"{_ATTACKER}.pem"))
    from responder.pki.keys import Keys, private_pem  # noqa: PLC0415 - only when it is asked for

    def no_rsa(kind: str, role: str) -> None:
        raise ConfigError(f"no {kind} key for {role}")

    from responder.crypto.signing import load_private_key  # noqa: PLC0415

    return load_private_key(private_pem(Keys(random, no_rsa).key(kind, "attacker")))  # type: ignore[arg-type]


def _load(path: str) -> PrivateKey:
    from responder.crypto.signing import load_private_key  # noqa: PLC0415
    from responder.pki.sets import read_identity  # noqa: PLC0415

    if path.endswith(".key.pem"):
        with open(path, "rb") as file:  # noqa: PTH123 - a path of ours
            return load_private_key(file.read())
    return load_private_key(read_identity(path).key)
