"""TLS and passwords, at a real mosquitto."""

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cli.serve_process import environment, serving
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mosquitto import Mosquitto, free_port
from mqtt_listener import Listener
from programs import program

NAME = "ecdsa-p256"
USUAL = (NAME, "--port", "0")
USER, PASSWORD = "lab user", "pass:w0rd@/"
VARIABLE = "SPDM_RESPONDER_MQTT_PASSWORD"
TLS_FILES = [("cafile", "authority.pem"), ("certfile", "broker.pem"), ("keyfile", "broker.key")]
CLIENT_FILES = [("ca", "authority.pem"), ("cert", "client.pem"), ("key", "client.key")]
ONE_DAY = timedelta(days=1)


def certificate(folder, name, issuer=None, names=()):
    """Make a certificate and its key, as files; what an issuer is for more of them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuer_name, issuer_key = issuer or (subject, key)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(issuer_name, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - ONE_DAY)
        .not_valid_after(now + ONE_DAY)
        .add_extension(x509.BasicConstraints(issuer is None, None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    made = builder.sign(issuer_key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return subject, key


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Certificates: an authority, a broker of localhost, a client; and another authority."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = certificate(folder, "authority")
    certificate(folder, "broker", authority, [x509.DNSName("localhost")])
    certificate(folder, "client", authority)
    certificate(folder, "stranger")
    return folder


@pytest.fixture(scope="module")
def tls(tmp_path_factory, folder):
    """A broker that speaks TLS at one port, and at another also wants a certificate."""
    ports = free_port(), free_port()
    files = [f"{kind} {folder / name}" for kind, name in TLS_FILES]
    lines = [f"listener {ports[0]} 127.0.0.1", *files, f"listener {ports[1]} 127.0.0.1", *files]
    place = tmp_path_factory.mktemp("tls-broker")
    broker = Mosquitto(program("mosquitto"), place, *lines, "require_certificate true").start()
    yield broker.port, *ports
    broker.stop()


@pytest.fixture
def guarded(make_broker, tmp_path):
    """A broker that wants a password."""
    passwords = tmp_path / "passwords"
    passwords.touch(0o600)
    command = [program("mosquitto_passwd"), "-b", passwords, USER, PASSWORD]
    subprocess.run(command, check=True, capture_output=True)
    return make_broker(f"password_file {passwords}", auth="allow_anonymous false")


def is_born(port, *arguments, **access):
    """Serve with these arguments until it is born or the broker is lost; the log if it is lost."""
    with Listener(port, **access) as listener, serving(*USUAL, *arguments) as served:
        served.read_ready()
        listener.wait_status(NAME, state="online")
        code, err = served.end()
    assert code == 0, err
    assert PASSWORD not in err
    return True


def lost(*arguments, **options):
    """Serve with these arguments until the broker is given up for the first time; why."""
    with serving(*USUAL, *arguments, **options) as served:
        served.read_ready()
        for line in served.process.stderr:
            if "BrokerLost" in line:
                break
        code, _ = served.end()
    assert code == 0, "a broker that refuses changes nothing else"
    return line


def test_tls_with_an_authority_that_is_named(tls, folder):
    plain, port, _ = tls
    uri = f"mqtts://localhost:{port}"
    assert is_born(plain, "--mqtt", uri, "--mqtt-ca", str(folder / "authority.pem"))


def test_tls_with_a_certificate_of_ours(tls, folder):
    plain, _, port = tls
    files = [f"--mqtt-{option}={folder / name}" for option, name in CLIENT_FILES]
    assert is_born(plain, "--mqtt", f"mqtts://localhost:{port}", *files)


def test_a_broker_of_another_authority_is_refused(tls, folder):
    uri = f"mqtts://localhost:{tls[1]}"
    assert "certificate" in lost("--mqtt", uri, "--mqtt-ca", str(folder / "stranger.pem"))
    assert "certificate" in lost("--mqtt", uri), "the system does not know it either"


def test_a_broker_of_another_name_is_refused(tls, folder):
    uri = f"mqtts://127.0.0.1:{tls[1]}"
    why = lost("--mqtt", uri, "--mqtt-ca", str(folder / "authority.pem"))
    assert "127.0.0.1" in why.partition("reason=")[2], why


def test_a_password_in_a_file(guarded, tmp_path):
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    uri = guarded.uri.replace("//", "//lab%20user@")
    arguments = ("--mqtt", uri, "--mqtt-password-file", str(file))
    assert is_born(guarded.port, *arguments, user=USER, password=PASSWORD)


def test_a_password_in_the_environment(guarded):
    uri = guarded.uri.replace("//", "//lab%20user@")
    access = {"user": USER, "password": PASSWORD}
    with (
        Listener(guarded.port, **access) as listener,
        serving(*USUAL, "--mqtt", uri, env=environment(**{VARIABLE: PASSWORD})) as served,
    ):
        served.read_ready()
        listener.wait_status(NAME, state="online")
        assert served.end()[0] == 0


def test_a_wrong_password_is_refused(guarded):
    uri = guarded.uri.replace("//", "//lab%20user@")
    assert "Not authorized" in lost("--mqtt", uri, env=environment(**{VARIABLE: "guess"}))
