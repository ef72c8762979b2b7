"""Numbers of sessions, encapsulation, chunking and secured messages."""

from responder.spec import limits, sessions


def test_operations_and_types_are_numbered_as_the_specification_does():
    assert [value.value for value in sessions.KeyOperation] == [1, 2, 3]
    assert [value.value for value in sessions.MutAuthRequested] == [1, 2, 4]
    assert [value.value for value in sessions.PayloadType] == [0, 1, 2]
    assert [value.value for value in sessions.SmDataId] == [0, 1, 2]
    assert [value.value for value in sessions.SessionPolicy] == [1, 2]


def test_secured_versions_are_major_and_minor_nibbles():
    assert sessions.SECURED_VERSIONS == (0x1000, 0x1100, 0x1200, 0x1300)


def test_the_sizes_of_aead():
    assert (limits.AEAD_IV_SIZE, limits.AEAD_TAG_SIZE) == (12, 16)
    assert sessions.MAX_AEAD_EXPONENT == 64
