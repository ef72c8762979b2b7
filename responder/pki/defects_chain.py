"""Defects of the chain structure: header, order, roots and what lies between certificates."""

from responder.errors import ConfigError
from responder.pki import der_edit as der
from responder.pki import oids
from responder.pki.certificate_edit import BASIC_CONSTRAINTS, CertificateEdit, Part
from responder.pki.defect_draft import LENGTH_SIZE, Defect, Draft, Recipe
from responder.spec.algorithms import BASE_HASHES

LONG_CHAIN = 20
"""Authorities that ``long-chain`` puts between the leaf and its issuer."""

ENDLESS_CHAIN = 101
"""Authorities that ``endless-chain`` puts there: one more than OpenSSL follows by default."""

_JUNK = bytes.fromhex("deadbeef") * 4
_CUT = 16


def _length_lie(draft: Draft) -> None:
    draft.finish = lambda chain: _with_length(chain, len(chain) + 1)


def _length_high_half(draft: Draft) -> None:
    draft.finish = lambda chain: _with_length(chain, len(chain) | 1 << 16)


def _too_short(draft: Draft) -> None:
    size = LENGTH_SIZE + draft.base_hash.size // 2
    draft.finish = lambda chain: _with_length(chain[:size], size)


def _with_length(chain: bytes, length: int) -> bytes:
    return length.to_bytes(LENGTH_SIZE, "little") + chain[LENGTH_SIZE:]


def _wrong_root_hash(draft: Draft) -> None:
    draft.finish = lambda chain: _flip(chain, LENGTH_SIZE)


def _root_hash_of_other_algorithm(draft: Draft) -> None:
    from responder.crypto.hashing import digest  # noqa: PLC0415 - slow to import

    own = draft.base_hash
    other = next(h for h in BASE_HASHES if h.size == own.size and h.name != own.name)
    draft.root_hash = digest(other, draft.certificates[0])


def _no_root_bad_signature(draft: Draft) -> None:
    if draft.leaf == 0:
        raise ConfigError("this defect leaves out the root, and the chain has nothing else")
    _keep_root_hash(draft)
    del draft.certificates[0]
    _spoil_signature(draft, 0)


def _keep_root_hash(draft: Draft) -> None:
    from responder.crypto.hashing import digest  # noqa: PLC0415 - slow to import

    draft.root_hash = digest(draft.base_hash, draft.certificates[0])


def _spoil_signature(draft: Draft, place: int) -> None:
    """One bit of the last byte: of an ECDSA signature that is in s, and the DER stays right."""
    certificate = draft.certificates[place]
    draft.certificates[place] = _flip(certificate, len(certificate) - 1)


def _flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]


def _only_leaf(draft: Draft) -> None:
    del draft.certificates[:-1]
    draft.reissue_root(lambda edit: edit.set_issuer(edit))


def _two_certificates(draft: Draft) -> None:
    if draft.leaf < 1:
        raise ConfigError("this defect needs a chain of a root and a leaf")
    del draft.certificates[1:-1]
    draft.adopt(draft.leaf, lambda edit: edit.set_serial(draft.serial()))


def _untrusted_root(draft: Draft) -> None:
    _replace_root(draft, "a root that nobody knows")


def _impostor_root(draft: Draft) -> None:
    _replace_root(draft)


def _replace_root(draft: Draft, common_name: str = "") -> None:
    """Another key under the name of the root, or under another name; it signs what is below."""
    from responder.pki.keyring import OTHER_AUTHORITY  # noqa: PLC0415 - slow to import

    if draft.leaf < 1:
        raise ConfigError("this defect replaces the root, and the chain has nothing below it")
    key = draft.keys.make(draft.kind_of(0), OTHER_AUTHORITY)

    def change(edit: CertificateEdit) -> None:
        edit.set_serial(draft.serial())
        edit.set_public_key(draft.keys.add(key))
        if common_name:
            edit.set_common_name(common_name)
            edit.put(Part.ISSUER, edit.part(Part.SUBJECT))
        edit.set_issuer(edit)

    draft.reissue_root(change)
    draft.adopt(1)


def _reversed(draft: Draft) -> None:
    _keep_root_hash(draft)
    draft.certificates.reverse()


def _duplicate(draft: Draft) -> None:
    place = draft.issuer
    draft.certificates.insert(place, draft.certificates[place])


def _root_twice(draft: Draft) -> None:
    draft.certificates.insert(1, draft.certificates[0])


def _junk_between(draft: Draft) -> None:
    draft.certificates.insert(draft.leaf, _JUNK)


def _framed_junk_between(draft: Draft) -> None:
    draft.certificates.insert(draft.leaf, oids.tlv(der.SEQUENCE, _JUNK))


def _junk_at_the_end(draft: Draft) -> None:
    draft.certificates.append(_JUNK)


def _truncated(draft: Draft) -> None:
    draft.certificates[-1] = draft.certificates[-1][:-_CUT]


def _indefinite(draft: Draft) -> None:
    edit = draft.edit(draft.leaf)
    edit.node.make_indefinite()
    draft.certificates[-1] = edit.node.encode()


def _ber_boolean(draft: Draft) -> None:
    """TRUE is any octet but zero in BER, and 0xFF in DER (X.690 section 11.1)."""

    def change(edit: CertificateEdit) -> None:
        extension = edit.extension(BASIC_CONSTRAINTS)
        if extension is None or len(extension.children) < 3:
            raise ConfigError("this defect needs a leaf with critical basicConstraints")
        extension.replace((1,), der.Node(der.BOOLEAN, b"\x01"))

    draft.reissue(draft.leaf, change)


