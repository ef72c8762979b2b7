"""``spdm-responder ctl``: steer a running server."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
import msgspec

from responder.cli.completing import event_kinds, fault_ids, faults_in_force
from responder.cli.exits import Exit
from responder.cli.output import reader_may_leave
from responder.errors import ConfigError
from responder.server.control.arguments import ARGUMENTS, Arguments, Subscribe, summary_of, texts_of
from responder.transport.uri import parse_control

if TYPE_CHECKING:
    from responder.client.control import ControlClient

_GROUPS = {
    "fault": "Faults in force.",
    "measurement": "Measurements of the device.",
    "slot": "Certificate slots of the device.",
}
_EXITS = {
    "BadRequest": Exit.USAGE,
    "CommandNotFound": Exit.USAGE,
    "BadArgument": Exit.USAGE,
    "NotPossible": Exit.FINDING,
    "InternalError": Exit.BUG,
}
_COMPLETIONS = {
    ("fault-add", "faults"): fault_ids,
    ("fault-remove", "faults"): faults_in_force,
    ("subscribe", "kinds"): event_kinds,
}
_TIMEOUT = 30.0


def _path(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    try:
        return None if text is None else parse_control(text)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from None


@click.group("ctl")
@click.option(
    "--ctrl",
    "path",
    callback=_path,
    envvar="SPDM_RESPONDER_CTRL",
    metavar="unix:PATH",
    help="The control socket, as said to `serve --ctrl`. [env: SPDM_RESPONDER_CTRL]",
)
@click.pass_context
def command(context: click.Context, path: str | None) -> None:
    """Steer a running `serve --ctrl`: faults, settings, events of the device, step by step.

    Exits 1 if what was asked for is not possible now, 2 if it was asked for in the wrong way.
    """
    context.obj = path


class _Command(click.Command):
    """A command of the control socket."""

    def __init__(self, name: str, cls: type[Arguments], label: str) -> None:
        self.command = name
        text = "Print JSON: the answer, or an event a line."
        as_json = click.Option(["--json", "as_json"], is_flag=True, help=text)
        parameters = [*_parameters(name, cls), as_json]
        super().__init__(label, params=parameters, help=summary_of(cls), callback=self._run)

    def _run(self, as_json: bool, **given: Any) -> None:
        arguments = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in given.items()
            if value not in (None, ())
        }
        if self.command in {"fault-add", "slot-set"}:
            from responder.cli.ctl_values import slot_content, with_tables  # noqa: PLC0415 - rare

            if self.command == "fault-add":
                arguments["faults"] = with_tables(arguments["faults"])
            else:
                arguments["content"] = slot_content(given["content"])
        _give(click.get_current_context().obj, self.command, arguments, as_json=as_json)


def _give(path: str | None, name: str, arguments: dict[str, Any], *, as_json: bool) -> None:
    from responder.client.control import ControlClient, RefusedError  # noqa: PLC0415 - not for help

    if path is None:
        raise click.UsageError("which server? Say --ctrl unix:PATH, or set SPDM_RESPONDER_CTRL")
    with ControlClient(path, _TIMEOUT) as client:
        try:
            result = client.execute(name, arguments, arguments.get("wait", 0.0))
        except RefusedError as refused:
            _refuse(refused.error)
        if name == "subscribe":
            _watch(client, as_json=as_json)
        else:
            _print(name, result, as_json=as_json)


def _refuse(error: "dict[str, str] | Any") -> None:
    meant = error.get("did_you_mean")
    hint = f" (did you mean {meant!r}?)" if meant else ""
    click.echo(f"error: {error['desc']}{hint}", err=True)
    sys.exit(_EXITS.get(error["class"], Exit.BUG))


def _print(name: str, result: Any, *, as_json: bool) -> None:
    from responder.cli.ctl_print import lines_of  # noqa: PLC0415 - not for help

    with reader_may_leave():
        if as_json:
            click.echo(json.dumps(result, indent=2))
        else:
            for line in lines_of(name, result):
                click.echo(line)


def _watch(client: "ControlClient", *, as_json: bool) -> None:
    from responder.cli.ctl_print import event_line  # noqa: PLC0415 - not for help

    with reader_may_leave():
        for event in client.events():
            click.echo(json.dumps(event) if as_json else event_line(event))
            sys.stdout.flush()


# From the declarations of arguments to parameters of click.


def _parameters(name: str, cls: type[Arguments]) -> Iterator[click.Parameter]:
    texts = texts_of(cls)
    for field in msgspec.structs.fields(cls):
        kind = msgspec.inspect.type_info(field.type)
        complete = _COMPLETIONS.get((name, field.name))
        if isinstance(kind, msgspec.inspect.ListType):
            yield click.Argument(
                [field.name], nargs=-1, required=field.required, shell_complete=complete
            )
        elif field.name == "content":
            metavar = "[SLOT|KEY=VALUE...]"
            yield click.Argument([field.name], nargs=-1, metavar=metavar)
        elif field.required:
            yield click.Argument([field.name], type=_type(kind))
        else:
            flag = isinstance(kind, msgspec.inspect.BoolType)
            text = texts[field.name]
            yield click.Option(
                [f"--{field.name}"],
                type=None if flag else _type(kind),
                is_flag=flag,
                default=None if field.default in (None, False) else field.default,
                show_default=field.default not in (None, False),
                help=text[0].upper() + text[1:],
            )


def _type(kind: msgspec.inspect.Type) -> "click.ParamType[Any]":
    match kind:
        case msgspec.inspect.UnionType(types):
            return _type(types[0])
        case msgspec.inspect.IntType():
            return click.IntRange(kind.ge, kind.le)
        case msgspec.inspect.FloatType():
            return click.FloatRange(kind.ge, kind.le)
        case msgspec.inspect.LiteralType():
            return click.Choice([str(value) for value in kind.values])
        case _:
            return click.STRING


def _build(group: click.Group) -> None:
    """Add all commands: ``fault-add`` is ``fault add``, ``query-status`` is ``status``."""
    for name, cls in ARGUMENTS.items():
        head, _, tail = name.partition("-")
        if name == "unsubscribe":
            continue  # whoever watches leaves
        if cls is Subscribe:
            group.add_command(_Command(name, cls, "watch"))
        elif head == "query":
            group.add_command(_Command(name, cls, tail))
        elif head in _GROUPS:
            under = group.commands.get(head)
            if not isinstance(under, click.Group):
                under = click.Group(head, help=_GROUPS[head])
                group.add_command(under)
            under.add_command(_Command(name, cls, tail))
        else:
            group.add_command(_Command(name, cls, name))


_build(command)
