"""``spdm-responder decode``: print messages field by field."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.cli.algorithm_names import algorithm_in
from responder.cli.exits import Exit
from responder.cli.output import reader_may_leave
from responder.decode.text import NORMAL_COMMAND, SPLITS, Payload, is_hex, payloads
from responder.decode.transport import (
    AUTO,
    TRANSPORTS,
    disclosed,
    unframed,
    unwrap,
)
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
from responder.spec.codes import RequestCode, ResponseCode, name_of_code, response_code_of
from responder.spec.versions import ALL_VERSIONS
from responder.transport.errors import FramingError
from responder.transport.overheard import Overheard
from responder.wire.context import WireContext
from responder.wire.describe import Description, Line, describe, describe_record, text_of_line
from responder.wire.follow import NOTHING_KNOWN, Conversation

if TYPE_CHECKING:
    from responder.decode.keys import KeyRing

VALUE_WIDTH = 64
"""Characters of a value that are shown unless all of them are asked for."""

TITLE, FIELD, PROBLEM = "title", "field", "problem"
Print = Callable[[str, str], None]
"""Prints one line in one of those styles."""

REQUEST_BIT = 0x80
_CODES = frozenset((*RequestCode, *ResponseCode))
_ASKED_FOR: dict[int, str] = {
    ResponseCode.CHALLENGE_AUTH: "summary",
    ResponseCode.MEASUREMENTS: "signed",
    ResponseCode.ENDPOINT_INFO: "signed",
    ResponseCode.KEY_EXCHANGE_RSP: "summary",
    ResponseCode.PSK_EXCHANGE_RSP: "summary",
}
"""Responses with a part that the request asked for, and what ``WireContext`` calls it."""
_SIZED = frozenset(
    {
        ResponseCode.DIGESTS,
        ResponseCode.FINISH_RSP,
        RequestCode.KEY_EXCHANGE,
        RequestCode.FINISH,
        RequestCode.PSK_FINISH,
        *_ASKED_FOR,
    }
)
"""Messages whose layout depends on the negotiated algorithms."""


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
@click.option("--full", is_flag=True, help="Show all bytes of long fields.")
def command(
    source: tuple[str, ...],
    transport: str,
    split: str,
    keylog: Path | None,
    full: bool,
    **known: Any,
) -> None:
    """Print SPDM messages field by field.

    Messages are read from a file, from hexadecimal on the command line, or from standard input
    (-): hexadecimal text, hex dumps, JSON lines with req and rsp, a journal of serve, a pcap file
    of MCTP or PCI DOE as spdm-emu writes it, or raw bytes. Messages of one conversation follow
    each other, so that later ones are read with what earlier ones agreed.

    Exits 0 when everything could be read, 1 when something could not.
    """
    content = _content(source)
    width = 0 if full else VALUE_WIDTH
    decoder = _Decoder(_context(**known), _printer(), width, _openers(keylog))
    for payload in payloads(content, split):
        for part in unframed(payload, transport):
            decoder.show(part, transport)
    clean = decoder.shown and not decoder.problems
    click.get_current_context().exit(Exit.OK if clean else Exit.FINDING)


def _openers(keylog: Path | None) -> "KeyRing | None":
    """What opens records, if there is a key log."""
    if keylog is None:
        return None
    from responder.decode.keys import KeyRing  # noqa: PLC0415 - ciphers are slow to import

    return KeyRing(keylog)


def _content(source: tuple[str, ...]) -> bytes:
    """The bytes that the arguments mean; words of hexadecimal are one message."""
    if source == ("-",):
        return sys.stdin.buffer.read()
    if len(source) == 1 and _is_file(source[0]):
        return Path(source[0]).read_bytes()
    text = " ".join(source)
    if not is_hex(text):
        raise click.UsageError(f"{text[:60]!r} is neither a file nor hexadecimal")
    return text.encode()


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
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


def _printer() -> Print:
    """Prints as long as somebody reads; all is decoded anyhow, for the exit code."""
    put = _line_printer()

    def put_while_read(text: str, kind: str) -> None:
        with reader_may_leave():
            put(text, kind)

    return put_while_read


def _line_printer() -> Print:
    """Plain lines, coloured when a person watches."""
    if not sys.stdout.isatty():
        return lambda text, _: click.echo(text)
    from rich.console import Console  # noqa: PLC0415 - slow to import, and rarely needed
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    styles = {TITLE: "bold cyan", FIELD: "", PROBLEM: "bold red"}
    return lambda text, kind: console.print(Text(text, styles[kind]), soft_wrap=True)


@dataclass(slots=True)
class _Followed:
    """A conversation, and the code of its latest request."""

    conversation: Conversation
    request: int = 0


class _Decoder:
    """Prints payload after payload.

    Attributes:
        shown: how many payloads were printed.
        problems: how many of them could not be read to the end.
    """

    def __init__(
        self, context: WireContext, put: Print, width: int, keys: "KeyRing | None" = None
    ) -> None:
        self._context = context
        self._keys = keys
        self._conversations: dict[int, _Followed] = {}
        self._put = put
        self._width = width
        self.shown = 0
        self.problems = 0

    def show(self, payload: Payload, transport: str) -> None:
        """Print one payload, as far as it can be read, and why no further."""
        if payload.data or payload.command != NORMAL_COMMAND:
            self.shown += 1
            self._payload(payload, transport)
        if payload.problem:
            self._problem(payload.problem)

    def _payload(self, payload: Payload, transport: str) -> None:
        try:
            inner = unwrap(payload, transport)
        except FramingError as error:
            self._bytes("payload", payload.data)
            self._problem(error.reason)
            return
        if inner.label:
            self._bytes(f"{inner.label} ({inner.binding})", inner.data)
            return
        followed = self._conversations.setdefault(
            payload.connection, _Followed(Conversation(self._context))
        )
        if inner.sequence_number_size is not None:
            self._secured(inner, followed)
            return
        origin = f"connection {payload.connection}" if payload.connection else inner.binding
        self._followed(inner, followed, origin)

    def _followed(self, inner: Overheard, followed: "_Followed", origin: str) -> None:
        """A message, and the large one that it may complete."""
        self._message(inner, followed, origin)
        completed = followed.conversation.completed
        if completed is not None:
            whole = describe(*completed, certificate=_whose)
            self._print(whole, "in chunks")

    def _message(self, inner: Overheard, followed: "_Followed", origin: str) -> None:
        description = self._describe(inner, followed)
        self._print(description, origin)
        if description.problem is not None:
            self._say_what_is_missing(inner.data, followed)
        elif inner.data[1] not in _CODES:
            self._problem(f"{name_of_code(inner.data[1])} is no code of SPDM")

    def _secured(self, inner: Overheard, followed: "_Followed") -> None:
        """A record; with its key, what is in it."""
        size = inner.sequence_number_size or 0
        context = WireContext(sequence_number_size=size)
        self._print(describe_record(inner.data, context, padding=inner.padding), inner.binding)
        if self._keys is None:
            return
        opened = self._keys.open(inner.data, size, inner.padding)
        if opened is None:
            self._problem("no key of the log opens it")
            return
        keys = opened.keys
        origin = f"{keys.direction} {opened.sequence}, {keys.phase} keys"
        try:
            message = disclosed(opened.data, inner.binding)
        except FramingError:
            self._bytes(f"application data ({origin})", opened.data)
            return
        self._followed(Overheard(inner.binding, message), followed, origin)

    def _print(self, description: Description, origin: str) -> None:
        self._put(f"#{self.shown} {description.title} ({origin})", TITLE)
        for line in description.lines:
            self._put(text_of_line(line, width=self._width), FIELD)
        if description.problem is not None:
            self._problem(str(description.problem))

    def _describe(self, inner: Overheard, followed: "_Followed") -> Description:
        context = followed.conversation.feed(inner.data)
        code = inner.data[1] if len(inner.data) > 1 else 0
        asked = response_code_of(followed.request) == code
        if code & REQUEST_BIT:
            followed.request = code
        description = self._described(inner, context)
        if description.problem is None or asked or code not in _ASKED_FOR:
            return description
        # Nobody saw the request that says whether a part is there: the message itself may.
        with_it = self._described(inner, context.replace(**{_ASKED_FOR[code]: True}))
        return description if with_it.problem else with_it

    def _described(self, inner: Overheard, context: WireContext) -> Description:
        return describe(inner.data, context, padding=inner.padding, certificate=_whose)

    def _bytes(self, name: str, data: bytes) -> None:
        self._put(f"#{self.shown} {name}, {len(data)} bytes", TITLE)
        line = Line(0, 0, len(data), "bytes", data.hex())
        self._put(text_of_line(line, width=self._width), FIELD)

    def _problem(self, reason: str) -> None:
        self.problems += 1
        self._put(f"  ! {reason}", PROBLEM)

    @staticmethod
    def _say_what_is_missing(message: bytes, followed: "_Followed") -> None:
        sized = len(message) > 1 and message[1] in _SIZED
        if sized and not followed.conversation.context.hash_size:
            click.echo(
                "no ALGORITHMS before: sizes come from --version, --hash, --asym, --exchange",
                err=True,
            )


def _whose(certificate: bytes) -> str:
    """The subject of a DER certificate."""
    from cryptography import x509  # noqa: PLC0415 - slow to import, and rarely needed

    try:
        subject = x509.load_der_x509_certificate(certificate).subject.rfc4514_string()
    except ValueError as error:
        return f"no X.509 certificate: {error}"
    return subject or "no subject"
