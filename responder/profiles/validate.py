"""From merged TOML to a typed profile."""

import msgspec

from responder.profiles.schema import ProfileSpec
from responder.profiles.source import Source


def validate(source: Source) -> ProfileSpec:
    """The typed profile.

    Raises:
        ConfigError: an unknown key, a missing one, or a value of the wrong type or range.
    """
    try:
        return msgspec.convert(source.data, ProfileSpec)
    except msgspec.ValidationError as error:
        from responder.profiles.explain import explain  # noqa: PLC0415 - for mistakes only

        raise explain(str(error), source) from None
