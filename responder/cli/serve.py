"""``spdm-responder serve``: be the device."""

import gc
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from responder.cli.mqtt_options import MQTT_CONTROL, check_mqtt, with_mqtt_options
from responder.cli.output import reader_may_leave
from responder.errors import ConfigError
from responder.server.limits import Limits
from responder.transport.uri import (
    DEFAULT_HOST,
    SOCKET_PORT,
    Endpoint,
    parse_control,
    parse_uri,
)

if TYPE_CHECKING:
    import socket

    from click.shell_completion import CompletionItem

    from responder.profiles.load import Profile
    from responder.server.control.steering import Steering
    from responder.server.listener import Listener
    from responder.server.negotiated import Keeper
    from responder.server.run import Control
    from responder.server.server import ServerOptions

_SEED_SIZE = 16
_OTHER_DESCRIPTORS = 64
"""Files, listeners and what the interpreter keeps open."""


def _uri(text: str) -> Endpoint:
    try:
        return parse_uri(text)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from None


def _control(text: str) -> str:
    try:
        return parse_control(text)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from None


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 0xFFFF:
        raise click.BadParameter(f"{text!r} is not HOST:PORT, such as 127.0.0.1:9464")
    return host.strip("[]"), int(port)


def _seed(text: str) -> bytes:
    try:
        seed = bytes.fromhex(text)
    except ValueError:
        seed = b""
    if not seed:
        raise click.BadParameter(f"{text!r} is not hexadecimal, such as 00112233")
    return seed


def _complete_fault(*asked: Any) -> "list[CompletionItem]":
    from responder.cli.completing import fault_ids  # noqa: PLC0415 - if somebody presses Tab

    return fault_ids(*asked)


_FILE = click.Path(dir_okay=False, path_type=Path)
_SECONDS = click.FloatRange(min=0)


@click.command("serve")
@click.argument("profile", default="default")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="ID",
    shell_complete=_complete_fault,
    help="A lie of `fault list`, beside those of the profile; may be repeated. Of a fault whose "
    "cases exclude each other name one case; * in an ID stands for anything.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a key of the profile, such as spdm.ct_exponent=12 or "
    "'spdm.versions=[\"1.2\"]'; may be repeated. Values are TOML, a bare word is text; a list is "
    "replaced as a whole.",
)
@click.option(
    "--listen",
    type=_uri,
    metavar="URI",
    multiple=True,
    help="Where to listen; may be repeated. Schemes: spdm-emu, spdm-emu+none, +mctp, +doe, +tcp, "
    f"dsp0287; each also with +unix:PATH. [default: spdm-emu://{DEFAULT_HOST}:{SOCKET_PORT}]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 0xFFFF),
    help=f"Listen on spdm-emu://{DEFAULT_HOST}:PORT; 0 takes a free port.",
)
@click.option(
    "--call",
    type=_uri,
    metavar="URI",
    multiple=True,
    help="Connect to a requester that listens, with a DSP0287 role inquiry; may be repeated.",
)
@click.option("--allow-remote", is_flag=True, help="Listen on addresses other than loopback.")
@click.option(
    "--attach",
    type=click.Choice(["fresh", "sticky", "shared"]),
    help="Which endpoint a connection finds: its own, the one left last, or the only one. "
    "[default: the profile's]",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Serve in N processes, each a device of its own; a connection finds one of them. "
    "[default: 1]",
)
@click.option("--once", is_flag=True, help="Stop after the first connection that asked something.")
@click.option(
    "--seed", type=_seed, metavar="HEX", help="Root of all randomness. [default: a random one]"
)
@click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep there what requesters write into the device (certificates, key pairs), and with "
    "CACHE_CAP and --attach sticky or shared the negotiated state, and go on with it at the next "
    "start. [default: nothing outlasts the process]",
)
@click.option("--port-file", type=_FILE, help="Write the first port to this file when ready.")
@click.option("--ready-fd", type=click.IntRange(1), help="Write READY to this descriptor.")
@click.option("--journal", type=_FILE, help="Write all that happens to this file, as JSON Lines.")
@click.option(
    "--keylog",
    type=_FILE,
    metavar="FILE",
    help="Write the keys of all sessions to this file, readable by its owner only: for "
    "`decode --keylog`. Never with keys that matter.",
)
@click.option(
    "--capture",
    type=_FILE,
    metavar="FILE",
    help="Write all that is on the wire to this file, or pipe, for Wireshark and `decode`.",
)
@click.option(
    "--capture-plaintext",
    is_flag=True,
    help="Write what secured records carry to the capture as well; its owner only may read it.",
)
@click.option(
    "--capture-format",
    type=click.Choice(["pcapng", "spdm-dump"]),
    help="The form of the capture: pcapng, made-up TCP connections with comments; spdm-dump, the "
    "pcap file that this tool reads, of MCTP or PCI DOE. [default: pcapng]",
)
@click.option(
    "--log-level",
    type=click.Choice(["error", "warning", "info", "debug"]),
    default="info",
    show_default=True,
    help="What to say on stderr; debug shows each message.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to say it: lines for people, or JSON Lines as in a journal.",
)
@click.option(
    "--ctrl",
    type=_control,
    metavar="unix:PATH",
    help="Let `spdm-responder ctl` steer this server over a Unix socket at PATH, which only its "
    "owner can connect to.",
)
@click.option(
    "--live",
    is_flag=True,
    help="Show connections, exchanges and faults on the terminal while they happen; q ends. "
    "Without a terminal, lines on stderr.",
)
@click.option(
    "--metrics",
    type=_host_and_port,
    metavar="HOST:PORT",
    help="Serve counters for Prometheus there, over HTTP; port 0 takes a free one. Loopback, "
    "unless --allow-remote is given.",
)
@with_mqtt_options
@MQTT_CONTROL
@click.option("--max-connections", type=click.IntRange(1), help="At the same time.")
@click.option("--max-frame", type=click.IntRange(1), help="Bytes of the largest frame.")
@click.option("--idle-timeout", type=_SECONDS, help="Seconds; 0 is never.")
@click.option("--frame-time", type=_SECONDS, help="Seconds that a frame may take; 0 is any.")
@click.option("--drain-time", type=_SECONDS, help="Seconds that a stop waits for answers.")
def command(profile: str, **options: Any) -> None:
    """Be the device that PROFILE describes (a name or a file): listen and answer.

    Prints LISTENING for each listener and then READY on stdout, once everything can be reached;
    runs until SIGTERM or SIGINT. SIGHUP resets the device, as a conventional reset does. A
    requester's SHUTDOWN ends its connection only, except with --once. At the end it tells on
    stderr which faults never struck, and what came nearest.
    """
    gc.disable()  # hardly anything that starting makes is garbage; _Announcer turns it on again
    try:
        serve(_load(profile, options), options)
    finally:
        gc.enable()


