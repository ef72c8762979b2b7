"""The table of numbers at the end of a run."""

import pytest


class Report:
    """Prints the numbers as a table when all benchmarks have run."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []

    def add(self, what: str, figure: str, limit: str) -> None:
        """One line of the table."""
        self.rows.append((what, figure, limit))


@pytest.fixture(scope="session")
def report(request):
    collected = Report()
    yield collected
    terminal = request.config.pluginmanager.get_plugin("terminalreporter")
    terminal.write_line("")
    for what, figure, limit in collected.rows:
        terminal.write_line(f"  {what:<58} {figure:>14}   {limit}")
