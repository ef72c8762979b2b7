"""The journal as controllers over MQTT may read it."""

from responder.core.events import FaultFired, RequestReceived
from responder.observe.bus import Bus
from responder.observe.mqtt_story import PublicStory
from responder.observe.story import Story

SECRET = bytes(range(32))


def test_it_is_the_journal_without_secrets():
    bus = Bus()
    story = Story(bus)
    bus(0.0, 1, RequestReceived(0x84, b"\x10\x84\0\0"))
    bus(0.1, 1, RequestReceived(0xFE, SECRET, session_id=7))
    bus(0.2, 1, FaultFired("x", "derive", SECRET.hex(), "", SECRET, SECRET))
    public = PublicStory(story)

    page = public.page(0, 100, None)

    outside, inside, fault = page.entries
    assert outside == story.page(0, 100, None).entries[0]
    assert (inside["position"], inside["message_size"], "message" in inside) == (1, 32, False)
    assert (fault["before_size"], fault["detail"]) == (0, "...")
    assert SECRET.hex() not in str(page)
    assert (page.next, page.first, public.position) == (3, 0, 3)
    assert public.counters() == story.counters()
