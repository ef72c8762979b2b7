"""All of a batch is written at once, however little the file takes at a time."""

from responder.observe.batch import Batch


class Slow:
    def __init__(self):
        self.written = []

    def write(self, data):
        self.written.append(bytes(data[:4]))
        return len(data[:4])


def test_nothing_is_written_before_the_end_of_a_batch():
    file = Slow()
    batch = Batch(file)
    assert batch.write(b"abc") == 3
    batch.write(b"def")
    assert file.written == []
    batch.flush()
    assert file.written == [b"abcd", b"ef"]
    batch.flush()
    assert len(file.written) == 2
