"""GET_MEASUREMENT_EXTENSION_LOG, MEASUREMENT_EXTENSION_LOG and the log (DSP0274 1.3, same clause).

The log, MEL, is read in portions like a certificate chain; the DMTF's has entries that each extend
the hash-extend measurement of one index.
"""

from typing import Self

from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.fields import Blob, Int8ul, Int16ul, Int32ul, LengthOf
from responder.wire.message import Message, Record, wire
from responder.wire.names import value_type

_PLAIN = WireContext()


class MelEntry(Record):
    """One entry of the DMTF's log: 11 bytes and a value."""

    mel_index: int = wire(Int32ul)
    meas_index: int = wire(Int8ul)
    reserved: bytes = wire(Blob(3), default=bytes(3))
    value_type: int = wire(Int8ul, show=value_type)
    value_size: int | None = wire(LengthOf("value", Int16ul), default=None)
    value: bytes = wire(Blob(lambda c: c.value_size))


class DmtfMel(Record):
    """The whole log: 16 bytes and its entries, of which MELIndex counts from 1."""

    number_of_entries: int = wire(Int32ul)
    mel_entries_length: int | None = wire(LengthOf("mel_entries", Int32ul), default=None)
    reserved: bytes = wire(Blob(8), default=bytes(8))
    mel_entries: bytes = wire(Blob(lambda c: c.mel_entries_length), default=b"", view=MelEntry)

    @classmethod
    def read(cls, data: bytes, context: WireContext = _PLAIN) -> tuple[Self, int]:
        """Parse a log that is whole.

        Raises:
            WireError: it ends early, or has more or fewer entries than it says.
        """
        mel, used = super().read(data, context)
        if len(mel.entries()) != mel.number_of_entries:
            raise WireError("NumberOfEntries differs from what is there", "number_of_entries")
        return mel, used

    def entries(self) -> list[MelEntry]:
        """The entries, in order.

        Raises:
            WireError: one ends early.
        """
        return MelEntry.parse_all(self.mel_entries)


class GetMeasurementExtensionLog(Message, code=RequestCode.GET_MEASUREMENT_EXTENSION_LOG):
    """Asks for a portion of the log; 12 bytes."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    offset: int = wire(Int32ul, default=0)
    length: int = wire(Int32ul, default=0xFFFFFFFF)


class MeasurementExtensionLog(Message, code=ResponseCode.MEASUREMENT_EXTENSION_LOG):
    """A portion of the log and how many bytes remain after it: 12 bytes and the portion.

    Only a portion that is the whole log has fields of its own.
    """

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    portion_length: int | None = wire(LengthOf("mel", Int32ul), default=None)
    remainder_length: int = wire(Int32ul, default=0)
    mel: bytes = wire(Blob(lambda c: c.portion_length), default=b"", view=DmtfMel)
