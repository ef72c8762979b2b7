"""Exit codes of every verb, and which one what went wrong has."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import click

from responder.errors import ConfigError, UnavailableError, system_reason


class Exit(IntEnum):
    """What the process says when it ends."""

    OK = 0
    FINDING = 1
    USAGE = 2
    PROFILE = 3
    ENVIRONMENT = 4
    BUG = 70


def exit_code(run: Callable[[], Any]) -> int:
    """Call ``run``, say on stderr what it raises, and give the code to exit with."""
    try:
        code = run()
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except ConfigError as error:
        click.echo(f"error: {error}", err=True)
        code = Exit.PROFILE
    except UnavailableError as error:
        click.echo(f"error: {error}", err=True)
        code = Exit.ENVIRONMENT
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        click.echo(f"error: {about}{system_reason(error)}", err=True)
        code = Exit.ENVIRONMENT
    except Exception:  # noqa: BLE001 - the outermost frame: a defect of this program
        import traceback  # noqa: PLC0415 - only needed here

        traceback.print_exc()
        click.echo("this is a bug in spdm-responder", err=True)
        code = Exit.BUG
    return code if isinstance(code, int) else 0
