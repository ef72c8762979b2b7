"""Every wrong or misplaced request gets the ERROR that the specification names, and only that.

After each one the connection goes on as if nothing had been said: a signature over a transcript
that the test puts together itself shows that the wrong request left no trace.
"""

from collections import Counter

import pytest
from core import (
    error_rows_algorithms,
    error_rows_certificates,
    error_rows_challenge,
    error_rows_information,
    error_rows_other,
    error_rows_provisioning,
    error_rows_vca,
)
from core import raw_requests as raw
from core.dialogue import STATES, Dialogue
from core.error_table import PROFILES, Answered

ROWS = (
    *error_rows_vca.ROWS,
    *error_rows_algorithms.ROWS,
    *error_rows_certificates.ROWS,
    *error_rows_challenge.ROWS,
    *error_rows_information.ROWS,
    *error_rows_other.ROWS,
    *error_rows_provisioning.ROWS,
)
CASES = [
    pytest.param(row, version, id=f"1.{version & 0xF} {row.state}: {row.name}")
    for row in ROWS
    for version in row.versions
]


def begin(row, version):
    """The conversation up to the request in question."""
    dialogue = Dialogue(
        PROFILES[row.profile](),
        version,
        offer=dict(row.offer),
        algorithms=dict(row.algorithms),
    )
    return dialogue.reach(row.state)


def prove(dialogue, proof):
    """The connection still works, and a signature covers what was said and nothing else."""
    if proof:
        dialogue.reach("negotiated")
    if proof == "challenge":
        dialogue.authenticate()
    elif proof == "measurements":
        slot = 0xF if dialogue.responder.device.has_public_key else 0
        request = raw.get_measurements(dialogue.version, attributes=1, slot=slot)
        dialogue.check_measurements([(request, dialogue.ask(request, 0x60))])
    elif proof == "count":
        dialogue.ask(raw.get_measurements(dialogue.version, 0), 0x60)


@pytest.mark.parametrize(("row", "version"), CASES)
def test_row(row, version):
    dialogue = begin(row, version)
    request = row.request(version)
    answer = dialogue.say(request, padding=row.padding)
    expected = row.expected(version)
    refusals = [one.message(version) for one in expected if not isinstance(one, Answered)]
    if answer not in refusals:
        answered = [one for one in expected if isinstance(one, Answered)]
        wanted = ", ".join(message.hex() for message in refusals) or "a response"
        assert answered, f"{request.hex()} got {answer[:40].hex()}, not {wanted}"
        assert answer[1] == request[1] & 0x7F, f"{request.hex()} got {answer.hex()}"
        answered[0].check(dialogue, request, answer)
    prove(dialogue, row.proof)


def test_rows_say_what_their_source_leaves_open():
    for row in ROWS:
        assert row.source
        assert row.state in STATES
        for version in row.versions:
            assert len(row.expected(version)) == 1 or row.note, row.name


def test_rows_are_named_once():
    counts = Counter((row.name, row.state) for row in ROWS)
    assert [name for name, count in counts.items() if count > 1] == []
