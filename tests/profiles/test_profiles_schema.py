import pytest

from responder.profiles.load import load_profile
from responder.profiles.schema import ServerSection
from responder.server.limits import Limits


def test_limits_are_those_of_the_server():
    keys = set(ServerSection.__struct_fields__) - {"attach"}
    assert keys == set(Limits.__slots__)


def test_only_limits_that_are_given_count():
    assert ServerSection(max_frame=5, idle_timeout=0.0).limits() == {
        "max_frame": 5,
        "idle_timeout": 0.0,
    }


@pytest.mark.parametrize("text", ["0", "0.5", "30"])
def test_seconds_may_be_whole_or_not(write, head, text):
    profile = load_profile(write(f"{head}[server]\nidle_timeout = {text}\n"))
    assert profile.server.idle_timeout == float(text)
