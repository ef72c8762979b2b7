"""The options of MQTT, which several verbs have."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.errors import ConfigError

if TYPE_CHECKING:
    from responder.observe.mqtt_broker import Address


def _broker(text: str) -> "Address":
    from responder.observe.mqtt_broker import parse_address  # noqa: PLC0415 - only if asked for

    try:
        return parse_address(text)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from None


_READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option(
        "--mqtt",
        type=_broker,
        metavar="URI",
        help="Publish over MQTT 5 at this broker: mqtt://[USER@]HOST[:PORT], or mqtts:// with TLS.",
    ),
    click.option(
        "--mqtt-name",
        metavar="NAME",
        help="Topics are below spdm/NAME/. [default: that of the profile or target]",
    ),
    click.option(
        "--mqtt-password-file",
        type=_READABLE,
        help="The first line is USER's password. [default: SPDM_RESPONDER_MQTT_PASSWORD]",
    ),
    click.option(
        "--mqtt-ca", type=_READABLE, help="PEM: whom to trust. [default: those the system trusts]"
    ),
    click.option("--mqtt-cert", type=_READABLE, help="PEM: our certificate, with its chain."),
    click.option("--mqtt-key", type=_READABLE, help="PEM: its key, if it is in another file."),
)
MQTT_CONTROL = click.option(
    "--mqtt-control",
    is_flag=True,
    help="Carry out commands that are sent to spdm/NAME/control. Whoever may publish there steers "
    "this server.",
)
"""For verbs that serve."""


def with_mqtt_options(command: Any) -> Any:
    """Give a command all of them, in their order."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def check_mqtt(options: dict[str, Any]) -> None:
    """See that none is given that means nothing.

    Raises:
        UsageError: there is no ``--mqtt``.
    """
    alone = [name for name, value in options.items() if name.startswith("mqtt_") and value]
    if alone and options.get("mqtt") is None:
        raise click.UsageError(f"--{alone[0].replace('_', '-')} needs --mqtt")
