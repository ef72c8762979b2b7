"""Two conversations side by side: which messages, which fields, and what is random in them."""

from replay.folders import write_runs

from responder.decode.compare import MASK, compare, is_masked
from responder.decode.decoder import Decoder
from responder.decode.payload import Payload
from responder.decode.source import chosen, path_payloads
from responder.wire.message import wire_fields
from responder.wire.registry import MESSAGES
from responder.wire.secured import SecuredRecord

GET_VERSION, VERSION = bytes.fromhex("10840000"), bytes.fromhex("1004000000010012")
TWO_VERSIONS = bytes.fromhex("10040000000200120013")
DIGESTS = bytes.fromhex("12810000")
CHALLENGE = bytes.fromhex("12830000")


def decoded(*payloads):
    decoder = Decoder()
    return [found for payload in payloads for found in decoder.decode(payload)]


def messages(*data):
    return decoded(*(Payload(one) for one in data))


def changes(left, right, **options):
    """Change, name, and paths of the fields that differ."""
    return [
        (one.change, one.shown.name, [field.path for field in one.fields])
        for one in compare(left, right, **options)
    ]


def test_what_is_the_same():
    one = messages(GET_VERSION, VERSION)
    assert changes(one, one) == [("same", "GET_VERSION", []), ("same", "VERSION", [])]


def test_fields_that_differ_and_messages_that_one_side_lacks():
    left = messages(GET_VERSION, VERSION, DIGESTS)
    right = messages(GET_VERSION, GET_VERSION, TWO_VERSIONS)
    assert changes(left, right) == [
        ("right", "GET_VERSION", []),
        ("same", "GET_VERSION", []),
        ("changed", "VERSION", ["version_number_entry_count", "version_number_entry"]),
        ("left", "GET_DIGESTS", []),
    ]


def test_randomness_is_masked_but_not_its_size():
    left, right = (messages(CHALLENGE + bytes([byte]) * 32) for byte in (1, 2))
    assert changes(left, right) == [("changed", "CHALLENGE", ["nonce"])]
    assert changes(left, right, mask=True) == [("same", "CHALLENGE", [])]
    short = messages(CHALLENGE + bytes(31))
    ((change, _, paths),) = changes(left, short, mask=True)
    assert change == "changed"
    assert "nonce" in paths


def test_a_problem_is_a_difference():
    cut = messages(VERSION[:-1])
    ((change, name, paths),) = changes(messages(VERSION), cut)
    assert (change, name) == ("changed", "VERSION")
    assert paths == ["version_number_entry", "(unread)", "(problems)"]


def test_what_a_transport_has_padded_is_not_compared():
    padded = decoded(Payload(GET_VERSION + bytes(2), transport=0, padding=3))
    assert changes(messages(GET_VERSION), padded) == [("same", "GET_VERSION", [])]


def record(payload, session=b"\1\0\xff\xff", sequence=0):
    number = sequence.to_bytes(2, "little")
    sealed = session + number + len(payload).to_bytes(2, "little") + payload
    return Payload(b"\6" + sealed, transport=1, received=True)


def test_a_closed_record_is_compared_by_its_size_if_masked():
    left = decoded(record(b"sealed"))
    right = decoded(record(b"SEALED", b"\2\0\xff\xff", 7))
    ((change, _, paths),) = changes(left, right)
    assert (change, paths) == ("changed", ["session_id", "sequence_number", "payload"])
    assert changes(left, right, mask=True) == [("same", "secured record", [])]
    ((change, _, paths),) = changes(left, decoded(record(b"longer one")), mask=True)
    assert (change, paths) == ("changed", ["length", "payload"])


def test_of_an_open_record_its_contents_are_compared():
    def carried(sealed, message):
        return decoded(
            record(sealed), Payload(message, session=1, inside=True, transport=0, received=True)
        )

    left, right = carried(b"one", GET_VERSION), carried(b"another", GET_VERSION)
    assert changes(left, right) == [("same", "GET_VERSION", [])]
    assert changes(left, messages(GET_VERSION)) == [
        ("left", "GET_VERSION", []),
        ("right", "GET_VERSION", []),
    ], "in a session is not the same as outside of any"


def test_two_recordings_of_one_version_differ_in_what_was_asked_for(tmp_path):
    names = ("v12-mctp-p384-dhe-nomut", "v12-mctp-p384-ffdhe2048")
    folder = write_runs(tmp_path, names)
    left, right = (decoded(*chosen(path_payloads(folder), name, "runs")) for name in names)
    found = {name: paths for change, name, paths in changes(left, right, mask=True) if paths}
    assert found["ALGORITHMS"] == ["trailer.structures[0].alg_supported"]
    assert "exchange_data" in found["KEY_EXCHANGE"], "of another size"
    assert "CHALLENGE_AUTH" not in found
    unmasked = {name for change, name, paths in changes(left, right) if paths}
    assert "CHALLENGE_AUTH" in unmasked


def test_the_mask_names_fields_that_there_are():
    names = {name for record in (*MESSAGES, SecuredRecord) for name in wire_fields(record)}
    assert set(MASK) <= names
    assert is_masked("payload", record=True)
    assert not is_masked("payload", record=False), "of a vendor-defined message"
    assert not is_masked("nonce", record=True)
    assert is_masked("spdm_chunk[0]", record=False)
