"""The pages on captures and on decode name what the program has."""

import re

import pages

from responder.cli.decode_print import FORMATS, as_json
from responder.decode.compare import MASK
from responder.decode.decoder import Decoder
from responder.decode.payload import Payload
from responder.observe.pcapng import LINK_TYPE_UPPER_PDU, PLAINTEXT_DISSECTOR
from responder.observe.spdm_dump import LINK_TYPES

DECODE = (pages.DOCS / "decode.md").read_text()
CAPTURE = (pages.DOCS / "capture.md").read_text()


def names(part):
    """The names in the first column of a table."""
    cells = re.findall(r"^\|([^|]*)\|", part, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_each_key_of_the_json_is_told():
    (decoded,) = Decoder().decode(Payload(bytes.fromhex("10840000")))
    row = as_json(decoded)
    assert names(DECODE.partition("**json**")[2].partition("\n## ")[0]) == set(row)
    assert all(f"`{key}`" in DECODE for key in row["fields"][0])


def test_each_field_that_is_masked_is_told():
    assert names(DECODE.partition("With `--mask`")[2]) == set(MASK)


def test_the_forms_are_told():
    assert all(f"**{form}**" in DECODE for form in FORMATS)


def test_numbers_of_captures_are_told():
    assert f"link type {LINK_TYPE_UPPER_PDU}" in CAPTURE
    assert f"`{PLAINTEXT_DISSECTOR}`" in CAPTURE
    first, second = LINK_TYPES.values()
    assert f"link types, {first} and {second}," in CAPTURE
