"""What a device may do with a vendor's request besides answering it."""

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue, messages_of
from core.fakes import VERSIONS, FakeDevice, responder

from responder.core.effects import Ignore
from responder.core.errors import IgnoredError, OutsideError

each_version = pytest.mark.parametrize("version", VERSIONS, ids="1.{0.real}".format)


class Refusing(FakeDevice):
    """A device that raises when a vendor asks."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def vendor_request(self, request):
        del request
        raise self.error


def dialogue_with(error, version):
    return Dialogue(responder(Refusing(error)), version).reach("negotiated")


@each_version
def test_what_is_ignored_gets_no_answer_and_costs_nothing(version):
    dialogue = dialogue_with(IgnoredError("another session"), version)
    effects = dialogue.responder.receive(raw.vendor_defined(version), 0.0)
    assert messages_of(effects) == []
    assert [effect for effect in effects if isinstance(effect, Ignore)] == [Ignore()]
    assert dialogue.say(raw.get_digests(version))[1] == 0x01


@each_version
def test_what_belongs_into_a_session_is_refused_as_the_version_can(version):
    answer = dialogue_with(OutsideError("TDISP"), version).say(raw.vendor_defined(version))
    code = 0x0B if version >= 0x12 else 0x05
    assert answer == bytes([version, 0x7F, code, 0]), "SessionRequired; Unspecified before 1.2"
