"""Actions on bytes and fields, which work wherever there are bytes.

That is on a draft, a transcript part, a signature, a message or a frame.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Value = int | str | list[int]
Amount = Annotated[int, Meta(ge=0, le=1 << 24)]
"""Bytes or entries of a list."""
Source = Literal["response", "request", "slot", "earlier"]


class Action(Struct, tag_field="do", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Something that a fault does."""


class Edit(Action, frozen=True, kw_only=True):
    """Changes bytes: of a field, or of all that the hook sees.

    Attributes:
        field: address of the field; all bytes without it.
        part: at `pre_sign`, the message of the transcript that is changed; `*` is each of them. At
            `device`, where edits need it, `report`: the interface report of TDISP, however it is
            read, until the interface is locked anew.
    """

    field: str = ""
    part: str = ""


class Set(Edit, tag="set", frozen=True, kw_only=True):
    """Gives a field another value.

    Attributes:
        value: a number, hexadecimal text, a list of numbers, or one of `zeros`, `ones` and
            `random` (the size stays); a list field may be set to `shuffled` or `reversed`. At
            `pre_sign`, without part: `context`, `version` (`1.2`), `base_hash`, `scheme` as text.
    """

    value: Value


class Add(Edit, tag="add", frozen=True, kw_only=True):
    """Adds to a number; a length or count then lies by that much while the bytes stay.

    Attributes:
        by: what is added; the sum is cut to the field's width.
    """

    by: int


class Xor(Edit, tag="xor", frozen=True, kw_only=True):
    """Inverts the bits of a mask.

    Attributes:
        mask: a number, or hexadecimal text that is repeated over the bytes.
    """

    mask: int | str


class SetBits(Edit, tag="set-bits", frozen=True, kw_only=True):
    """Sets bits.

    Attributes:
        mask: a number.
    """

    mask: int


class ClearBits(Edit, tag="clear-bits", frozen=True, kw_only=True):
    """Clears bits.

    Attributes:
        mask: a number.
    """

    mask: int


class Flip(Edit, tag="flip", frozen=True, kw_only=True):
    """Inverts one bit.

    Attributes:
        bit: counted from the first byte's least significant bit; negative counts from the end (-8
            is the least significant bit of the last byte); `random` draws one.
    """

    bit: int | Literal["random"] = 0


class Copy(Edit, tag="copy", frozen=True, kw_only=True):
    """Gives a field the value of another.

    Attributes:
        of: where it is taken from: `response` (this one), `request` (its request), `slot` (the
            device's), or `earlier`: a message of this or another connection.
        source: the field there; the same address if not given. Of a slot: `digest`, `chain`,
            `public-key`, `certificates`.
        message: with `earlier`, which message, or a list of them; the one that is being sent if not
            given. The present exchange does not count.
        connection: with `earlier`, whose message: this connection's, the previous one's, any
            other's, or any.
        nth: with `earlier`, which of them: 1 is the first, -1 the last.
        slot: with `slot`, which.
        otherwise: what counts when there was none yet: `nothing` leaves the field as it is.
    """

    of: Source
    source: str = ""
    message: str | list[str] = ""
    connection: Literal["this", "previous", "other", "any"] = "this"
    nth: int = -1
    slot: int = 0
    otherwise: Literal["nothing", "zeros"] = "nothing"


class Resize(Edit, frozen=True, kw_only=True):
    """Changes a size; lengths and counts that speak of it follow, unless they are kept.

    Attributes:
        lengths: `follow`, or `keep`: they still say what they said before.
    """

    lengths: Literal["follow", "keep"] = "follow"


class Truncate(Resize, tag="truncate", frozen=True, kw_only=True):
    """Cuts the end off.

    Attributes:
        by: bytes (entries of a list) to cut off.
        to: what is left instead; negative counts from the end.
        at: instead, the field before which the message ends.
    """

    by: Amount | None = None
    to: int | None = None
    at: str = ""


class Extend(Resize, tag="extend", frozen=True, kw_only=True):
    """Adds bytes, or entries of a list, at the end.

    Attributes:
        by: how many; the size of the value if not given.
        value: hexadecimal text that is repeated, `zeros`, `ones` or `random`; numbers for a list.
        to: the whole size to reach instead; `transfer-size` or `message-size` is what the requester
            takes, and one byte more.
    """

    by: Amount | None = None
    value: Value = "zeros"
    to: Amount | Literal["transfer-size", "message-size"] | None = None


class Insert(Resize, tag="insert", frozen=True, kw_only=True):
    """Puts bytes, or entries of a list, in between.

    Attributes:
        value: as in extend.
        at: the byte or entry before which they go; negative counts from the end.
        by: how many bytes, if the value is a word.
    """

    value: Value
    at: int = 0
    by: Amount = 1


class Delete(Resize, tag="delete", frozen=True, kw_only=True):
    """Takes a field, an element (`measurement_record[1]`), or some bytes out.

    Attributes:
        at: the first byte; with it only `size` bytes go.
        size: how many.
    """

    at: int | None = None
    size: Amount = 1


class Double(Resize, tag="double", frozen=True, kw_only=True):
    """Puts a field's bytes, or an element, there once more.

    Attributes:
        times: how many copies follow it.
    """

    times: Annotated[int, Meta(ge=1, le=1 << 16)] = 1


class Swap(Edit, tag="swap", frozen=True, kw_only=True):
    """Exchanges two fields or elements; without a second one, the two halves of the field.

    Attributes:
        other: address of the second.
    """

    other: str = ""


class Reverse(Edit, tag="reverse", frozen=True, kw_only=True):
    """Turns the byte order of a field round."""