def _long_length(draft: Draft) -> None:
    """Of the algorithm after the signed part: the signature stays right, and so do all lengths."""
    edit = draft.edit(draft.leaf)
    edit.node.at(1).widen_length(2)
    draft.certificates[-1] = edit.node.encode()


def _length_overflow(draft: Draft) -> None:
    edit = draft.edit(draft.leaf)
    edit.node.length = bytes.fromhex("84ffffffff")
    draft.certificates[-1] = edit.node.encode()


def _longer_by(authorities: int) -> Recipe:
    def apply(draft: Draft) -> None:
        name = draft.edit(draft.issuer).common_name()
        for number in range(1, authorities + 1):
            draft.insert_authority(draft.leaf, f"{name} {number}")
        draft.adopt(draft.leaf)

    return apply


def _loop(draft: Draft) -> None:
    """The intermediate is certified by an authority that it has itself certified."""
    from responder.pki.keyring import OTHER_AUTHORITY  # noqa: PLC0415 - slow to import

    place = draft.intermediate
    key = draft.keys.make(draft.kind_of(place), OTHER_AUTHORITY)
    _keep_root_hash(draft)
    draft.insert_authority(place + 1, "an authority in a circle", key)
    circle = draft.certificates.pop(place + 1)
    draft.certificates[:place] = [circle]
    draft.adopt(1, lambda edit: edit.set_serial(draft.serial()))


def _swap_leaf(draft: Draft) -> None:
    from responder.pki.defects_names import other_device  # noqa: PLC0415 - stands beside this
    from responder.pki.keyring import OTHER_LEAF  # noqa: PLC0415 - slow to import

    key = draft.keys.make(draft.kind_of(draft.leaf), OTHER_LEAF)

    def change(edit: CertificateEdit) -> None:
        edit.set_serial(draft.serial())
        edit.set_public_key(draft.keys.add(key))
        edit.set_common_name(f"{edit.common_name()} of another device")
        other_device(edit)

    draft.reissue(draft.leaf, change)
    draft.sign_messages_with(key)


CHAIN_DEFECTS = (
    Defect("hdr-length-lie", "Length says one byte more than the chain has.", _length_lie),
    Defect(
        "hdr-length-hi16",
        "Bit 16 of Length is set, so that 1.4's four bytes say 65,536 bytes too many; before 1.4 "
        "that half is reserved.",
        _length_high_half,
    ),
    Defect("hdr-too-short", "The chain ends in the middle of RootHash.", _too_short),
    Defect("roothash-wrong", "One bit of RootHash is flipped.", _wrong_root_hash),
    Defect(
        "roothash-other-alg",
        "RootHash is made with another hash of the same size than the negotiated one.",
        _root_hash_of_other_algorithm,
    ),
    Defect(
        "no-root-bad-sig",
        "The chain comes without its root, and the signature of its first certificate is wrong.",
        _no_root_bad_signature,
    ),
    Defect("only-leaf", "The chain is a self-signed leaf and nothing else.", _only_leaf),
    Defect("two-cert-chain", "The root itself has issued the leaf; legal.", _two_certificates),
    Defect(
        "untrusted-root", "The chain is right and begins at a root nobody knows.", _untrusted_root
    ),
    Defect(
        "same-name-other-root",
        "The chain begins at a root that has the trusted root's name and another key.",
        _impostor_root,
    ),
    Defect(
        "leaf-sig-invalid",
        "One bit of the leaf's signature is flipped.",
        lambda draft: _spoil_signature(draft, draft.leaf),
    ),
    Defect(
        "intermediate-sig-invalid",
        "One bit of the signature of the leaf's issuer is flipped.",
        lambda draft: _spoil_signature(draft, draft.intermediate),
    ),
    Defect("order-reversed", "The leaf comes first and the root last.", _reversed),
    Defect("duplicate-cert", "The leaf's issuer comes twice in a row.", _duplicate),
    Defect("duplicate-root", "The root comes twice in a row.", _root_twice),
    Defect("garbage-between", "16 bytes of junk stand before the leaf.", _junk_between),
    Defect(
        "unreadable-between",
        "A SEQUENCE that is no certificate stands before the leaf.",
        _framed_junk_between,
    ),
    Defect("trailing-garbage", "16 bytes of junk follow the leaf.", _junk_at_the_end),
    Defect("der-truncated", "The last 16 bytes of the leaf are missing.", _truncated),
    Defect("der-indefinite", "The leaf is written with an indefinite length.", _indefinite),
    Defect("der-ber", "A BOOLEAN in the leaf is TRUE by 0x01, which is BER.", _ber_boolean),
    Defect(
        "der-nonminimal-length",
        "A length in the leaf, outside of the signed part, has one octet more than it needs.",
        _long_length,
    ),
    Defect("der-length-overflow", "The leaf says it has 0xFFFFFFFF bytes.", _length_overflow),
    Defect(
        "long-chain",
        f"{LONG_CHAIN} more authorities stand between the leaf and its issuer; legal.",
        _longer_by(LONG_CHAIN),
    ),
    Defect(
        "endless-chain",
        f"{ENDLESS_CHAIN} more authorities stand between the leaf and its issuer.",
        _longer_by(ENDLESS_CHAIN),
    ),
    Defect("chain-loop", "Two authorities have certified each other, and no root them.", _loop),
    Defect(
        "swap-leaf-after-auth",
        "Another device's leaf, with another key, name and serial number, under the same "
        "authorities; a chain that is right, to be shown after the healthy one.",
        _swap_leaf,
    ),
)
"""What is wrong with the structure and the order of certificates."""
