"""What all tests share; its place puts ``tests`` on the path, for ``captures.loader``."""

import pytest

FIGURE = "figure"


@pytest.fixture
def say(record_property):
    """Have a line printed at the end of the run although the test passes."""
    return lambda line: record_property(FIGURE, line)


def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.getreports("passed"):
        for name, line in report.user_properties:
            if name == FIGURE:
                terminalreporter.write_line(line)
