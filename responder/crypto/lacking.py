"""What SPDM defines and ``cryptography`` lacks, so that it is refused where it is asked for."""

from collections.abc import Mapping
from types import MappingProxyType

from responder.spec.algorithms import BASE_ASYM, DHE_GROUPS, KEMS, PQC_ASYM, Algorithm

_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "SM2-P256": "cryptography has no SM2",
        "Ed448": "cryptography signs with Ed448 only without the context that SPDM wants",
        "ML-KEM-512": "cryptography has no ML-KEM-512",
    }
)
_NO_SLH_DSA = "cryptography has no SLH-DSA"


def reason_to_refuse(algorithm: Algorithm) -> str:
    """Why a signature algorithm or key exchange cannot be computed; empty if it can."""
    if algorithm.name.startswith("SLH-DSA"):
        return _NO_SLH_DSA
    return _REASONS.get(algorithm.name, "")


def every_lack() -> dict[str, str]:
    """Each algorithm that is refused, and why."""
    rows: tuple[Algorithm, ...] = (*BASE_ASYM, *PQC_ASYM, *DHE_GROUPS, *KEMS)
    return {row.name: why for row in rows if (why := reason_to_refuse(row))}
