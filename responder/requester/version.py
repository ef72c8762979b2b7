"""GET_VERSION: learn the responder's versions and choose one."""

from responder.requester.conversation import Conversation, Flow
from responder.spec.versions import SpdmVersion
from responder.wire.context import WireContext
from responder.wire.version import GetVersion, Version


def get_version(c: Conversation) -> Flow[None]:
    """Exchange GET_VERSION and VERSION; choose the highest version that both sides have."""
    request = GetVersion().build()
    raw = yield from c.exchange(request)
    message, response = c.read(Version, raw, WireContext())
    c.enter(request, response)
    entries = list(message.version_number_entry)
    c.report.versions_offered = [_label(entry) for entry in entries]
    c.require("ver.entries", entries, "VersionNumberEntryCount is 0")
    c.agreed.version = _choose(c, entries)
    c.report.version = c.agreed.version.label


def _choose(c: Conversation, entries: list[int]) -> SpdmVersion:
    """The highest common version; a pre-release only if there is nothing else."""
    wanted = c.options.versions
    released = {entry >> 8 for entry in entries if not entry & 0xF}
    alpha = {entry >> 8 for entry in entries}
    common = [v for v in wanted if v in released] or [v for v in wanted if v in alpha]
    offered, own = ", ".join(c.report.versions_offered), ", ".join(v.label for v in wanted)
    if not c.require("ver.common", common, f"offered: {offered or 'nothing'}; wanted: {own}"):
        return max(wanted)
    chosen = max(common)
    if chosen not in released:
        c.report.observe("version.alpha", f"{chosen.label} only as a pre-release")
    return chosen


def _label(entry: int) -> str:
    """``1.2``, with update and alpha where they are not 0: ``1.2.1``, ``1.3.0-alpha2``."""
    update, alpha = entry >> 4 & 0xF, entry & 0xF
    label = f"{entry >> 12}.{entry >> 8 & 0xF}"
    if update or alpha:
        label += f".{update}"
    return f"{label}-alpha{alpha}" if alpha else label
