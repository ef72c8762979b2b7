"""The options of ``attest`` about the negotiated state (CACHE_CAP), and the file that holds it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from responder.errors import ConfigError, UnavailableError, system_reason
from responder.spec.sessions import EndSessionAttributes

if TYPE_CHECKING:
    from responder.requester.options import AttestOptions
    from responder.requester.report import Report

FORMAT = "spdm-responder negotiated state 1"
_ATTRIBUTES = {
    "preserve": EndSessionAttributes(0),
    "clear": EndSessionAttributes.CLEAR_NEGOTIATED_STATE,
}
STATE_OPTIONS = (
    click.option(
        "--save-state",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Keep in this file what was negotiated with a device that has CACHE_CAP, unless it "
        "was refused; without anything to keep the file is removed.",
    ),
    click.option(
        "--load-state",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Begin with what such a file holds, and send no GET_VERSION, GET_CAPABILITIES and "
        "NEGOTIATE_ALGORITHMS. A device that has forgotten it is asked anew, and the file renewed.",
    ),
    click.option(
        "--end-session",
        type=click.Choice(list(_ATTRIBUTES)),
        help="What the last END_SESSION says of the negotiated state. [default: preserve]",
    ),
)


def with_state(options: "AttestOptions", given: dict[str, Any]) -> "AttestOptions":
    """The options of an attestation with what the command line says of the negotiated state.

    Raises:
        click.UsageError: there is no session to end.
        ConfigError: the file to begin with is damaged, or none.
    """
    plan = options.plan
    if given["end_session"]:
        if not plan.sessions:
            raise click.UsageError("--end-session needs a --session")
        last = replace(plan.sessions[-1], attributes=int(_ATTRIBUTES[given["end_session"]]))
        plan = replace(plan, sessions=(*plan.sessions[:-1], last))
    state = () if given["load_state"] is None else load_state(given["load_state"])
    return replace(options, plan=plan, negotiated_state=state)


def keep_state(report: "Report", given: dict[str, Any]) -> None:
    """Write what an attestation has negotiated to where it is to be kept.

    Raises:
        UnavailableError: it cannot be written.
    """
    forgotten = any(seen.id == "state.forgotten" for seen in report.observations)
    file = given["save_state"] or (given["load_state"] if forgotten else None)
    if file is None or not (report.exchanges or report.negotiated_state):
        return
    state = [] if report.verdict == "refused" else report.negotiated_state
    try:
        if state:
            _write(file, tuple(bytes.fromhex(message) for message in state))
            return
        click.echo(f"no negotiated state to keep: {file} is not there any more", err=True)
        file.unlink(missing_ok=True)
    except OSError as error:
        raise UnavailableError(f"{file}: {system_reason(error)}") from error


def load_state(file: Path) -> tuple[bytes, ...]:
    """The messages from GET_VERSION to ALGORITHMS that a file holds.

    Raises:
        ConfigError: it is damaged, or holds something else.
    """
    import json  # noqa: PLC0415 - only if asked for

    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        messages = tuple(bytes.fromhex(text) for text in document["messages"])
        form, checksum = document["format"], document["sha256"]
    except OSError as error:
        raise ConfigError(system_reason(error), where=str(file)) from error
    except (ValueError, TypeError, KeyError) as error:
        reason = "it is damaged, or holds no negotiated state of this program"
        raise ConfigError(reason, where=str(file)) from error
    if form != FORMAT:
        raise ConfigError(f"unknown format {form!r}", where=str(file))
    if checksum != _checksum(messages):
        raise ConfigError("it is damaged: its checksum is wrong", where=str(file))
    return messages


def _write(file: Path, messages: tuple[bytes, ...]) -> None:
    import json  # noqa: PLC0415 - only if asked for

    document = {
        "format": FORMAT,
        "sha256": _checksum(messages),
        "messages": [message.hex() for message in messages],
    }
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    new.replace(file)  # the old state or the new one, never half


def _checksum(messages: tuple[bytes, ...]) -> str:
    from hashlib import sha256  # noqa: PLC0415 - only if asked for

    return sha256(b"".join(messages)).hexdigest()
