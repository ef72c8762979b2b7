"""Makes an initramfs of this Python, the packages that our requester needs, and this source tree.

Every file lies where it lies here. The archive is the "newc" format of cpio, uncompressed, because
an emulated processor is slow to decompress (Linux "Documentation/driver-api/early-userspace").
"""

import importlib.metadata
import importlib.util
import os
import py_compile
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
TREE = HERE.parents[1]
PACKAGES = ("cffi", "click", "construct", "cryptography", "msgspec")
LEFT_OUT = {
    *("__pycache__", "dist-packages", "ensurepip", "idlelib", "lib2to3", "pydoc_data"),
    *("site-packages", "test", "tests", "tkinter", "turtledemo"),
}
DIRECTORY, REGULAR, EXECUTABLE = 0o040755, 0o100644, 0o100755
END = "TRAILER!!!"
INIT = """\
#!{python} -S
import sys
sys.path[:0] = {path!r}
import {module}
{module}.main()
"""


class Archive:
    """A cpio archive that is being written; folders come by themselves."""

    def __init__(self, file):
        self._file = file
        self._entries = 0
        self._folders = {Path("/")}

    def folder(self, path):
        if path not in self._folders:
            self._folders.add(path)
            self.folder(path.parent)
            self._entry(path, DIRECTORY, b"")

    def add(self, path, data, mode=REGULAR):
        self.folder(path.parent)
        self._entry(path, mode, data)

    def close(self):
        self._entry(END, 0, b"")

    def _entry(self, path, mode, data):
        self._entries += 1
        name = str(path).lstrip("/").encode() + b"\0"
        numbers = (self._entries, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        header = b"070701" + b"".join(b"%08x" % number for number in numbers) + name
        self._file.write(header + bytes(-len(header) % 4) + data + bytes(-len(data) % 4))


def build(target, module="guest_agent"):
    """Write the initramfs to ``target``; its /init is the ``main`` of a module of this folder."""
    python = Path(sys.executable).resolve()
    files = {python, *_standard_library(), *_packages(), *_tree()}
    files |= _libraries([python, *(path for path in files if path.suffix == ".so")])
    site = Path(sysconfig.get_path("purelib"))
    with target.open("wb") as file:
        archive = Archive(file)
        for name in ("/dev", "/proc", "/sys", "/tmp"):
            archive.folder(Path(name))
        for path in sorted(files):
            _add(archive, path)
        init = INIT.format(module=module, python=python, path=[str(TREE), str(HERE), str(site)])
        archive.add(Path("/init"), init.encode(), EXECUTABLE)
        archive.close()


def _add(archive, path):
    """Add a file; of a module its bytecode, made here once and not at each start of a guest."""
    if path.suffix == ".py":
        archive.add(path.with_suffix(".pyc"), _bytecode(path))
    else:
        archive.add(path, path.read_bytes(), path.stat().st_mode)


def _bytecode(path):
    compiled = Path(importlib.util.cache_from_source(str(path)))
    if compiled.is_file() and compiled.stat().st_mtime >= path.stat().st_mtime:
        return compiled.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "module.pyc"
        py_compile.compile(str(path), cfile=str(made), doraise=True)
        return made.read_bytes()


def _below(folder):
    for base, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        yield from (Path(base, name) for name in names)


def _standard_library():
    wanted = {".py", ".so"}
    for path in _below(sysconfig.get_path("stdlib")):
        if path.suffix in wanted and not path.name.startswith(("_test", "_tkinter")):
            yield path


def _packages():
    for name in PACKAGES:
        for file in importlib.metadata.distribution(name).files:
            if file.suffix in {".py", ".so"}:
                yield Path(file.locate()).resolve()


def _tree():
    yield from _below(TREE / "responder")
    yield from _below(TREE / "certs")
    yield from HERE.glob("guest_*.py")
    yield from HERE.glob("inside*.py")


def _libraries(files):
    """The shared libraries of binaries, and the loader with its list of where they are."""
    said = subprocess.run(["ldd", *files], capture_output=True, text=True, check=True).stdout
    # Such as "libc.so.6 => /lib/libc.so.6 (0x...)" and "/lib64/ld-linux-x86-64.so.2 (0x...)".
    words = {word for line in said.splitlines() for word in line.split()[:3]}
    found = {Path(word) for word in words if word.startswith("/") and not word.endswith(":")}
    return found | {Path("/etc/ld.so.cache")}
