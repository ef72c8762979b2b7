"""``serve --workers``: several processes that serve the same listeners, each a device like it."""

import gc
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.core import ParameterSource
from msgspec.structs import replace

from responder.cli.exits import Exit, exit_code
from responder.cli.observing import observers, sayer
from responder.observe.log import Form, log_json_line, text_line
from responder.server.attach import Attach
from responder.server.limits import Limits
from responder.server.ready import notify_manager, ready_lines
from responder.server.run import Foreground, run_server
from responder.server.workers import Supervisor, Tie

if TYPE_CHECKING:
    from responder.profiles.load import Profile
    from responder.server.listener import Listener
    from responder.server.server import ServerOptions
    from responder.transport.uri import Endpoint

Announce = Callable[["Sequence[Endpoint]", Sequence[str]], None]
_SEED_SIZE = 16
_GOES_WITH = {
    *("profile", "workers", "faults", "changes", "attach", "log_level", "log_format"),
    *("listen", "port", "allow_remote", "port_file", "ready_fd"),
    *Limits.__struct_fields__,
}
_REASONS = {
    "seed": "which of them a connection finds is the kernel's choice, and no seed repeats that",
    "once": "none of them knows which connection is the first",
    "call": "each of them would call",
    "state_dir": "what is kept has one owner",
}
_WATCHES_ONE = "it belongs to one process, and each of them would have its own"


def serve_in_workers(
    profile: "Profile",
    options: Mapping[str, Any],
    server_options: "ServerOptions",
    listeners: "Sequence[Listener]",
    announce: Announce,
) -> NoReturn:
    """Serve until a signal, as the running command says, and exit.

    Raises:
        UsageError: it says something that several processes cannot do.
    """
    context = click.get_current_context()
    _refuse_what_needs_one(context, server_options.attach, listeners)
    import_module("responder.core.responder")  # once, for all of them
    gc.freeze()  # a collection in a worker would copy what they share
    workforce = _Workforce(profile, options, server_options, listeners, announce)
    context.exit(Supervisor(workforce.work, workforce).run(options["workers"]))


def _refuse_what_needs_one(
    context: click.Context, attach: Attach, listeners: "Sequence[Listener]"
) -> None:
    for parameter in context.command.params:
        name = str(parameter.name)
        given = context.get_parameter_source(name) is not ParameterSource.DEFAULT
        if given and name not in _GOES_WITH:
            _refuse(parameter.opts[0], _REASONS.get(name, _WATCHES_ONE))
    if attach is not Attach.FRESH:
        _refuse(f"attach {attach.value}", "an endpoint that is found again lives in one process")
    for listener in listeners:
        if listener.endpoint.framing == "vfio-user":
            _refuse(str(listener.endpoint), "the device that is plugged in lives in one process")


def _refuse(what: str, reason: str) -> NoReturn:
    raise click.UsageError(f"{what} does not go with --workers: {reason}")


class _Workforce:
    """Serves a profile in several processes; an ``Owner`` of their supervisor.

    Each is one more device of the profile, with randomness of its own.
    """

    def __init__(
        self,
        profile: "Profile",
        options: Mapping[str, Any],
        server_options: "ServerOptions",
        listeners: "Sequence[Listener]",
        announce: Announce,
    ) -> None:
        self._profile = profile
        self._options = options
        self._server_options = server_options
        self._listeners = listeners
        self._announce = announce
        self._ready_fd = options.get("ready_fd")
        self.say = sayer(options)

    def ready(self) -> None:
        """Say so, once for all of them."""
        pid = os.getpid()
        endpoints = [listener.endpoint for listener in self._listeners]
        self._announce(endpoints, ready_lines(endpoints, self._profile.name, pid))
        self._ready_fd = None  # it is closed now
        self._notify(f"READY=1\nMAINPID={pid}\nSTATUS=profile {self._profile.name}\n")

    def stopping(self) -> None:
        """Stop listening, as the workers do, and tell the service manager."""
        for listener in self._listeners:
            listener.close()
        self._notify("STOPPING=1\n")

    def _notify(self, state: str) -> None:
        trouble = notify_manager(os.environ, state)
        if trouble:
            self.say(trouble)

    def work(self, tie: Tie) -> int:
        """Be a worker."""
        return exit_code(lambda: self._serve(tie))

    def _serve(self, tie: Tie) -> int:
        if self._ready_fd is not None:
            os.close(self._ready_fd)  # its reader waits for the last to close it
        seed = os.urandom(_SEED_SIZE)
        server_options = replace(self._server_options, seed=seed, shared=True)
        listeners = [replace(listener, owned=False) for listener in self._listeners]

        def announce(*_: object) -> None:
            tie.ready()
            gc.enable()

        with ExitStack() as stack:
            bus = observers(stack, self._options, self._form(tie.number))
            foreground = Foreground(bus, announce, self.say, {}, [tie.leash.hold])
            run_server(self._profile, server_options, listeners, foreground)
        return Exit.OK

    def _form(self, number: int) -> Form:
        """A line of the log says whose it is."""
        if self._options.get("log_format") == "json":
            return partial(log_json_line, worker=number)
        return lambda entry: b"[%d] %s" % (number, text_line(entry))
