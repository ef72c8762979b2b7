"""``spdm-responder profiles``: list, show and check profiles, print their schema."""

import sys
from pathlib import Path

import click

from responder.cli.exits import Exit
from responder.errors import ConfigError


@click.group("profiles")
def command() -> None:
    """List, show and check profiles."""


@command.command("list")
def list_command() -> None:
    """Name and description of each shipped profile."""
    from responder.profiles.load import list_profiles  # noqa: PLC0415 - not needed for --help
    from responder.profiles.source import open_source  # noqa: PLC0415 - as above

    names = list_profiles()
    width = max(map(len, names), default=0)
    for name in names:
        description = open_source(name).data.get("description", "")
        click.echo(f"{name:{width}}  {description}".rstrip())


@command.command("show")
@click.argument("profile", metavar="NAME|FILE")
def show_command(profile: str) -> None:
    """Print a profile with all that it extends and all defaults, as TOML."""
    import msgspec  # noqa: PLC0415 - not needed for --help

    from responder.profiles.load import load_profile  # noqa: PLC0415 - as above
    from responder.profiles.toml_text import toml_text  # noqa: PLC0415 - as above

    spec = load_profile(profile).spec
    spec.extends = None  # what it extends is in it
    click.echo(toml_text(msgspec.to_builtins(spec)), nl=False)


@command.command("check")
@click.argument("profiles", metavar="NAME|FILE…", nargs=-1, required=True)
def check_command(profiles: tuple[str, ...]) -> None:
    """Load profiles and parse every key and certificate; exit code 3 if one cannot be used."""
    from responder.profiles.check import check_keys  # noqa: PLC0415 - not needed for --help
    from responder.profiles.load import load_profile  # noqa: PLC0415 - as above

    failed = False
    for profile in profiles:
        try:
            check_keys(load_profile(profile))
        except ConfigError as error:
            failed = True
            click.echo(f"error: {error}", err=True)
        else:
            click.echo(f"{profile}: good")
    if failed:
        sys.exit(Exit.PROFILE)


@command.command("schema")
@click.option(
    "--update",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Write DIR/profile.schema.json and the tables in DIR/profiles.md instead.",
)
def schema_command(update: Path | None) -> None:
    """Print the JSON Schema of profiles."""
    from responder.profiles.document import (  # noqa: PLC0415 - not needed for --help
        json_schema_text,
        with_key_tables,
    )

    if update is None:
        click.echo(json_schema_text(), nl=False)
        return
    (update / "profile.schema.json").write_text(json_schema_text(), encoding="utf-8")
    page = update / "profiles.md"
    page.write_text(with_key_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
