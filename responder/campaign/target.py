"""The description of a requester under test: how to run it, and how to understand what it does."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from responder.errors import ConfigError, suggest

Kind = Literal["reference", "process", "service", "callable", "guest"]
Transport = Literal["mctp", "doe", "tcp", "none", "storage", "dsp0287"]
Seconds = Annotated[float, Meta(gt=0)]
_READY = Path(__file__).parent / "targets" / "ready"
_SIZE = re.compile(r"(\d+)\s*(KiB|MiB|GiB)?")
_UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class Success(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What says that all is well: all that is given here must hold.

    Attributes:
        exit: exit codes.
        must: regular expressions that its output must have.
        must_not: regular expressions that its output must not have.
        wire: how far its conversation must have come: to the ``end`` of the one without a fault;
            ``any`` asks for nothing.
    """

    exit: list[int] = field(default_factory=lambda: [0])
    must: list[str] = field(default_factory=list)
    must_not: list[str] = field(default_factory=list)
    wire: Literal["any", "end"] = "any"


class Surfaced(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What says that it told somebody about something that is legal and odd.

    Attributes:
        must: a regular expression that its output has then, and has not in a run without a fault.
        file: a file that it writes then, in its folder ``{dir}``.
    """

    must: str = ""
    file: str = ""


class ConversationSpec(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the requester is brought to hold some conversations.

    Attributes:
        settings: names of conversations, ``*`` stands for any characters.
        args: more arguments.
        env: more of its environment.
        overrides: changes to the device's profile.
        transport: the one to use, if not the first of the target's.
    """

    settings: list[str]
    args: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)
    transport: Transport | None = None


class Target(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A requester under test.

    Attributes:
        description: one line.
        kind: a ``process`` for each case; a ``service`` that connects by itself, to one port for
            each case; a Python ``callable``; a QEMU ``guest``; or the ``reference``, the
            requester of this project in the same process.
        command: its command line; ``{uri}``, ``{host}``, ``{port}`` and others in it are filled in.
        callable: of a callable, its ``module:function``.
        cwd: working directory; its own folder ``{dir}`` if not given.
        env: more of its environment.
        time_limit: seconds for one case.
        memory_limit: such as ``512MiB``; none if empty.
        success: what says that all is well.
        reasons: regular expressions of its output, and why it then has refused: ids of checks, or
            patterns such as ``*.signature``.
        surfaced: what says that it told about something odd.
        unimplemented_exit: the exit code that says that it cannot do what is asked.
        done: a regular expression of its output: then it is done, and is ended.
        reset: a command after each case.
        transports: what it speaks; the first one carries faults that are about no transport.
        names: what it calls the values that are filled in, such as algorithms.
        certificates: whose layout of certificates ``{certs}`` has: ``pem`` or ``spdm-emu``.
        conversations: how it is brought to hold which conversations; without any, it is run the
            same way for all. Of several for the same one the next is tried where a fault does not
            strike.
        parallel: how many cases may run at once; as many as there are cores if not given.
        first_port: of a service: the port of the first case; any free ones if 0.
    """

    description: str = ""
    kind: Kind = "process"
    command: list[str] = field(default_factory=list)
    callable: str = ""
    cwd: str = ""
    env: dict[str, str] = field(default_factory=dict)
    time_limit: Seconds = 10.0
    memory_limit: str = ""
    success: Success = field(default_factory=Success)
    reasons: dict[str, list[str]] = field(default_factory=dict)
    surfaced: Surfaced = field(default_factory=Surfaced)
    unimplemented_exit: int = 89
    done: str = ""
    reset: list[str] = field(default_factory=list)
    transports: list[Transport] = field(default_factory=lambda: ["mctp"])
    names: dict[str, str] = field(default_factory=dict)
    certificates: Literal["pem", "spdm-emu"] = "pem"
    conversations: list[ConversationSpec] = field(default_factory=list)
    parallel: Annotated[int, Meta(ge=1)] | None = None
    first_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    name: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the description, in hexadecimal: results of two targets are not mixed."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    @property
    def memory(self) -> int | None:
        """The memory limit in bytes."""
        return _size(self.memory_limit) if self.memory_limit else None

    @property
    def at_once(self) -> int | None:
        """How many cases may run at once; ``None`` if it may be as many as there are cores."""
        return 1 if self.first_port else self.parallel

    def ways(self, setting: str) -> list[ConversationSpec]:
        """How it is brought to hold a conversation, in order; nothing if it cannot be."""
        if not self.conversations:
            return [ConversationSpec([setting])]
        return [one for one in self.conversations if _meant(one, setting)]


def ready_made() -> list[str]:
    """The names of the targets that come with the program."""
    return sorted(path.stem for path in _READY.glob("*.toml"))


def read_target(name_or_path: str, changes: Mapping[str, Any] | None = None) -> Target:
    """A target by its name, or the path of its TOML file.

    Args:
        name_or_path: anything with a slash or ``.toml`` is a path.
        changes: keys that are given another value.

    Raises:
        ConfigError: there is none, or it is wrong; with file and line.
    """
    path = _READY / f"{name_or_path}.toml"
    if "/" in name_or_path or name_or_path.endswith(".toml"):
        path = Path(name_or_path)
    elif not path.is_file():
        hint = suggest(name_or_path, ready_made())
        known = ", ".join(ready_made())
        reason = f"there is no target {name_or_path!r}; there are {known}, or a file NAME.toml"
        raise ConfigError(reason, suggestion=hint)
    try:
        text = path.read_text("utf-8")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"it cannot be read: {error}", where=str(path)) from None
    return _typed({**document, **(changes or {})}, path, text)


def _typed(document: Mapping[str, Any], path: Path, text: str) -> Target:
    try:
        target = msgspec.convert({"name": path.stem, **document}, Target)
        _check(target)
    except (msgspec.ValidationError, ConfigError) as error:
        raise ConfigError(str(error), where=_where(str(error), path, text)) from None
    return target


def _where(error: str, path: Path, text: str) -> str:
    """The file, and the line of the key that an error names."""
    from responder.profiles.locate import key_lines  # noqa: PLC0415 - for mistakes only

    names = re.findall(r"`\$?\.?([\w.]+)", error) + re.findall(r"^(\w+):", error)
    lines = key_lines(text)
    for name in reversed(names):
        for key, line in lines.items():
            if ".".join(str(step) for step in key if isinstance(step, str)) == name:
                return f"{path}:{line}"
    return str(path)


def _check(target: Target) -> None:
    """Refuse what no type can: a kind without its command, a pattern that is none."""
    needed = {"process": target.command, "guest": target.command, "callable": target.callable}
    if target.kind in needed and not needed[target.kind]:
        key = "callable" if target.kind == "callable" else "command"
        raise ConfigError(f"{key}: a target of kind {target.kind!r} needs one")
    patterns = {
        "success": [*target.success.must, *target.success.must_not],
        "reasons": [*target.reasons],
        "surfaced": [target.surfaced.must],
        "done": [target.done],
    }
    for key, some in patterns.items():
        for pattern in some:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ConfigError(f"{key}: {pattern!r} is no pattern: {error}") from None
    if target.memory_limit:
        _size(target.memory_limit)


def _size(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise ConfigError(f"memory_limit: {text!r} is no size such as 512MiB")
    return int(found[1]) * _UNITS[found[2] or ""]


def _meant(spec: ConversationSpec, setting: str) -> bool:
    return any(fnmatchcase(setting, pattern) for pattern in spec.settings)
