"""The units of the documentation: systemd's own programs read them, and activate their sockets."""

import configparser
import shlex
import shutil
import signal
import socket
import subprocess
import sys

import pages
import pytest

from responder.cli.exits import Exit

UNITS = pages.DOCS / "examples/systemd"
INSTALLED = "/opt/spdm-responder/bin/spdm-responder"
THIS = [sys.executable, "-m", "responder.cli.main"]
TIMEOUT = 60


def unit(name):
    """The sections of a unit; of a key that is repeated the last value."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    assert parser.read(UNITS / name)
    return parser


SERVICE = unit("spdm-responder.service")["Service"]
SOCKETS = [unit(name)["Socket"] for name in SERVICE["Sockets"].split()]


def program(name):
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is missing (Debian: apt-get install systemd)")
    return path


def test_systemd_reads_the_units_without_complaint(tmp_path):
    analyze = program("systemd-analyze")
    copies = [tmp_path / path.name for path in UNITS.iterdir()]
    for copy in copies:
        text = (UNITS / copy.name).read_text()
        copy.write_text(text.replace(INSTALLED, shutil.which("true")))
    done = subprocess.run(
        [analyze, "verify", *map(str, copies)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.fixture
def manager(tmp_path):
    """A datagram socket that is told of READY, as a service manager's."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(tmp_path / "notify"))
        notified.settimeout(TIMEOUT)
        yield notified


@pytest.fixture
def service(tmp_path, manager):
    """The service, started by systemd's socket activation at the first connection.

    Its sockets are those of the units, by their names; they have paths here and not ports.
    """
    words = shlex.split(SERVICE["ExecStart"].replace("%S", str(tmp_path)))
    assert words[0] == INSTALLED
    listen = [f"--listen={tmp_path / listened['FileDescriptorName']}" for listened in SOCKETS]
    names = ":".join(listened["FileDescriptorName"] for listened in SOCKETS)
    environment = pages.environment(NOTIFY_SOCKET=str(tmp_path / "notify"))
    process = subprocess.Popen(
        [
            *(program("systemd-socket-activate"), *listen, f"--fdname={names}"),
            *("--setenv=PYTHONPATH", "--setenv=NOTIFY_SOCKET", "--setenv=PATH"),
            *("--", *THIS, *words[1:]),
        ],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines = iter(process.stderr.readline, "")
        assert [next(lines) for _ in SOCKETS], "it says where it listens"
        yield process
    finally:
        process.kill()
        process.communicate()


def attest(uri):
    return subprocess.run(
        [*THIS, "attest", uri],
        env=pages.environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def test_the_service_serves_the_sockets_of_its_units(service, manager, tmp_path):
    assert SERVICE["Type"] == "notify"
    done = attest(f"spdm-emu+doe+unix:{tmp_path / 'spdm-emu'}")
    assert done.returncode == 0, done.stderr
    assert b"READY=1" in manager.recv(1000)
    done = attest(f"dsp0287+unix:{tmp_path / 'dsp0287'}")
    assert done.returncode == 0, done.stderr
    assert SERVICE["ExecReload"].split()[1] == "-HUP"
    service.send_signal(signal.SIGHUP)
    service.terminate()
    _, log = service.communicate(timeout=TIMEOUT)
    assert service.returncode == 0
    assert "DeviceReset reset='conventional reset'" in log
    assert (tmp_path / "spdm-responder").is_dir(), "the state"


def test_what_systemd_does_not_start_again_is_what_this_program_says():
    codes = {int(code) for code in SERVICE["RestartPreventExitStatus"].split()}
    assert codes == {Exit.USAGE, Exit.PROFILE}
