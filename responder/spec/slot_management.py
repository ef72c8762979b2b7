"""SLOT_MANAGEMENT (DSP0274 1.4): sub-codes, bits and sizes.

Nobody has merged an implementation and the text was not at hand: the values marked "assumed" are
ours, all of them stand here, and ``docs/unverified.md`` lists them.
"""

from enum import IntEnum, IntFlag


class SubCode(IntEnum):
    """Param1. That 0 to 3 stand in this order is assumed."""

    SUPPORTED_SUB_CODES = 0x00
    GET_BANK_INFO = 0x01
    GET_BANK_DETAILS = 0x02
    GET_CERTIFICATE_CHAIN = 0x03
    GET_CSR = 0x04
    MANAGE_BANK = 0x20
    MANAGE_SLOT = 0x21
    SET_CERTIFICATE = 0x22


class BankAttribute(IntFlag):
    """BankAttributes of BankDetails. Both bit numbers are assumed."""

    SELECTED = 1 << 0
    CONFIG_ALGO = 1 << 1


class SlotAttribute(IntFlag):
    """SlotAttributes of a SlotElement. Both bit numbers are assumed."""

    PROVISIONED = 1 << 0
    WRITE_PROTECTED = 1 << 1


class BankOperation(IntEnum):
    """Operation of ManageBank. The value is assumed."""

    CONFIG_ALGO = 0


class SlotOperation(IntEnum):
    """Operation of ManageSlot. The value is assumed."""

    ERASE = 0


SLOT_ADDRESS_SIZE = 8
"""ReqLength of SlotAddress: it counts the address alone, whatever follows it."""
SUB_CODE_BITMAP_SIZE = 32
"""Bytes of SubCodeBitmap: of 32 and 8, which sources give, the larger is assumed."""
PQC_SIZE = 4
"""Bytes in which a mask of post-quantum algorithms is written."""
BANK_ELEMENT_SIZE = 4
SLOT_ELEMENT_FIXED_SIZE = 16
"""Bytes of a SlotElement before its digest."""
