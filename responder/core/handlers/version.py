"""GET_VERSION: begins every connection anew."""

from responder.core.context import Context, Reply
from responder.spec.versions import version_entry
from responder.wire.version import GetVersion, Version


def get_version(request: GetVersion, context: Context) -> Reply:
    """Forget all that was agreed, and offer the profile's versions."""
    del request
    context.connection.restart()
    entries = [version_entry(version) for version in context.policy.versions]
    return Reply(Version(version_number_entry=entries))
