"""``spdm-responder decode``: print messages field by field."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.cli.algorithm_names import algorithm_in
from responder.cli.decode_print import FORMATS, VALUE_WIDTH, Json, Printer, Table, Tree
from responder.cli.exits import Exit
from responder.decode.decoder import Decoder
from responder.decode.payload import Payload
from responder.decode.source import chosen, file_payloads, path_payloads
from responder.decode.text import SPLITS, is_hex
from responder.decode.transport import AUTO, TRANSPORTS
from responder.spec.algorithms import (
    BASE_ASYM,
    BASE_HASHES,
    DHE_GROUPS,
    KEMS,
    PQC_ASYM,
    Exchange,
    Hash,
    Signature,
)
from responder.spec.versions import ALL_VERSIONS
from responder.wire.context import WireContext
from responder.wire.follow import NOTHING_KNOWN

if TYPE_CHECKING:
    from responder.decode.keys import KeyRing

_SIZES_ARE_OPTIONS = "no ALGORITHMS before: sizes come from --version, --hash, --asym, --exchange"


@click.command("decode")
@click.argument("source", nargs=-1, required=True, metavar="FILE|HEX|-")
@click.option(
    "--transport",
    type=click.Choice(TRANSPORTS),
    default=AUTO,
    help="What surrounds each message; auto goes by what the bytes look like.",
)
@click.option(
    "--version",
    type=click.Choice([version.label for version in ALL_VERSIONS]),
    help="The connection's version, if the messages do not begin with GET_VERSION.",
)
@click.option(
    "--hash",
    "base_hash",
    type=algorithm_in(BASE_HASHES),
    metavar="NAME",
    help="The agreed hash, such as SHA-384, if the messages do not tell.",
)
@click.option(
    "--asym",
    type=algorithm_in((*BASE_ASYM, *PQC_ASYM)),
    metavar="NAME",
    help="The agreed signature algorithm, such as ECDSA-P384, if the messages do not tell.",
)
@click.option(
    "--req-asym",
    type=algorithm_in((*BASE_ASYM, *PQC_ASYM)),
    metavar="NAME",
    help="The requester's agreed signature algorithm, if the messages do not tell.",
)
@click.option(
    "--exchange",
    type=algorithm_in((*DHE_GROUPS, *KEMS)),
    metavar="NAME",
    help="The agreed group or KEM, such as SECP384R1, if the messages do not tell.",
)
@click.option(
    "--split",
    type=click.Choice(SPLITS),
    default="auto",
    help="Where hexadecimal text is cut into messages.",
)
@click.option(
    "--keylog",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Open secured records with the keys that serve --keylog wrote.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="tree",
    show_default=True,
    help="A tree of fields, a table with a line for each message, or JSON Lines with everything.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.option("--full", is_flag=True, help="Show all bytes of long fields.")
def command(
    source: tuple[str, ...],
    transport: str,
    split: str,
    keylog: Path | None,
    form: str,
    full: bool,
    **known: Any,
) -> None:
    """Print SPDM messages field by field.

    Messages are read from a file, from hexadecimal on the command line, or from standard input
    (-): a capture (pcapng or pcap) of TCP connections or as spdm-emu writes it, a journal of
    serve, JSON lines with req and rsp, recorded runs, the store of a campaign, hexadecimal text,
    hex dumps, or raw bytes. Of a file with many conversations, FILE#NAME is one: the number of a
    connection, or the name of a run or case.

    Messages of one conversation follow each other, so that later ones are read with what earlier
    ones agreed.

    Exits 0 when everything could be read, 1 when something could not.
    """
    decoder = decoder_for(transport, keylog, _context(**known))
    printer = _printer(form, full=full)
    shown = problems = 0
    for payload in _payloads(source, split, transport):
        for decoded in decoder.decode(payload):
            printer.show(decoded)
            shown += 1
            problems += len(decoded.problems)
            if decoded.context_missing:
                click.echo(_SIZES_ARE_OPTIONS, err=True)
    clean = shown and not problems
    click.get_current_context().exit(Exit.OK if clean else Exit.FINDING)


def decoder_for(
    transport: str, keylog: Path | None, context: WireContext = NOTHING_KNOWN
) -> Decoder:
    """A decoder that opens records if there is a key log."""
    return Decoder(context, transport, _openers(keylog))


def _printer(form: str, *, full: bool) -> Printer:
    if form == "tree":
        return Tree(width=0 if full else VALUE_WIDTH)
    return Table() if form == "table" else Json()


def _openers(keylog: Path | None) -> "KeyRing | None":
    """What opens records, if there is a key log."""
    if keylog is None:
        return None
    from responder.decode.keys import KeyRing  # noqa: PLC0415 - ciphers are slow to import

    return KeyRing(keylog)


def _payloads(source: tuple[str, ...], split: str, transport: str) -> Iterator[Payload]:
    """The payloads that the arguments mean; words of hexadecimal are one message."""
    if source == ("-",):
        return file_payloads(sys.stdin.buffer, split, transport)
    if len(source) == 1:
        path, conversation = path_and_conversation(source[0])
        if path is not None:
            return chosen(path_payloads(path, split, transport), conversation, str(path))
    text = " ".join(source)
    if not is_hex(text):
        raise click.UsageError(f"{text[:60]!r} is neither a file nor hexadecimal")
    return file_payloads(io.BytesIO(text.encode()), split, transport)


def path_and_conversation(name: str) -> tuple[Path | None, str]:
    """The file that ``FILE`` or ``FILE#NAME`` means, if there is one, and the conversation."""
    if _is_there(name):
        return Path(name), ""
    file, _, conversation = name.partition("#")
    return (Path(file), conversation) if conversation and _is_there(file) else (None, "")


def _is_there(name: str) -> bool:
    try:
        return Path(name).exists()
    except OSError:  # longer than a name may be: hexadecimal
        return False


def _context(
    version: str | None,
    base_hash: Hash | None,
    asym: Signature | None,
    req_asym: Signature | None,
    exchange: Exchange | None,
) -> WireContext:
    labels = {known.label: known for known in ALL_VERSIONS}
    return NOTHING_KNOWN.replace(
        version=labels[version] if version else NOTHING_KNOWN.version,
        hash_size=base_hash.size if base_hash else 0,
        signature_size=asym.size if asym else 0,
        requester_signature_size=req_asym.size if req_asym else 0,
        exchange_request_size=exchange.request_size if exchange else 0,
        exchange_response_size=exchange.response_size if exchange else 0,
    )
