"""The device of a conversation as one profile that extends nothing."""

from collections.abc import Mapping
from functools import reduce
from typing import Any

from responder.campaign.setting import DEVICE, Setting
from responder.profiles.source import merged, open_source
from responder.profiles.toml_text import fault_lines, toml_text
from responder.spec.versions import ALL_VERSIONS

Table = dict[str, Any]
_LEFT_OUT = ("extends", "fault", "faults")


def written_device(setting: Setting, *, narrowed: bool) -> Table:
    """The profile of a setting's device, without faults, as nested tables.

    Args:
        setting: the conversation.
        narrowed: the device has no other versions than the requester of the setting, as where the
            requester under test cannot be told which one to speak.

    Raises:
        ConfigError: the setting's profile cannot be read.
    """
    changes = reduce(merged, (DEVICE, setting.overrides))
    device = _plain(open_source(setting.profile, changes).data)
    table: Table = {key: value for key, value in device.items() if key not in _LEFT_OUT}
    table = {"description": setting.text, **table, "spdm": {**table["spdm"]}}
    if narrowed and setting.options.versions != ALL_VERSIONS:
        wanted = {version.label for version in setting.options.versions}
        kept = [one for one in table["spdm"]["versions"] if one in wanted]
        table["spdm"]["versions"] = kept or sorted(wanted)
    if setting.attach != "fresh":
        table["server"] = {**table.get("server", {}), "attach": setting.attach}
    return table


def profile_text(device: Mapping[str, Any], fault: Mapping[str, Any]) -> str:
    """A device with a fault as TOML."""
    return toml_text(device, empty=True) + "\n" + "\n".join(fault_lines(fault)) + "\n"


def _plain(value: Any) -> Any:
    """Tables and lists as TOML has them."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
