"""``scripts/setup-qemu``: which apt source it copies, what it unpacks, and when it keeps away."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "setup-qemu"
DEB822 = """\
# Security comes first in this file.
Types: deb
URIs: http://mirror.test/security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://disabled.test/debian
Suites: bookworm
Components: main

Types: deb deb-src
# A comment within.
URIs: http://mirror.test/debian
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
"""
CLASSIC = """\
# deb http://commented.test/debian bookworm main
deb-src http://mirror.test/debian bookworm main
deb http://mirror.test/security bookworm-security main
deb http://other.test/apt bookworm stable
deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm main contrib
deb http://second.test/debian bookworm main
"""

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="bash is missing")


def shell(command, *arguments, folder="/nonexistent"):
    """Run a command line in which the script's functions are known."""
    return subprocess.run(
        ["bash", "-c", f'. "{SCRIPT}"; folder={folder}; {command}', "bash", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "parts").mkdir()
    return tmp_path / "sources.list", tmp_path / "parts"


def test_the_deb822_stanza_of_the_release_is_copied_with_other_suites(sources):
    _, parts = sources
    (parts / "debian.sources").write_text(DEB822)
    copy, *stanza = shell('copied_source bookworm "$@"', *sources).stdout.splitlines()
    assert copy == "sources"
    fields = {line.split(":")[0]: line for line in stanza if not line.startswith(" ")}
    assert fields["types"] == "types: deb"
    assert fields["uris"] == "uris: http://mirror.test/debian"
    assert fields["suites"] == "suites: trixie trixie-backports"
    assert fields["components"] == "components: main contrib"
    assert set(fields) == {"types", "uris", "suites", "components", "signed-by"}
    key = stanza.index("signed-by:")
    assert stanza[key + 1 : key + 4] == [" -----BEGIN PGP PUBLIC KEY BLOCK-----", " .", " abc"]


@pytest.mark.parametrize("place", ["sources.list", "parts/debian.list"])
def test_the_classic_line_of_the_release_is_copied_for_each_suite(sources, tmp_path, place):
    (tmp_path / place).write_text(CLASSIC)
    line = "deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian {} main contrib"
    assert shell('copied_source bookworm "$@"', *sources).stdout.splitlines() == [
        "list",
        line.format("trixie"),
        line.format("trixie-backports"),
    ]


def test_without_a_source_of_the_release_there_is_nothing_to_copy(sources):
    _, parts = sources
    (parts / "debian.sources").write_text(DEB822)
    result = shell('copied_source trixie "$@"', *sources)
    assert (result.returncode, result.stdout) == (1, "")


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ('ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n', "bookworm\n"),
        ('ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n', "trixie\n"),
        ('ID=debian\nVERSION_ID="11"\nVERSION_CODENAME=bullseye\n', ""),
        ('ID=ubuntu\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n', ""),
        ("ID=debian\n", ""),
    ],
)
def test_only_debian_12_and_13_get_qemu(tmp_path, release, name):
    (tmp_path / "os-release").write_text(release)
    result = shell('debian_release "$1"', tmp_path / "os-release")
    assert (result.stdout, result.returncode == 0) == (name, bool(name))


def test_elsewhere_it_is_skipped_with_a_reason_and_exit_0():
    result = shell("debian_release() { false; }; main")
    assert result.returncode == 0
    reason = "QEMU 11 and its kernel are fetched only on Debian 12 and 13"
    assert result.stdout == f"setup-qemu: skipped: {reason}\n"


def there(folder, version="11.1.3", kernel="vmlinuz"):
    """Make ``folder`` what a finished run leaves, with a QEMU of a line."""
    program = folder / "qemu-system-x86_64"
    program.write_text(f"#!/bin/sh\necho 'QEMU emulator version {version} (Debian 1)'\n")
    program.chmod(0o755)
    (folder / kernel).touch()


def test_what_is_there_is_left_alone(tmp_path):
    there(tmp_path)
    result = shell("debian_release() { exit 9; }; main", folder=tmp_path)
    assert (result.returncode, result.stdout) == (0, "setup-qemu: QEMU 11.1.3 is there\n")