def _load(profile: str, options: dict[str, Any]) -> "Profile":
    """The profile with the faults and changes of the command line.

    Raises:
        UsageError: one of those is wrong.
        ConfigError: the profile is wrong.
    """
    from responder.profiles.load import load_profile  # noqa: PLC0415 - not for --help

    if not (options["faults"] or options["changes"]):
        return load_profile(profile)
    from responder.cli.served_faults import load_changed  # noqa: PLC0415 - only if asked for

    return load_changed(profile, options["changes"], options["faults"])


def serve(profile: "Profile", options: dict[str, Any]) -> None:
    """Serve ``profile`` until a signal; ``options`` are those of the command, by name.

    An option that is missing has its default; ``keeper`` keeps the negotiated state.

    Raises:
        UsageError: an address needs ``allow_remote``, or a descriptor is not open.
        UnavailableError: an address, file or state folder cannot be had.
        ConfigError: the state of the device cannot be used.
    """
    from responder.cli.observing import announcer, observers, sayer  # noqa: PLC0415 - as in command
    from responder.server.run import Foreground, run_server  # noqa: PLC0415 - as in command

    _check_descriptor(options.get("ready_fd"))
    _check_capture(options)
    check_mqtt(options)
    if options.get("keylog") is not None:
        session = replace(profile.policy.session, log_keys=True)
        profile = replace(profile, policy=replace(profile.policy, session=session))
    listeners = _listeners(options)
    say = sayer(options)
    workers = options.get("workers") or 1
    seed = options.get("seed") or (_random_seed(say) if workers == 1 else b"")
    server_options = _server_options(profile, options, seed)
    _allow_descriptors(server_options.limits.max_connections)
    with ExitStack() as stack:
        for listener in listeners:
            stack.callback(listener.close)
        announce = _Announcer(options.get("port_file"), options.get("ready_fd"))
        if workers > 1:
            from responder.cli.serve_workers import serve_in_workers  # noqa: PLC0415 - if asked for

            serve_in_workers(profile, options, server_options, listeners, announce)
        keeper = _resume(stack, profile, options.get("state_dir"), say)
        if keeper is not None:
            server_options = replace(server_options, keeper=keeper)
        bus = observers(stack, options)
        emulated: Profile | Steering = profile
        controls: list[Control] = []
        if options.get("ctrl") is not None or options.get("mqtt_control"):
            from responder.cli.steering import steered  # noqa: PLC0415 - only if asked for

            emulated, controls = steered(stack, profile, options, bus)
            server_options = replace(server_options, gated=True)
        if options.get("mqtt") is not None:
            from responder.cli.observing_mqtt import published  # noqa: PLC0415 - only if asked for

            controls.append(published(stack, emulated, options, bus))
        announced = announcer(stack, bus, profile, emulated, options, announce)
        foreground = Foreground(bus, announced, say, os.environ, controls)
        run_server(emulated, server_options, listeners, foreground, options.get("call") or ())


