"""The table of checks as documentation."""

import re

from responder.requester.check_table import CHECKS


def test_ids_name_their_message_and_themselves():
    for check_id, check in CHECKS.items():
        assert check.id == check_id
        assert re.fullmatch(r"[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*", check_id)


def test_every_check_is_one_sentence_with_a_source():
    for check in CHECKS.values():
        assert check.text.endswith("."), check.id
        assert check.text[0].isupper() or check.text[0].isdigit(), check.id
        assert check.source, check.id
