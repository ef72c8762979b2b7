"""The committed certificate sets, as the tests of this folder read them."""

import os
import shutil
import subprocess

import pytest
from cryptography import x509

from responder.pki import sets

EVERY_IDENTITY = [
    (name, kind, slot)
    for name in sets.list_sets()
    for kind in sets.list_kinds(name)
    for slot in sets.list_slots(name, kind)
]


def pytest_generate_tests(metafunc):
    if "place" in metafunc.fixturenames:
        metafunc.parametrize("place", EVERY_IDENTITY, ids=lambda place: "-".join(map(str, place)))


@pytest.fixture
def chain(place):
    """The certificates of a committed identity, the root first."""
    identity = sets.read_identity(sets.identity_path(*place))
    return [x509.load_der_x509_certificate(der) for der in identity.chain]


@pytest.fixture
def openssl_verify(tmp_path):
    """``openssl verify`` as outside truth: ``(root, *intermediates, leaf)`` in DER."""
    binary = shutil.which("openssl")
    if binary is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no openssl, which CI installs")
        pytest.skip("no openssl")

    def verify(root, *others):
        files = {"root": [root], "untrusted": others[:-1], "leaf": others[-1:]}
        for name, certificates in files.items():
            text = b"".join(sets.pem("CERTIFICATE", der) for der in certificates)
            (tmp_path / name).write_bytes(text)
        return subprocess.run(
            [
                binary,
                "verify",
                "-x509_strict",
                "-CAfile",
                "root",
                "-untrusted",
                "untrusted",
                "leaf",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return verify
