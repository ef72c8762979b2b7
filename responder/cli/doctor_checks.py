"""What ``doctor`` looks at: Python, packages, algorithms, sockets, limits, others' programs."""

import re
import resource
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import msgspec

from responder.errors import system_reason
from responder.server.limits import Limits
from responder.transport.uri import DEFAULT_HOST, SOCKET_PORT

_PACKAGE = "spdm-responder"
_PYTHON = (3, 11)
_REQUIREMENT = re.compile(r"^(?P<name>[\w.-]+)\s*(?P<bounds>[^;]*)(?P<marker>;.*)?$")
_BOUND = re.compile(r"(>=|<)\s*([\d.]+)")
_NUMBER = re.compile(r"\d+(?:\.\d+)+")
_ANSWER_TIME = 20
"""Seconds that a program has to tell its version."""
_OTHER_FILES = 64
_SPDM_TCP_PORT = 4194


class Check(msgspec.Struct, frozen=True):
    """What was found of one thing.

    Attributes:
        name: the thing.
        found: what is there, or what is wrong.
        good: it is as it should be.
        required: without it the program does not work.
        use: what it is for.
        get: how to get it, if it is not good.
    """

    name: str
    found: str
    good: bool
    required: bool
    use: str
    get: str = ""


class Tool(msgspec.Struct, frozen=True):
    """A program of others.

    Attributes:
        name: the command.
        version: the first version that does; empty if any does.
        option: what makes it tell its version.
        use: what it is for.
        get: how to get it on Debian.
    """

    name: str
    version: str
    option: str
    use: str
    get: str


TOOLS = (
    Tool(
        "qemu-system-x86_64",
        "11",
        "--version",
        "a guest that attests (`serve --listen vfio-user:PATH`, docs/qemu.md)",
        "scripts/setup-qemu, or apt-get install -t trixie-backports qemu-system-x86",
    ),
    Tool("tshark", "4.0", "--version", "captures in Wireshark", "apt-get install tshark"),
    Tool("mosquitto", "2.0", "-h", "a broker for events over MQTT", "apt-get install mosquitto"),
    Tool("tmux", "", "-V", "tests of the live view", "apt-get install tmux"),
    Tool(
        "chromium", "", "--version", "tests of the report's page",
        "apt-get install chromium chromium-driver",
    ),
)  # fmt: skip


def checks() -> Iterator[Check]:
    """Everything, in the order in which it is told."""
    yield python_check()
    yield from package_checks()
    yield algorithm_check()
    yield loopback_check(socket.AF_INET, DEFAULT_HOST)
    yield loopback_check(socket.AF_INET6, "::1")
    for port in (SOCKET_PORT, _SPDM_TCP_PORT):
        yield port_check(port)
    yield unix_socket_check(Path(tempfile.gettempdir()))
    yield files_check(*resource.getrlimit(resource.RLIMIT_NOFILE))
    for tool in TOOLS:
        yield tool_check(tool, shutil.which(tool.name))


def python_check() -> Check:
    """The interpreter's version."""
    return Check(
        "Python",
        f"{sys.version.split()[0]}, {sys.executable}",
        good=sys.version_info >= _PYTHON,
        required=True,
        use="all",
        get="" if sys.version_info >= _PYTHON else "Python 3.11 or newer",
    )


