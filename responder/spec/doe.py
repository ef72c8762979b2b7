"""Registers of the DOE extended capability (PCIe 6.2, 7.9.24); offsets from its header."""

from enum import IntEnum, IntFlag

CAPABILITY_ID = 0x2E
CAPABILITY_SIZE = 0x18

MAX_INTERRUPT_MESSAGE = (1 << 11) - 1
INTERRUPT_MESSAGE_SHIFT = 1
"""DOE Interrupt Message Number is bits 11:1 of the capability register."""


class Register(IntEnum):
    """Where the registers are."""

    HEADER = 0x00
    CAPABILITY = 0x04
    CONTROL = 0x08
    STATUS = 0x0C
    WRITE_MAILBOX = 0x10
    READ_MAILBOX = 0x14


class Capability(IntFlag):
    """DOE Capabilities; the last two in version 2 and later."""

    INTERRUPT = 1 << 0
    ATTENTION = 1 << 12
    ASYNC_MESSAGE = 1 << 13


class Control(IntFlag):
    """DOE Control; ABORT and GO read as 0."""

    ABORT = 1 << 0
    INTERRUPT_ENABLE = 1 << 1
    ATTENTION_NOT_NEEDED = 1 << 2
    ASYNC_MESSAGE_ENABLE = 1 << 3
    GO = 1 << 31


class Status(IntFlag):
    """DOE Status; INTERRUPT is cleared by writing 1 to it."""

    BUSY = 1 << 0
    INTERRUPT = 1 << 1
    ERROR = 1 << 2
    ASYNC_MESSAGE = 1 << 3
    AT_ATTENTION = 1 << 4
    READY = 1 << 31
