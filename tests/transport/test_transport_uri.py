"""How endpoints are written, and what is said to those that are wrong."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.errors import ConfigError
from responder.transport.socket_frame import TransportType
from responder.transport.uri import Endpoint, parse_uri

# text, endpoint
URIS = [
    ("spdm-emu://127.0.0.1:2323", Endpoint("spdm-emu", None, "127.0.0.1", 2323)),
    ("spdm-emu+doe://127.0.0.1:2323", Endpoint("spdm-emu", "doe", "127.0.0.1", 2323)),
    ("spdm-emu+mctp://localhost:0", Endpoint("spdm-emu", "mctp", "localhost", 0)),
    ("spdm-emu+none://0.0.0.0:65535", Endpoint("spdm-emu", "none", "0.0.0.0", 65535)),
    ("spdm-emu+tcp://a-b.example:1", Endpoint("spdm-emu", "tcp", "a-b.example", 1)),
    ("dsp0287://127.0.0.1:4194", Endpoint("dsp0287", "tcp", "127.0.0.1", 4194)),
    ("spdm-emu://[::1]:2323", Endpoint("spdm-emu", None, "::1", 2323)),
    ("dsp0287://[fe80::1%eth0]:7", Endpoint("dsp0287", "tcp", "fe80::1%eth0", 7)),
    ("spdm-emu+unix:/run/spdm.sock", Endpoint("spdm-emu", None, path="/run/spdm.sock")),
    ("spdm-emu+doe+unix:/a b:c", Endpoint("spdm-emu", "doe", path="/a b:c")),
    ("spdm-emu+unix:here.sock", Endpoint("spdm-emu", None, path="here.sock")),
    ("dsp0287+unix:/x", Endpoint("dsp0287", "tcp", path="/x")),
    ("vfio-user:/run/function0", Endpoint("vfio-user", None, path="/run/function0")),
    ("vfio-user:here", Endpoint("vfio-user", None, path="here")),
]

# Other spellings of the same.
SHORT = [
    ("spdm-emu://127.0.0.1", "spdm-emu://127.0.0.1:2323"),
    ("spdm-emu+doe://[::1]", "spdm-emu+doe://[::1]:2323"),
    ("spdm-emu+tcp://h", "spdm-emu+tcp://h:4194"),
    ("dsp0287://h", "dsp0287://h:4194"),
    ("SPDM-EMU+DOE://Host:9", "spdm-emu+doe://Host:9"),
    ("spdm-emu+unix:///run/x", "spdm-emu+unix:/run/x"),
    ("VFIO-User:///run/x", "vfio-user:/run/x"),
]

# text, part of the reason, suggestion
WRONG = [
    ("spdm-emu+deo://h:1", "scheme 'spdm-emu+deo' is none of", "spdm-emu+doe://h:1"),
    ("spdm-emu+pci-doe://h:1", "is none of", "spdm-emu+doe://h:1"),
    ("spdm_emu://h:1", "is none of", "spdm-emu://h:1"),
    ("dsp0278://h:1", "is none of", "dsp0287://h:1"),
    ("dsp0287+tcp://h:1", "is none of", "dsp0287://h:1"),
    ("tcp://h:1", "is none of", "spdm-emu+tcp://h:1"),
    ("mctp://h:1", "is none of", "spdm-emu+mctp://h:1"),
    ("unix:/run/x", "is none of", "spdm-emu+unix:/run/x"),
    ("doe+unix:/run/x", "is none of", "spdm-emu+doe+unix:/run/x"),
    ("https://h:1", "is none of", ""),
    ("vfio_user:/run/x", "is none of", "vfio-user:/run/x"),
    ("vfio:/run/x", "is none of", "vfio-user:/run/x"),
    ("vfio-user+unix:/run/x", "is none of", "vfio-user:/run/x"),
    ("vfio-user", "the path of a socket is missing", ""),
    ("vfio-user:", "the path of a socket is missing", ""),
    ("vfio-user:/run/", "the path of a socket is missing", ""),
    ("vfio-user://run/x", "a Unix socket has no host", "vfio-user:/run/x"),
    ("vfio-user:/a\0b", "contains NUL", ""),
    ("", "is none of", ""),
    (":", "is none of", ""),
    ("::", "is none of", ""),
    ("127.0.0.1:2323", "a scheme is missing", "spdm-emu://127.0.0.1:2323"),
    ("localhost", "a scheme is missing", "spdm-emu://localhost"),
    ("[::1]:2323", "a scheme is missing", "spdm-emu://[::1]:2323"),
    ("2323", "a scheme is missing", "spdm-emu://127.0.0.1:2323"),
    (":2323", "a scheme is missing", "spdm-emu://127.0.0.1:2323"),
    ("/run/x", "a scheme is missing", "spdm-emu+unix:/run/x"),
    ("spdm-emu+doe", "a scheme is missing", "spdm-emu+doe://127.0.0.1"),
    ("spdm-emu:h:1", "a host follows", "spdm-emu://h:1"),
    ("spdm-emu:/run/x", "a host follows", "spdm-emu+unix:/run/x"),
    ("spdm-emu://", "a host is missing", "spdm-emu://127.0.0.1"),
    ("spdm-emu://:2323", "a host is missing", "spdm-emu://127.0.0.1:2323"),
    ("spdm-emu://::1", "needs brackets", "spdm-emu://[::1]:2323"),
    ("dsp0287://fe80::1", "needs brackets", "dsp0287://[fe80::1]:4194"),
    ("spdm-emu://[::1", "is written [address]:port", ""),
    ("spdm-emu://[::1]2323", "is written [address]:port", ""),
    ("spdm-emu://[localhost]:1", "is written [address]:port", ""),
    ("spdm-emu://h:1/", "no path may follow", "spdm-emu://h:1"),
    ("spdm-emu:///run/x", "no path may follow", "spdm-emu+unix:/run/x"),
    ("spdm-emu://h:1?x=y", "nothing may follow the port", "spdm-emu://h:1"),
    ("spdm-emu://h:80:90", "nothing may follow the port", "spdm-emu://h:80"),
    ("spdm-emu://h:", "'' is no port", "spdm-emu://h:2323"),
    ("spdm-emu://h:65536", "'65536' is no port, 0 to 65535", "spdm-emu://h:2323"),
    ("spdm-emu://h:123456", "'123456' is no port", "spdm-emu://h:2323"),
    ("spdm-emu://h:-1", "'-1' is no port", "spdm-emu://h:2323"),
    ("spdm-emu://h:" + "9" * 5000, "is no port", "spdm-emu://h:2323"),
    ("spdm-emu://h:\u0664", "is no port", "spdm-emu://h:2323"),
    ("dsp0287://[::1]:http", "'http' is no port", "dsp0287://[::1]:4194"),
    ("spdm-emu://me@h:1", "'me@h' is no host name", ""),
    ("spdm-emu://a b:1", "'a b' is no host name", ""),
    ("spdm-emu+unix:", "the path of a socket is missing", ""),
    ("spdm-emu+unix:///", "the path of a socket is missing", ""),
    ("spdm-emu+unix:/run/", "the path of a socket is missing", ""),
    ("spdm-emu+unix://run/x", "a Unix socket has no host", "spdm-emu+unix:/run/x"),
    ("spdm-emu+unix:/a\0b", "contains NUL", ""),
]


@pytest.mark.parametrize(("text", "endpoint"), URIS)
def test_parses_and_prints(text, endpoint):
    assert parse_uri(text) == endpoint
    assert str(endpoint) == text


@pytest.mark.parametrize(("text", "full"), SHORT)
def test_defaults_and_spellings(text, full):
    assert str(parse_uri(text)) == full


@pytest.mark.parametrize(("text", "reason", "suggestion"), WRONG)
def test_wrong_uri_says_why_and_what_was_meant(text, reason, suggestion):
    with pytest.raises(ConfigError) as caught:
        parse_uri(text)
    assert reason in caught.value.reason
    assert repr(text) in caught.value.reason
    assert caught.value.suggestion == suggestion


@pytest.mark.parametrize("suggestion", sorted({row[2] for row in WRONG} - {""}))
def test_what_is_suggested_is_right(suggestion):
    assert isinstance(parse_uri(suggestion), Endpoint)


def test_transport_number_of_the_binding():
    assert parse_uri("spdm-emu://h").transport is None
    assert parse_uri("spdm-emu+none://h").transport is TransportType.NONE
    assert parse_uri("spdm-emu+mctp://h").transport is TransportType.MCTP
    assert parse_uri("spdm-emu+doe://h").transport is TransportType.PCI_DOE
    assert parse_uri("spdm-emu+tcp://h").transport is TransportType.TCP
    assert parse_uri("dsp0287://h").transport is TransportType.TCP
    assert parse_uri("vfio-user:/x").transport is None


def test_the_port_that_the_system_chose_can_be_filled_in():
    bound = msgspec.structs.replace(parse_uri("spdm-emu+doe://[::1]:0"), port=4711)
    assert str(bound) == "spdm-emu+doe://[::1]:4711"


fragments = st.sampled_from(
    [
        "spdm-emu",
        "dsp0287",
        "vfio-user",
        "+",
        "doe",
        "unix",
        ":",
        "//",
        "/",
        "[",
        "]",
        "::1",
        "h",
        "2323",
        "%",
    ]
)


@given(
    st.lists(fragments, max_size=8).map("".join)
    | st.text("spdm-emu+unix:/[]%.@?\0\n 0é", max_size=20)
)
def test_any_text_is_an_endpoint_that_prints_alike_or_a_config_error(text):
    try:
        endpoint = parse_uri(text)
    except ConfigError:
        return
    assert parse_uri(str(endpoint)) == endpoint
