"""The wire that a campaign's store has kept of its cases."""

from campaign.stores import begin, passed, write

from responder.campaign.result import Control, End, Exchange, Observed, Strike, Wire
from responder.decode.payload import Payload
from responder.decode.stores import store_payloads

GET_VERSION, VERSION = bytes.fromhex("10840000"), bytes.fromhex("1004000000010012")


def test_each_case_is_a_conversation(tmp_path):
    exchange = Exchange(connection=2, request=GET_VERSION, response=VERSION, time=1.5, took=0.25)
    silent = Exchange(connection=2, request=b"", session=9)
    strike = Strike(exchange=1, hook="message", detail="sent nothing")
    wire = Wire(exchanges=(exchange, silent), strikes=(strike,))
    control = Control(
        setting="attestation",
        when="before",
        passed=True,
        observed=Observed(wire=Wire(exchanges=(exchange,))),
    )
    result = passed("case.0", observed=Observed(wire=wire))
    path = write(tmp_path / "store.jsonl", begin(), control, result, End())
    common = {"transport": 0, "padding": 3, "connection": 2}
    first = [
        {"data": GET_VERSION, "received": True, "time": 1_500_000_000, **common},
        {"data": VERSION, "received": False, "time": 1_750_000_000, **common},
    ]
    lost = {"data": b"", "time": 0, "session": 9, **common}
    assert list(store_payloads(path)) == [
        *(Payload(conversation="control attestation before", **one) for one in first),
        *(Payload(conversation="case.0", **one) for one in first),
        Payload(
            conversation="case.0", received=True, label="a request that could not be read", **lost
        ),
        Payload(
            conversation="case.0",
            received=False,
            label="no response",
            comment="struck at message: sent nothing",
            **lost,
        ),
    ]
