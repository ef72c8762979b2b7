"""A small device of test keys below the core, made by hand from the facts of the specification.

Nothing here uses the emulated device, the wire classes or the algorithm tables of the program;
algorithms appear as the numbers of DSP0274.
"""

from functools import cache
from hashlib import new as new_hash
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa

from responder.core.errors import ProtocolError
from responder.core.hooks import Hooks
from responder.core.interfaces import AlgorithmPolicy, Occurrence, ResponderPolicy, SlotInfo
from responder.core.responder import Responder
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import load_private_key
from responder.spec.codes import ErrorCode
from responder.spec.flags import Cap
from responder.spec.versions import SpdmVersion

VERSIONS = (0x10, 0x11, 0x12, 0x13, 0x14)

CACHE, CERT, CHAL, MEAS_NO_SIG, MEAS_SIG, MEAS_FRESH = (1 << bit for bit in range(6))
ENCRYPT, MAC, MUT_AUTH, KEY_EX, PSK, PSK_CONTEXT, ENCAP = (1 << bit for bit in range(6, 13))
HBEAT, KEY_UPD, HANDSHAKE_IN_THE_CLEAR, PUB_KEY_ID, CHUNK = (1 << bit for bit in range(13, 18))
EP_INFO_NO_SIG, EP_INFO_SIG, MEL, EVENT = (1 << bit for bit in range(22, 26))
MULTI_KEY_ONLY, MULTI_KEY_NEG, GET_KEY_PAIR_INFO = (1 << bit for bit in range(26, 29))
ALIAS_CERT, SET_CERT, CSR, CERT_INSTALL_RESET = (1 << bit for bit in range(18, 22))
SET_KEY_PAIR_INFO, SET_KEY_PAIR_RESET = 1 << 29, 1 << 30
LARGE_RESP = 1 << 31

RSASSA_2048, RSAPSS_2048, RSASSA_3072, RSAPSS_3072 = 1 << 0, 1 << 1, 1 << 2, 1 << 3
P256, RSASSA_4096, RSAPSS_4096, P384, P521 = 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 8
ED25519 = 1 << 10
ML_DSA_44, ML_DSA_65, ML_DSA_87 = 1 << 32, 1 << 33, 1 << 34
"""Bits of PqcAsymAlgo, above those of BaseAsymAlgo."""
SHA_256, SHA_384, SHA_512, SHA3_256, SHA3_384, SHA3_512 = (1 << bit for bit in range(6))

KEY_OF = {
    RSASSA_2048: "rsa2048",
    RSAPSS_2048: "rsa2048",
    RSASSA_3072: "rsa3072",
    RSAPSS_3072: "rsa3072",
    RSASSA_4096: "rsa4096",
    RSAPSS_4096: "rsa4096",
    P256: "ecp256",
    P384: "ecp384",
    P521: "ecp521",
    ED25519: "ed25519",
    ML_DSA_44: "mldsa44",
    ML_DSA_65: "mldsa65",
    ML_DSA_87: "mldsa87",
}
HASH_NAMES = {
    SHA_256: "sha256",
    SHA_384: "sha384",
    SHA_512: "sha512",
    SHA3_256: "sha3_256",
    SHA3_384: "sha3_384",
    SHA3_512: "sha3_512",
}
ML_DSA = {
    "mldsa44": mldsa.MLDSA44PrivateKey,
    "mldsa65": mldsa.MLDSA65PrivateKey,
    "mldsa87": mldsa.MLDSA87PrivateKey,
}
CURVES = {"ecp256": ec.SECP256R1, "ecp384": ec.SECP384R1, "ecp521": ec.SECP521R1}
RSA_POOL = Path(__file__).parents[2] / "certs" / "rsa-pool"

NONCE = bytes(range(32))
OTHER_NONCE = bytes(range(100, 132))
CONTEXT = b"context!"


@cache
def private_key(kind):
    """A test key: elliptic from a fixed scalar, RSA from the committed pool."""
    if kind in CURVES:
        return ec.derive_private_key(0x5EC2E7_0000_1234, CURVES[kind]())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    if kind in ML_DSA:
        return ML_DSA[kind].from_seed_bytes(bytes(range(32)))
    return serialization.load_pem_private_key((RSA_POOL / f"{kind}.pem").read_bytes(), None)


@cache
def signing_key(kind):
    """The same key as the core takes it."""
    der = private_key(kind).private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return load_private_key(der)


