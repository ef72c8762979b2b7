"""Standards bodies, DOE object types and socket commands that several modules share."""

from enum import IntEnum


class StandardId(IntEnum):
    """StandardID of VENDOR_DEFINED and the registry of opaque elements (DSP0274 "Registry")."""

    DMTF = 0
    TCG = 1
    USB = 2
    PCI_SIG = 3
    IANA = 4
    HDBASET = 5
    MIPI = 6
    CXL = 7
    JEDEC = 8
    VESA = 9
    IANA_CBOR = 10
    DMTF_DSP = 11


VENDOR_ID_SIZES: dict[StandardId, tuple[int, ...]] = {
    StandardId.DMTF: (0,),
    StandardId.TCG: (2,),
    StandardId.USB: (2,),
    StandardId.PCI_SIG: (2,),
    StandardId.IANA: (4,),
    StandardId.HDBASET: (4,),
    StandardId.MIPI: (2,),
    StandardId.CXL: (2,),
    StandardId.JEDEC: (2,),
    StandardId.VESA: (0,),
    StandardId.IANA_CBOR: (1, 2, 3, 5, 9),
    StandardId.DMTF_DSP: (2,),
}
"""Allowed lengths in bytes of the VendorID that follows a StandardID."""

PCI_SIG_VENDOR_ID = 0x0001


class DoeType(IntEnum):
    """Data object types of the PCI-SIG (PCIe 6.x 6.30; CMA/SPDM 6.31)."""

    DISCOVERY = 0
    SPDM = 1
    SECURED_SPDM = 2
    SPDM_CONNECTION_ID = 3
    SECURED_SPDM_CONNECTION_ID = 4
    ASYNC = 5


class MctpType(IntEnum):
    """MCTP message types (DSP0239) that carry SPDM."""

    SPDM = 5
    SECURED = 6


class CertificateModel(IntEnum):
    """Certificate chain models (DSP0274 "Identity provisioning")."""

    NONE = 0
    DEVICE = 1
    ALIAS = 2
    GENERIC = 3


class KeyUsage(IntEnum):
    """KeyUsageMask bits of a key pair (1.3 and later)."""

    KEY_EX = 0x0001
    CHALLENGE = 0x0002
    MEASUREMENT = 0x0004
    ENDPOINT_INFO = 0x0008
    STANDARDS = 0x4000
    VENDOR = 0x8000
