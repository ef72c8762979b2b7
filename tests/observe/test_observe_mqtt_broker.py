"""How brokers and instances are named."""

import pytest

from responder.errors import ConfigError
from responder.observe.mqtt_broker import Address, Broker, check_name, parse_address, tls_context


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mqtt://localhost", Address("localhost", 1883, tls=False)),
        ("mqtts://broker.example", Address("broker.example", 8883, tls=True)),
        ("mqtt://10.0.0.7:1884/", Address("10.0.0.7", 1884, tls=False)),
        ("MQTT://[::1]:99", Address("::1", 99, tls=False)),
        ("mqtts://lab%20user%40x@b", Address("b", 8883, tls=True, user="lab user@x")),
    ],
)
def test_what_is_a_broker(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "scheme is mqtt or mqtts"),
        ("localhost:1883", "scheme is mqtt or mqtts"),
        ("http://localhost", "scheme is mqtt or mqtts"),
        ("mqtt://", "HOST"),
        ("mqtt://user@", "HOST"),
        ("mqtt://h:0", "HOST"),
        ("mqtt://h:65536", "a broker is written"),
        ("mqtt://h:x", "a broker is written"),
        ("mqtt://[::1", "a broker is written"),
        ("mqtt://h/topic", "HOST"),
        ("mqtt://h?tls=1", "HOST"),
        ("mqtt://h#x", "HOST"),
    ],
)
def test_what_is_none(text, reason):
    with pytest.raises(ConfigError, match=reason):
        parse_address(text)


@pytest.mark.parametrize(
    "text", ["mqtt://u:hunter2@h", "mqtt://u:hunter2@h:x", "http://:hunter2@h"]
)
def test_a_password_in_a_uri_is_refused_and_not_repeated(text):
    with pytest.raises(ConfigError) as raised:
        parse_address(text)
    assert "hunter2" not in str(raised.value)


def test_a_broker_is_shown_without_its_password():
    broker = Broker(parse_address("mqtt://u@h"), "hunter2")
    assert "hunter2" not in repr(broker)
    assert str(broker.address) == "mqtt://h:1883"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.8.0.1", True), ("::1", True), ("10.0.0.1", False), ("h", False)],
)
def test_what_stays_on_this_machine(host, loopback):
    assert Address(host, 1, tls=False).is_loopback is loopback


@pytest.mark.parametrize("name", ["a", "lab 1", "gerät", "x" * 64, "$lab", "my-device.v2"])
def test_names(name):
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "a/b", "+", "a#", "x" * 65, "a\0", "a\nb", "\udc80"])
def test_no_names(name):
    with pytest.raises(ConfigError):
        check_name(name)


def test_tls_verifies_always():
    import ssl

    context = tls_context(None)
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
