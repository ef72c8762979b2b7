"""What loading leaves for later because it takes time: parse every key and certificate."""

from responder.crypto.signing import PublicKey, UnsupportedKeyError
from responder.device.slots import Credential
from responder.errors import ConfigError
from responder.profiles.load import Profile
from responder.spec.limits import SLOT_COUNT


def check_keys(profile: Profile) -> None:
    """See that each slot's key can be read and belongs to the leaf of its chain.

    Raises:
        ConfigError: it does not.
    """
    for slot_id in range(SLOT_COUNT):
        slot = profile.device.slot(slot_id)
        for credential in slot.credentials if slot else ():
            _check(profile, slot_id, credential)


def _check(profile: Profile, slot_id: int, credential: Credential) -> None:
    where = f"{profile.path} slot {slot_id}"
    try:
        key = credential.key()
        leaf = PublicKey.from_certificate(credential.identity.chain[-1])
    except UnsupportedKeyError as error:
        raise ConfigError(str(error), where=where) from error
    if key.kind != credential.kind:
        reason = f"the folder says {credential.kind}, the key is {key.kind}"
        raise ConfigError(reason, where=where)
    if key.public_key_der() != leaf.der():
        reason = f"the {key.kind} key is not the one that its leaf certificate certifies"
        raise ConfigError(reason, where=where)
