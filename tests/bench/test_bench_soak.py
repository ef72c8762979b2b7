"""Healthy, faulty, hostile and vanishing clients, for less long than ``soak.py`` does by hand."""

from collections import Counter

from soak import MIB, Terms, run
from soak_clients import mostly_turned_away

TERMS = Terms(seconds=10.0, round=5.0, at_once=8, settling=1, may_grow=(16 * MIB, 20_000))
"""So short that what is kept on purpose, such as caches, is still being filled."""


def test_nothing_is_left_of_clients_that_have_gone(report):
    for server in run(TERMS):
        ends = server.world.ended
        assert server.world.wrong == []
        assert server.leaks(TERMS) == []
        kinds = {end.partition(":")[0] for end in ends}
        assert kinds == {"healthy", "faulty", "vanishing", "hostile"}
        report.add(f"clients that left nothing, {server.name} server", str(ends.total()), "")


def test_a_kind_of_client_that_is_never_served_is_told():
    ended = Counter({"hostile: half_closing: turned away": 15, "healthy: turned away": 9})
    ended |= {"hostile: half_closing: half closed": 14, "healthy: several: attested": 90}
    assert mostly_turned_away(ended) == ["hostile: half_closing: 15 of 29 turned away"]
