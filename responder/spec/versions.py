"""SPDM versions (DSP0274 "GET_VERSION request and VERSION response messages")."""

from enum import IntEnum


class SpdmVersion(IntEnum):
    """The SPDMVersion field of a message header: major in bits 7:4, minor in bits 3:0."""

    V10 = 0x10
    V11 = 0x11
    V12 = 0x12
    V13 = 0x13
    V14 = 0x14

    @property
    def label(self) -> str:
        """The version as people write it, such as ``1.2``."""
        return f"{self >> 4}.{self & 0xF}"


V10, V11, V12, V13, V14 = SpdmVersion

ALL_VERSIONS: tuple[SpdmVersion, ...] = tuple(SpdmVersion)


def version_entry(version: int) -> int:
    """The 16-bit VERSION entry of a version: major, minor, update 0, alpha 0."""
    return version << 8
