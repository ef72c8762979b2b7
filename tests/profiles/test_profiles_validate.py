import msgspec
import pytest

from responder.errors import ConfigError
from responder.profiles.schema import ProfileSpec
from responder.profiles.source import open_source
from responder.profiles.validate import validate


def test_whole_profile_becomes_typed(write, head):
    spec = validate(open_source(write(head)))
    assert isinstance(spec, ProfileSpec)
    assert spec.slot[0].set == "device"
    assert spec.server.limits() == {}


def test_msgspec_errors_do_not_escape(write, head):
    with pytest.raises(ConfigError) as caught:
        validate(open_source(write(head + "[server]\nmax_frame = 0\n")))
    assert not isinstance(caught.value, msgspec.MsgspecError)
    assert caught.value.__cause__ is None
