"""Healthy, faulty, hostile and vanishing clients, for less long than ``soak.py`` does by hand."""

from soak import MIB, Terms, run

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