@pytest.mark.parametrize(
    ("found", "enough"),
    [
        ({}, True),
        ({"version": "12.0.0"}, True),
        ({"version": "10.0.2"}, False),
        ({"kernel": "other"}, False),
    ],
)
def test_an_old_qemu_or_a_missing_kernel_is_not_enough(tmp_path, found, enough):
    there(tmp_path, **found)
    assert (shell("is_there", folder=tmp_path).returncode == 0) == enough


def test_packages_are_unpacked_anew_and_the_program_starts_the_qemu_among_them(tmp_path):
    if not shutil.which("dpkg-deb"):
        pytest.skip("dpkg-deb is missing (it comes with Debian)")
    package = tmp_path / "package"
    loader = package / "usr/lib64/ld-linux-x86-64.so.2"
    kernel = package / "usr/lib/modules/7.3.4+deb13-amd64/vmlinuz"
    control = package / "DEBIAN/control"
    for file in (loader, kernel, control):
        file.parent.mkdir(parents=True)
    loader.write_text('#!/bin/sh\necho "$QEMU_MODULE_DIR" "$@"\n')
    loader.chmod(0o755)
    kernel.write_text("kernel")
    control.write_text("Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n")
    archives = tmp_path / "apt/cache/archives"
    archives.mkdir(parents=True)
    subprocess.run(["dpkg-deb", "-b", package, archives / "x.deb"], check=True, capture_output=True)
    (tmp_path / "root").mkdir()
    (tmp_path / "root/left-by-a-run-that-was-ended").touch()

    result = shell("unpack", folder=tmp_path)

    assert (result.returncode, result.stderr) == (0, "")
    assert not (tmp_path / "root/left-by-a-run-that-was-ended").exists()
    assert (tmp_path / "vmlinuz").read_text() == "kernel"
    (tmp_path / "link").symlink_to("qemu-system-x86_64")
    root = tmp_path / "root"
    libraries = f"{root}/usr/lib/x86_64-linux-gnu"
    said = subprocess.run([tmp_path / "link", "-S"], capture_output=True, text=True, check=True)
    assert said.stdout.split() == [
        f"{libraries}/qemu",
        *("--library-path", libraries, f"{root}/usr/bin/qemu-system-x86_64"),
        *("-L", f"{root}/usr/share/qemu", "-L", f"{root}/usr/share/seabios", "-S"),
    ]


def test_a_download_that_fails_keeps_what_was_fetched_and_ends_with_4(tmp_path):
    parts = "write_source() { :; }; update() { :; }; debian_release() { echo bookworm; }"
    apt = "apt() { [[ $1 == apt-cache ]] && echo linux-binary-7.3.4+deb13-amd64 - Linux; }"
    (tmp_path / "apt").mkdir()
    result = shell(f"sleep() {{ :; }}; {parts}; {apt}; main", folder=tmp_path)
    assert result.returncode == 4
    reason = "apt-get could not fetch qemu-system-x86 and linux-binary-7.3.4+deb13-amd64"
    assert f"setup-qemu: failed: {reason}\n" in result.stderr
    assert (tmp_path / "apt").exists()


def test_the_newest_kernel_is_taken(tmp_path):
    names = "linux-binary-{}-amd64 - Linux"
    found = "\n".join(names.format(v) for v in ("7.3.10+deb13", "7.3.9+deb13", "6.12.1+deb13"))
    result = shell(f"apt() {{ echo '{found}'; }}; kernel_package", folder=tmp_path)
    assert result.stdout == "linux-binary-7.3.10+deb13-amd64\n"


def test_a_failure_is_tried_again_but_not_for_ever():
    result = shell("sleep() { :; }; flaky() { ((++n == 3)); }; n=0; retry flaky; echo $n")
    assert result.stdout == "3\n"
    result = shell("sleep() { :; }; n=0; never() { ((++n > 9)); }; retry never || echo $n")
    assert result.stdout == "4\n"
