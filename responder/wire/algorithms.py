"""NEGOTIATE_ALGORITHMS and ALGORITHMS (DSP0274, clause of that name)."""

from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, PQC_ASYM
from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.errors import WireError
from responder.wire.fields import Blob, Int8ul, Int16ul, Int32ul, LengthOf
from responder.wire.message import Message, Record, wire
from responder.wire.names import MEASUREMENT_HASHES, AlgType, OtherParams, Specification

FIXED_ALGORITHM_BYTES = 2
TABLE_SIZE = 4
EXTENDED_SIZE = 4
BLOCK_FIXED_SIZE = 30
REQUEST_FIXED_SIZE = 32
RESPONSE_FIXED_SIZE = 36


class AlgorithmStructure(Record):
    """One algorithm structure (1.1): type, counts, bits, extended algorithms of 4 bytes each."""

    alg_type: int = wire(Int8ul, show=AlgType)
    alg_count: int = wire(Int8ul, default=FIXED_ALGORITHM_BYTES << 4)
    alg_supported: int = wire(Int16ul)
    alg_external: bytes = wire(Blob(lambda c: EXTENDED_SIZE * (c.alg_count & 0xF)), default=b"")

    @property
    def fixed_size(self) -> int:
        """Bytes of the fixed algorithm field, as claimed; the specification's value is 2."""
        return self.alg_count >> 4

    @property
    def extended_count(self) -> int:
        """How many extended algorithms follow."""
        return self.alg_count & 0xF


class AlgorithmOffer(Record):
    """What a side supports: 30 bytes, extended algorithms, structures; ``length`` covers all of it.

    This is the supported-algorithms block at the end of CAPABILITIES (1.3), and the body of
    NEGOTIATE_ALGORITHMS.
    """

    algorithm_structure_count: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    length: int | None = wire(LengthOf("trailer", Int16ul, extra=BLOCK_FIXED_SIZE), default=None)
    measurement_specification: int = wire(Int8ul, default=0, show=Specification)
    other_params_support: int = wire(Int8ul, default=0, show=OtherParams)
    base_asym_algo: int = wire(Int32ul, default=0, show=BASE_ASYM)
    base_hash_algo: int = wire(Int32ul, default=0, show=BASE_HASHES)
    pqc_asym_algo: int = wire(Int32ul, default=0, show=PQC_ASYM)
    reserved: bytes = wire(Blob(8), default=bytes(8))
    ext_asym_count: int = wire(Int8ul, default=0)
    ext_hash_count: int = wire(Int8ul, default=0)
    reserved2: int = wire(Int8ul, default=0)
    mel_specification: int = wire(Int8ul, default=0, show=Specification)
    trailer: bytes = wire(Blob(lambda c: max(0, c.length - BLOCK_FIXED_SIZE)), default=b"")

    @property
    def extended_size(self) -> int:
        """Bytes of the extended algorithms that lead the trailer."""
        return EXTENDED_SIZE * (self.ext_asym_count + self.ext_hash_count)

    def structures(self) -> list[AlgorithmStructure]:
        """The algorithm structures, as many as Param1 says.

        Raises:
            WireError: there are fewer, or bytes are left over.
        """
        return _structures(self.trailer[self.extended_size :], self.algorithm_structure_count)


class NegotiateAlgorithms(Message, AlgorithmOffer, code=RequestCode.NEGOTIATE_ALGORITHMS):
    """What the requester supports: SPDMVersion and code, then its offer.

    ``length`` is the length of the whole message, in bytes.
    """

    length: int | None = wire(LengthOf("trailer", Int16ul, extra=REQUEST_FIXED_SIZE), default=None)
    trailer: bytes = wire(Blob(lambda c: max(0, c.length - REQUEST_FIXED_SIZE)), default=b"")


class Algorithms(Message, code=ResponseCode.ALGORITHMS):
    """What the responder selected: 36 bytes, extended algorithms, structures (1.1)."""

    algorithm_structure_count: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    length: int | None = wire(LengthOf("trailer", Int16ul, extra=RESPONSE_FIXED_SIZE), default=None)
    measurement_specification_sel: int = wire(Int8ul, default=0, show=Specification)
    other_params_selection: int = wire(Int8ul, default=0, show=OtherParams)
    measurement_hash_algo: int = wire(Int32ul, default=0, show=MEASUREMENT_HASHES)
    base_asym_sel: int = wire(Int32ul, default=0, show=BASE_ASYM)
    base_hash_sel: int = wire(Int32ul, default=0, show=BASE_HASHES)
    pqc_asym_sel: int = wire(Int32ul, default=0, show=PQC_ASYM)
    reserved: bytes = wire(Blob(7), default=bytes(7))
    mel_specification_sel: int = wire(Int8ul, default=0, show=Specification)
    ext_asym_sel_count: int = wire(Int8ul, default=0)
    ext_hash_sel_count: int = wire(Int8ul, default=0)
    reserved2: int = wire(Int16ul, default=0)
    trailer: bytes = wire(Blob(lambda c: max(0, c.length - RESPONSE_FIXED_SIZE)), default=b"")

    def structures(self) -> list[AlgorithmStructure]:
        """The algorithm structures, as many as Param1 says.

        Raises:
            WireError: there are fewer, or bytes are left over.
        """
        extended = EXTENDED_SIZE * (self.ext_asym_sel_count + self.ext_hash_sel_count)
        return _structures(self.trailer[extended:], self.algorithm_structure_count)


def _structures(data: bytes, count: int) -> list[AlgorithmStructure]:
    structures = AlgorithmStructure.parse_all(data)
    if len(structures) != count:
        raise WireError(f"Param1 says {count} structures, {len(structures)} are there", "trailer")
    return structures
