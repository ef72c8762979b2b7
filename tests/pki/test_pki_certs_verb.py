"""``spdm-responder certs``: options to files, mistakes to messages."""

import pytest
from click.testing import CliRunner

from responder.cli.certs import command
from responder.errors import data_root
from responder.pki import sets
from responder.pki.describe import describe_file

CERTS = data_root("certs")


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_build_without_options_writes_the_shipped_sets(tmp_path):
    result = run("build", tmp_path)

    built = files(tmp_path)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert f"wrote {len(built)} files" in result.stderr
    differing = [name for name in built if (CERTS / name).read_bytes() != built[name]]
    assert all("mldsa" in name or name.startswith("mixed") for name in differing)
    assert sets.list_sets(tmp_path) == sets.list_sets()


def test_build_keeps_what_only_a_signature_would_change(tmp_path):
    assert run("build", tmp_path, "--kind", "mldsa44", "--slots", 1).exit_code == 0
    built = files(tmp_path)
    (tmp_path / "device" / "mldsa44" / "slot0.pem").unlink()
    assert run("build", tmp_path, "--kind", "mldsa44", "--slots", 1).exit_code == 0
    again = files(tmp_path)
    assert {name for name in built if built[name] != again[name]} == {"device/mldsa44/slot0.pem"}


def test_build_of_one_kind_leaves_the_others_out(tmp_path):
    assert run("build", tmp_path, "--kind", "rsa3072", "--kind", "ecp256").exit_code == 0

    tdisp = [f"tdisp-device-{function}" for function in range(5)]
    assert sets.list_sets(tmp_path) == ["device", "qemu-nvme", *tdisp]
    assert sets.list_kinds("qemu-nvme", tmp_path) == ["ecp256", "rsa3072"]
    assert sets.list_slots("device", "ecp256", tmp_path) == list(range(8))


def test_build_of_a_new_set(tmp_path):
    cma = "Vendor=1b36:Device=0005:CC=00ff00:REV=00"
    result = run(
        "build", tmp_path, "--set", "mine", "--kind", "ed25519", "--slots", 3,
        "--model", "alias", "--san", cma, "--san", "ACME:WIDGET:1", "--seed", "00ff",
    )  # fmt: skip

    assert result.exit_code == 0
    assert sets.list_slots("mine", "ed25519", tmp_path) == [0, 1, 2]
    lines = list(describe_file(sets.identity_path("mine", "ed25519", 2, tmp_path)))
    assert "   SPDM    mutable-certificate" in lines
    assert [line[11:] for line in lines if line.startswith("   name")] == [
        f"CMA {cma}",
        "device-info ACME:WIDGET:1",
    ]
    assert sets.shipped_roots(tmp_path)["ed25519"] != sets.shipped_roots()["ed25519"]


def test_a_shipped_set_takes_more_slots(tmp_path):
    assert run("build", tmp_path, "--set", "alias", "--slots", 4).exit_code == 0

    assert sets.list_slots("alias", "ecp384", tmp_path) == [0, 1, 2, 3]
    slot1 = sets.identity_path("alias", "ecp384", 1)
    assert sets.identity_path("alias", "ecp384", 1, tmp_path).read_bytes() == slot1.read_bytes()


def test_fresh_keys_are_never_the_same(tmp_path):
    for name in ("a", "b"):
        arguments = ("--set", "mine", "--kind", "ecp256", "--fresh-keys")
        assert run("build", tmp_path / name, *arguments).exit_code == 0

    one, other = files(tmp_path / "a"), files(tmp_path / "b")
    assert sorted(one) == sorted(other)
    assert all(one[name] != other[name] for name in one)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--seed", "xyz"), "--seed: 'xyz' is not hexadecimal"),
        (("--san", "Vendor=1B36"), "--san: 'Vendor=1B36'"),
        (("--set", "../up"), "--set: '../up' is no name"),
        (("--set", "roots"), "--set: 'roots' is no name"),
    ],
)
def test_mistakes_in_values(tmp_path, arguments, said):
    result = run("build", tmp_path, *arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert files(tmp_path) == {}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--seed", "00", "--fresh-keys"),
        ("--model", "alias"),
        ("--kind", "sm2"),
        ("--slots", "9"),
    ],
)
def test_mistakes_in_usage(tmp_path, arguments):
    assert run("build", tmp_path, *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("spdm-emu", "ecp384/bundle_responder.certchain.der"),
        ("linux-cma", "rsa3072.der"),
        ("pem", "chains/ed25519/slot1.pem"),
    ],
)
def test_export_writes_the_layout(tmp_path, target, expected):
    result = run("export", "--for", target, tmp_path)

    assert result.exit_code == 0
    assert expected in files(tmp_path)
    assert "README.txt" in files(tmp_path)


def test_export_from_ones_own_sets(tmp_path):
    run("build", tmp_path / "certs", "--set", "mine", "--kind", "ecp384", "--seed", "01")

    result = run(
        "export",
        "--for",
        "spdm-emu",
        tmp_path / "keys",
        "--set",
        "mine",
        "--from",
        tmp_path / "certs",
    )

    assert result.exit_code == 0
    root = sets.shipped_roots(tmp_path / "certs")["ecp384"]
    assert files(tmp_path / "keys")["ecp384/ca.cert.der"] == root


def test_show_prints_on_stdout():
    path = CERTS / "device" / "ecp384" / "slot0.pem"

    result = run("show", path)

    assert result.stdout.splitlines() == list(describe_file(path))
