"""``spdm-responder profile``: make a profile of a recorded device."""

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from responder.decode.source import path_payloads
from responder.decode.transport import AUTO, TRANSPORTS, unframed, unwrap
from responder.errors import ConfigError
from responder.transport.errors import FramingError

if TYPE_CHECKING:
    from responder.profiles.from_recording import Imitation
    from responder.profiles.recorded import RecordedDevice

_PLAIN_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@click.group("profile")
def command() -> None:
    """Make a profile."""


@command.command("from-capture")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--output",
    metavar="NAME.toml",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The profile to write. [default: the file's name with .toml, in this folder]",
)
@click.option(
    "--transport",
    type=click.Choice(TRANSPORTS),
    default=AUTO,
    help="What surrounds each message; auto goes by what the bytes look like.",
)
@click.option("--force", is_flag=True, help="Write over a profile that is there.")
def from_capture(file: Path, output: Path | None, transport: str, force: bool) -> None:
    """Write a profile of the device in a recorded conversation.

    FILE is anything that decode reads: a pcap file, a journal of serve, JSON lines, a dump, raw
    bytes. Versions, capabilities, algorithms, slots and measurements are the recorded ones; the
    certificates have the recorded names and rights and keys of our own. What is inside sessions
    is not seen.
    """
    from responder.profiles.recorded import record  # noqa: PLC0415 - not for --help

    output = output or Path(_PLAIN_NAME.sub("-", file.stem) + ".toml")
    if output.suffix != ".toml":
        raise click.UsageError(f"--output: {output} does not end in .toml")
    if output.exists() and not force:
        raise click.UsageError(f"{output} is there already; --force writes over it")
    messages, secured = _messages(file, transport)
    try:
        imitation = _imitation(record(messages), output.stem)
    except ConfigError as error:
        raise ConfigError(error.reason, where=str(file)) from error
    _write(imitation, output)
    if secured:
        click.echo(f"note: {secured} records of sessions are closed to us", err=True)
    for note in dict.fromkeys(imitation.notes):
        click.echo(f"note: {note}", err=True)
    click.echo(str(output))


def _messages(path: Path, transport: str) -> tuple[dict[int, list[tuple[bytes, int]]], int]:
    """Plain SPDM messages of each connection, and how many records of sessions were passed over."""
    found: dict[int, list[tuple[bytes, int]]] = defaultdict(list)
    secured = 0
    for payload in path_payloads(path, transport=transport):
        for part in unframed(payload, transport):
            try:
                inner = unwrap(part, transport)
            except FramingError:
                continue
            if inner.sequence_number_size is not None:
                secured += 1
            elif not inner.label:
                found[part.connection].append((inner.data, inner.padding))
    return found, secured


def _imitation(device: "RecordedDevice", name: str) -> "Imitation":
    from responder.pki.keyring import rsa_pool  # noqa: PLC0415 - not for --help
    from responder.profiles.from_recording import Imitation  # noqa: PLC0415

    return Imitation(device, name, rsa_pool())


def _write(imitation: "Imitation", output: Path) -> None:
    from responder.profiles.load import load_profile  # noqa: PLC0415 - not for --help
    from responder.profiles.toml_text import toml_text  # noqa: PLC0415

    for name, content in imitation.files.items():
        path = output.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    output.write_text(toml_text(imitation.profile), encoding="utf-8")
    try:
        load_profile(str(output.absolute()))
    except ConfigError as error:
        imitation.notes.append(f"it contradicts itself: {error.reason.partition(';')[0]}")
        imitation.profile["spdm"]["allow_inconsistent"] = True
        output.write_text(toml_text(imitation.profile), encoding="utf-8")
        load_profile(str(output.absolute()))
