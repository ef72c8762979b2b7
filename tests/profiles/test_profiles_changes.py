import pytest

from responder.profiles.load import load_profile

DEVICE = """\
[[slot]]
id = 1
set = "device"

[[measurement]]
index = 2
type = "mutable-firmware"
text = "old"

[[measurement]]
index = 3
type = "svn"
integer = 1

"""
LINES = DEVICE.count("\n")


def change(*lines):
    return "\n".join(("[[change]]", *lines, ""))


def test_changes_happen_when_and_as_the_profile_says(write, head):
    text = (
        head
        + DEVICE
        + change("after_requests = 2", "measurement = 2", "values = ['aa', 'bb']", "times = 2")
        + change("after = 1.5", "announce = 2")
        + change("after = 1.5", "slot = 0", "becomes = [1]")
    )
    device = load_profile(write(text)).device
    found = []
    for now in (0.0, 1.0, 2.0, 3.0, 4.0):
        device.tick(now)
        found.append((device.measurements()[0].value, device.events.latest))
    assert found == [(b"old", 0), (b"old", 0), (b"\xaa", 3), (b"\xaa", 3), (b"\xbb", 4)]
    assert [one.event_type for one in device.events.since(0)] == [2, 3, 4, 2]


@pytest.mark.parametrize(
    ("added", "line", "reason"),
    [
        (change("measurement = 2", "values = ['aa']"), 1, "exactly one of after, after_requests"),
        (change("after = 1", "after_requests = 1", "announce = 2"), 3, "after and after_requests"),
        (change("after = 1"), 1, "this one has none"),
        (change("after = 1", "announce = 2", "slot = 0"), 4, "this one has announce and slot"),
        (change("after = 0", "announce = 2"), 2, "expected float > 0"),
        (change("after_requests = 0", "announce = 2"), 2, "expected int >= 1"),
        (change("after = 1", "times = 0", "announce = 2"), 3, "expected int >= 1"),
        (change("after = 1", "announce = 9"), 3, "there is no measurement 0x9"),
        (change("after = 1", "measurement = 9", "values = ['']"), 3, "no measurement 0x9"),
        (change("after = 1", "measurement = 2"), 3, "needs values"),
        (change("after = 1", "measurement = 2", "values = ['x']"), 4, "not hexadecimal"),
        (change("after = 1", "measurement = 3", "values = ['01']"), 4, "a svn has 8 bytes"),
        (
            change("after = 1", "announce = 2", "values = ['01']"),
            4,
            "values belongs to measurement",
        ),
        (change("after = 1", "slot = 0"), 3, "needs becomes"),
        (change("after = 1", "slot = 5", "becomes = [1]"), 3, "there is no slot 0x5"),
        (change("after = 1", "slot = 0", "becomes = [1, 5]"), 4, "there is no slot 0x5"),
    ],
)
def test_mistakes(refused, head, added, line, reason):
    where, why, _ = refused(head + DEVICE + added)
    assert where == head.count("\n") + LINES + line
    assert reason in why