def _server_options(profile: "Profile", options: dict[str, Any], seed: bytes) -> "ServerOptions":
    """How to serve, as far as the command line and the profile say so."""
    from responder.server.attach import Attach  # noqa: PLC0415 - as in command
    from responder.server.server import ServerOptions  # noqa: PLC0415 - as in command

    return ServerOptions(
        seed,
        Attach(options.get("attach") or profile.server.attach),
        _limits(profile, options),
        bool(options.get("once")),
        options.get("keeper"),
        wire=options.get("capture") is not None,
    )


def _resume(
    stack: ExitStack, profile: "Profile", folder: Path | None, say: Callable[[str], None]
) -> "Keeper | None":
    """Let the device go on with the state in ``folder``, if one is given.

    What comes back keeps the negotiated state there, if the profile claims CACHE_CAP.
    """
    if folder is None:
        return None
    from responder.server.state_dir import NegotiatedKeeper, StateDir  # noqa: PLC0415 - if asked
    from responder.spec.flags import Cap  # noqa: PLC0415 - as in command

    state_dir = StateDir(folder, profile.name)
    stack.callback(state_dir.close)
    state_dir.restore(profile.device.provisioning)
    return NegotiatedKeeper(state_dir, say) if profile.policy.flags & Cap.CACHE else None


def _limits(profile: "Profile", options: dict[str, Any]) -> Limits:
    """The command line's limits before the profile's before the usual ones."""
    given = {name: options.get(name) for name in Limits.__struct_fields__}
    given = {name: value for name, value in given.items() if value is not None}
    return replace(Limits(), **{**profile.server.limits(), **given})


def _random_seed(say: Callable[[str], None]) -> bytes:
    seed = os.urandom(_SEED_SIZE)
    say(f"seed {seed.hex()} (--seed repeats this run)")
    return seed


def _listeners(options: dict[str, Any]) -> "list[Listener]":
    """What the command line asks for, and what a service manager has opened."""
    from responder.server.listener import adopt, open_listeners  # noqa: PLC0415 - as in command

    activated: list[tuple[socket.socket, Endpoint]] = []
    if "LISTEN_FDS" in os.environ:
        from responder.server.activation import activated_sockets  # noqa: PLC0415 - rare

        activated = activated_sockets(os.environ)
    wanted = list(options.get("listen") or ())
    port = options.get("port")
    if port is None and not (wanted or activated or options.get("call")):
        port = SOCKET_PORT
    if port is not None:
        wanted.insert(0, Endpoint("spdm-emu", None, DEFAULT_HOST, port))
    remote = bool(options.get("allow_remote"))
    try:
        adopted = [adopt(sock, framing, allow_remote=remote) for sock, framing in activated]
        return adopted + open_listeners(wanted, allow_remote=remote)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None


def _check_capture(options: dict[str, Any]) -> None:
    plaintext, form = options.get("capture_plaintext"), options.get("capture_format")
    if (plaintext or form) and options.get("capture") is None:
        raise click.UsageError("--capture-plaintext and --capture-format need --capture FILE")
    if plaintext and form == "spdm-dump":
        raise click.UsageError("a file for spdm-dump has no place for --capture-plaintext")


def _check_descriptor(ready_fd: int | None) -> None:
    try:
        if ready_fd is not None:
            os.fstat(ready_fd)
    except OSError as error:
        raise click.UsageError(f"--ready-fd {ready_fd}: {error.strerror}") from None


def _allow_descriptors(connections: int) -> None:
    """Raise the soft limit of open files to what that many connections need, if it may be."""
    import resource  # noqa: PLC0415 - as in command

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_DESCRIPTORS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Announcer:
    """Says on stdout, in the port file and on the descriptor that the server is ready."""

    def __init__(self, port_file: Path | None, ready_fd: int | None) -> None:
        self._port_file = port_file
        self._ready_fd = ready_fd

    def __call__(self, endpoints: Sequence[Endpoint], lines: Sequence[str]) -> None:
        from responder.server.ready import (  # noqa: PLC0415 - as in command
            write_descriptor,
            write_port_file,
        )

        if self._port_file is not None:
            try:
                write_port_file(self._port_file, endpoints)
            except ConfigError as error:
                raise click.UsageError(str(error)) from None
        with reader_may_leave():
            click.echo("\n".join(lines))
        if self._ready_fd is not None:
            write_descriptor(self._ready_fd, lines[-1])
        gc.freeze()  # what is there now stays: a collection that passes it over is half as long
        gc.enable()