def hashed(base_hash, *parts):
    """The digest by the bit of BaseHashAlgo, from the standard library."""
    return new_hash(HASH_NAMES[base_hash], b"".join(parts)).digest()


class FakeSlot:
    """A slot whose certificates are stand-ins: the core sends and hashes them, no more."""

    def __init__(self, slot_id, *, certificates=b"", kinds=None, key_usage=0x000F, model=1):
        self.slot_id = slot_id
        self.certificates = certificates or f"certificates of slot {slot_id} ".encode() * 20
        self.kinds = kinds
        self.told = SlotInfo(model, slot_id + 1, key_usage)
        self.size = 0x2000

    def info(self, asym):
        """Model, key pair and usage, the same for every algorithm that it has a key for."""
        return self.told if self.holds(asym) else SlotInfo()

    def holds(self, asym):
        """Whether there is a chain for that signature algorithm."""
        return self.kinds is None or asym.key in self.kinds

    def chain(self, asym, base_hash):
        """Length, two bytes of zero before 1.4, root hash, certificates."""
        if not self.holds(asym):
            return None
        return chain_of(self.certificates, base_hash.bit)

    def digest(self, asym, base_hash):
        """The base hash of the chain."""
        chain = self.chain(asym, base_hash)
        return None if chain is None else hashed(base_hash.bit, chain)

    def key(self, asym):
        """The test key of that kind."""
        return signing_key(asym.key) if self.holds(asym) else None


def chain_of(certificates, base_hash):
    """The certificate chain structure, by hand."""
    root_hash = hashed(base_hash, b"root of the fake chain")
    size = 4 + len(root_hash) + len(certificates)
    return size.to_bytes(4, "little") + root_hash + certificates


class FakeMeasurement:
    """A measurement of one index; a raw value, or its digest."""

    hash_extend = False

    def __init__(self, index, kind, value, *, tcb=False, always_raw=False):
        self.index = index
        self.kind = kind
        self.value = value
        self.tcb = tcb
        self.always_raw = always_raw

    def block(self, measurement_hash, *, raw):
        """The block as the core asks for it."""
        bit = None if measurement_hash is None else measurement_hash.bit >> 1
        return block_of(self, bit, raw=raw)


def block_of(measurement, base_hash, *, raw=False):
    """The measurement block, by hand; ``base_hash`` is ``None`` when only raw is possible."""
    value, kind = measurement.value, measurement.kind | 0x80
    if base_hash is not None and not raw and not measurement.always_raw:
        value, kind = hashed(base_hash, value), measurement.kind
    dmtf = bytes([kind]) + len(value).to_bytes(2, "little") + value
    return bytes([measurement.index, 1]) + len(dmtf).to_bytes(2, "little") + dmtf


MEASUREMENTS = (
    FakeMeasurement(1, 0, b"immutable ROM", tcb=True),
    FakeMeasurement(2, 1, b"mutable firmware", tcb=True),
    FakeMeasurement(0x10, 7, bytes([7, 0, 0, 0, 0, 0, 0, 0]), always_raw=True),
    FakeMeasurement(0xFD, 4, b"manifest " * 16, always_raw=True),
)


MEL_OF_TWO = bytes.fromhex(
    "02000000 18000000 000000000000000001000000 11 000000 89 0100 aa02000000 11 000000 89 0100 bb"
)
"""A measurement extension log: two entries, informational raw bit streams of one byte."""
ENDPOINT_INFO = bytes.fromhex("01000000 07 00 00 01 03 123456")
"""One device class of the DMTF, with one sub identifier."""


class FakeEvents:
    """What has happened: a list that tests append to."""

    def __init__(self):
        self.types = frozenset({1, 2, 3, 4})
        self.latest = 0
        self.happened = []

    def happen(self, event_type, detail):
        self.latest += 1
        self.happened.append(Occurrence(self.latest, event_type, detail))

    def since(self, number):
        return [one for one in self.happened if one.number > number]


class FakeKeyPair:
    """A key pair that may be changed in every way, as far as ``capabilities`` say so."""

    def __init__(self, *, capabilities=0x3F, slot_mask=1, usages=0x000F, algorithms=0x18, pqc=0):
        self.capabilities = capabilities
        self.slot_mask = slot_mask
        self.key_usage_capabilities = usages
        self.key_usage = 0x0003
        self.asym_capabilities = algorithms
        self.asym = 0x08
        self.pqc_capabilities = pqc
        self.pqc_asym = 0
        self.algorithm_identifier = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")