def package_checks() -> Iterator[Check]:
    """What this package needs of others, and what it can make use of."""
    try:
        wanted = metadata.requires(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        found = "not installed, runs from a folder: its packages are not checked"
        yield Check(_PACKAGE, found, good=False, required=False, use="all", get="pip install .")
        return
    for text in wanted:
        match = _REQUIREMENT.match(text)
        extra = re.search(r"extra == ['\"](\w+)", text)
        if match and (extra is None or extra[1] == "cluster"):
            yield package_check(match["name"], match["bounds"], extra[1] if extra else "")


def package_check(name: str, bounds: str, extra: str) -> Check:
    """One package, at a version within its bounds, such as ``>=2.5,<3``."""
    use = "campaigns on many machines (`campaign run --cluster`)" if extra else "all"
    get = f"pip install '{_PACKAGE}[{extra}]'" if extra else f"pip install '{name}{bounds}'"
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(name, "missing", good=False, required=not extra, use=use, get=get)
    tests = _BOUND.findall(bounds)
    good = all((_release(found) >= _release(at)) == (sign == ">=") for sign, at in tests)
    told = found if good else f"{found}, wanted {bounds}"
    return Check(name, told, good=good, required=not extra, use=use, get="" if good else get)


def algorithm_check() -> Check:
    """What the cryptography at hand computes, against what this program knows it to compute."""
    from responder.cli.doctor_algorithms import failures  # noqa: PLC0415 - imports cryptography
    from responder.crypto.lacking import every_lack  # noqa: PLC0415 - as above

    broken, count = failures()
    found = f"{count} of SPDM's; not {len(every_lack())} that cryptography lacks"
    if broken:
        found = "; ".join(f"{name}: {why}" for name, why in broken.items())
    get = "pip install --force-reinstall cryptography (a build with all of OpenSSL 3.5)"
    return Check(
        "algorithms", found, good=not broken, required=True, use="all", get=get if broken else ""
    )


def loopback_check(family: socket.AddressFamily, host: str) -> Check:
    """Whether a port of loopback can be listened on."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.bind((host, 0))
        found, good = f"{host} can be listened on", True
    except OSError as error:
        found, good = f"{host}: {system_reason(error)}", False
    required = family == socket.AF_INET
    get = "" if good else "bring up the loopback interface (ip link set lo up)"
    return Check("loopback", found, good=good, required=required, use="serve", get=get)


def port_check(port: int) -> Check:
    """Whether a usual port is free."""
    use = "serve without options" if port == SOCKET_PORT else "serve --listen dsp0287://127.0.0.1"
    try:
        with socket.create_server((DEFAULT_HOST, port)):
            return Check(f"port {port}", "free", good=True, required=False, use=use)
    except OSError as error:
        get = "stop what has it (ss -ltnp), or serve --port 0"
        found = system_reason(error)
        return Check(f"port {port}", found, good=False, required=False, use=use, get=get)


def unix_socket_check(folder: Path) -> Check:
    """Whether a socket can be made that nobody but its owner may use."""
    use = "serve --listen spdm-emu+unix:PATH, vfio-user:PATH"
    try:
        with tempfile.TemporaryDirectory(dir=folder) as inner:
            path = Path(inner, "s")
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
                path.chmod(0o600)
                mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        found, good = f"{folder}: {system_reason(error)}", False
    else:
        good = mode == 0o600
        found = f"{folder}: mode {mode:o}"
    get = "" if good else "a folder on a local file system that keeps modes (TMPDIR)"
    return Check("Unix sockets", found, good=good, required=False, use=use, get=get)


def files_check(soft: int, hard: int) -> Check:
    """Whether so many files may be open as the usual number of connections needs."""
    wanted = Limits().max_connections + _OTHER_FILES
    good = hard == resource.RLIM_INFINITY or hard >= wanted
    found = f"{_limit(soft)}, at most {_limit(hard)}; serve raises it itself"
    use = f"{Limits().max_connections} connections at the same time"
    get = "" if good else f"ulimit -Hn {wanted} as root, LimitNOFILE= of a unit, --max-connections"
    return Check("open files", found, good=good, required=False, use=use, get=get)


def tool_check(tool: Tool, path: str | None) -> Check:
    """One program of others, at ``path`` if it is there."""
    if path is None:
        return _tool(tool, "missing", good=False)
    version = _version_of(path, tool.option)
    if not version:
        return _tool(tool, f"{path} does not tell its version", good=not tool.version)
    good = _release(version) >= _release(tool.version)
    return _tool(
        tool, f"{version}, {path}" if good else f"{version}, wanted {tool.version}", good=good
    )


def _tool(tool: Tool, found: str, *, good: bool) -> Check:
    get = "" if good else tool.get
    return Check(tool.name, found, good=good, required=False, use=tool.use, get=get)


def _version_of(path: str, option: str) -> str:
    """What a program says its version is; empty if it says nothing of the kind."""
    try:
        done = subprocess.run(  # noqa: S603 - one of TOOLS
            [path, option], capture_output=True, text=True, timeout=_ANSWER_TIME, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = _NUMBER.search(done.stdout + done.stderr)
    return match[0] if match else ""


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version, as far as they go: (2, 10, 70)."""
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("+")[0]))


def _limit(number: int) -> str:
    return "any" if number == resource.RLIM_INFINITY else str(number)
