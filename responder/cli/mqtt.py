"""What the options of MQTT come to, for each verb that has them."""

import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from responder.errors import ConfigError
from responder.observe.mqtt import MqttLink
from responder.observe.mqtt_backoff import Backoff
from responder.observe.mqtt_broker import Address, Broker, check_name, tls_context
from responder.observe.mqtt_link import Commands, Presence, Told
from responder.observe.mqtt_topics import ROOT

PASSWORD = "SPDM_RESPONDER_MQTT_PASSWORD"  # noqa: S105 - its name
_RUN_SIZE = 8


def instance_name(options: Mapping[str, Any], default: str) -> str:
    """The name of the instance.

    Raises:
        UsageError: it cannot be a level of a topic.
    """
    try:
        return check_name(options.get("mqtt_name") or default)
    except ConfigError as error:
        raise click.UsageError(f"--mqtt-name: {error}") from None


def run_id() -> str:
    """What tells this process from others with the same name."""
    return os.urandom(_RUN_SIZE).hex()


def link_of(
    options: Mapping[str, Any], client_id: str, presence: Presence, commands: Commands, told: Told
) -> MqttLink:
    """The link that the options ask for.

    Raises:
        UsageError: they do not go together, or a file is no good.
    """
    chance = random.Random()  # noqa: S311 - only spreads clients
    backoff = Backoff(chance.random)
    return MqttLink(_broker(options), client_id, presence, commands, told, backoff)


def client_id(instance: str, run: str) -> str:
    """How the broker knows a process."""
    return f"{ROOT}-{instance}-{run}"


def _broker(options: Mapping[str, Any]) -> Broker:
    address: Address = options["mqtt"]
    password = _password(options.get("mqtt_password_file"))
    files = [options.get(f"mqtt_{name}") for name in ("ca", "cert", "key")]
    if not address.tls:
        if any(files):
            raise click.UsageError(f"certificates are for TLS, and {address} is without: mqtts://")
        if password is not None and not address.is_loopback:
            click.echo(f"warning: the password goes to {address} in the clear", err=True)
    if password is not None and not address.user:
        raise click.UsageError("a password needs a user: mqtt://USER@HOST")
    if files[2] and not files[1]:
        raise click.UsageError("--mqtt-key needs --mqtt-cert")
    try:
        context = tls_context(*files) if address.tls else None
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    return Broker(address, password, context)


def _password(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(PASSWORD)
    try:
        lines = file.read_text().splitlines()
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is no text") from None
    if not lines or not lines[0]:
        raise click.UsageError(f"{file}: there is no password in its first line")
    return lines[0]