class FakeChange:
    """A change that ends as the test wants: with a result, or by raising."""

    def __init__(self, result, fails=None):
        self.result = result
        self.fails = fails
        self.history = []

    def work(self):
        self.history.append("work")
        if self.fails:
            raise self.fails

    def commit(self):
        self.history.append("commit")
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def give_up(self):
        self.history.append("give up")


class FakeProvisioning:
    """Remembers what it was asked for; every change becomes ``change``."""

    def __init__(self, *, trusted=False, waiting_slots=0, busy=False):
        self.trusted = trusted
        self.waiting_slots = waiting_slots
        self.pairs = [FakeKeyPair(), FakeKeyPair(capabilities=0, slot_mask=4)]
        self.change = None if busy else FakeChange(b"the CSR")
        self.asked = []

    def key_pairs(self):
        return self.pairs

    def banks(self):
        return ()

    def write(self, *asked):
        return self._begin("write", *asked)

    def erase(self, *asked):
        return self._begin("erase", *asked)

    def csr(self, *asked):
        return self._begin("csr", *asked)

    def set_key_pair(self, *asked, at_reset):
        return self._begin("set key pair", *asked, at_reset)

    def _begin(self, *asked):
        self.asked.append(asked)
        if self.change is None:
            raise ProtocolError(ErrorCode.BUSY)
        return self.change


class FakeDevice:
    """A device: its slots, a public key (or not), measurements, and one vendor that answers."""

    VENDOR = (3, b"\x34\x12")

    def __init__(
        self, slots=None, *, measurements=MEASUREMENTS, public_key=False, content_changed=2
    ):
        self.slots = {0: FakeSlot(0), 2: FakeSlot(2)} if slots is None else slots
        self.measured = measurements
        self.has_public_key = public_key
        self.changed = content_changed
        self.revision = 0
        self.mel = MEL_OF_TWO
        self.asked_hash = None
        self.events = FakeEvents()
        self.ticks = []
        self.vendor_requests = []
        self.ended = []
        self.psks = {}
        self.applications = {}
        self.provisioning = FakeProvisioning()

    def slot(self, slot_id):
        return self.slots.get(slot_id)

    def supported_slot_mask(self):
        return 0x0F

    def slot_size(self, slot_id):
        return 0x2000 if slot_id < 4 else 0

    def public_key(self, asym):
        return signing_key(asym.key) if self.has_public_key else None

    def measurements(self):
        return self.measured

    def content_changed(self):
        return self.changed

    def measurement_revision(self):
        return self.revision

    def measurement_extension_log(self, measurement_hash):
        self.asked_hash = measurement_hash
        return self.mel

    def endpoint_info(self, sub_code):
        return ENDPOINT_INFO if sub_code == 1 else None

    def psk(self, hint):
        return self.psks.get(hint)

    def application(self, data):
        return self.applications.get(data)

    def tick(self, now):
        self.ticks.append(now)

    def vendor_request(self, request):
        self.vendor_requests.append(request)
        asked = (request.standard_id, request.vendor_id)
        return request.payload[::-1] if asked == self.VENDOR else None

    def session_ended(self, session):
        self.ended.append(session)


def policy(*, flags=CERT | CHAL | MEAS_SIG, versions=VERSIONS, algorithms=None, **rest):
    """A profile's policy; ``algorithms`` changes single fields of what is negotiated."""
    offered = {
        "base_asym": [bit for bit in KEY_OF if bit < ML_DSA_44],
        "pqc_asym": [bit >> 32 for bit in KEY_OF if bit >= ML_DSA_44],
        "base_hash": [SHA_256, SHA_384, SHA_512, SHA3_256, SHA3_384, SHA3_512],
        "measurement_hash": [SHA_256 << 1],
        "tables": {2: [0x10], 3: [0x02], 4: [0x80], 5: [0x01]},
        "measurement_specification": 1,
        "opaque_formats": [2],
    }
    return ResponderPolicy(
        versions=[SpdmVersion(version) for version in versions],
        flags=Cap(flags),
        algorithms=AlgorithmPolicy(**offered | (algorithms or {})),
        **rest,
    )


def responder(device=None, its_policy=None, *, seed=b"seed", hooks=None):
    """A responder ready for its first request."""
    return Responder(
        device or FakeDevice(), its_policy or policy(), RandomTree(seed), hooks or Hooks()
    )
