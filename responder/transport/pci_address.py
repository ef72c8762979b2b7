"""How people write a PCI function of this machine: ``pci:0000:00:04.0``."""

import re

import msgspec

from responder.errors import ConfigError

SCHEME = "pci"
_ADDRESS = re.compile(
    r"(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([01][0-9a-f])\.([0-7])", re.ASCII | re.IGNORECASE
)


class PciAddress(msgspec.Struct, frozen=True):
    """A function, as Linux names it.

    Attributes:
        name: domain, bus, device and function, lower case, such as ``0000:00:04.0``.
    """

    name: str

    def __str__(self) -> str:
        return f"{SCHEME}:{self.name}"


def is_pci(text: str) -> bool:
    """Whether ``text`` has the scheme of PCI functions."""
    return text.lower().startswith(f"{SCHEME}:")


def parse_pci_address(text: str) -> PciAddress:
    """The function that ``text`` names, with its scheme; without a domain it is in domain 0.

    Raises:
        ConfigError: it names none.
    """
    found = _ADDRESS.fullmatch(text[len(SCHEME) + 1 :])
    if not is_pci(text) or not found:
        reason = "a function is written domain:bus:device.function in hexadecimal"
        raise ConfigError(f"endpoint {text!r}: {reason}, such as pci:0000:00:04.0")
    domain, bus, device, function = found.groups(default="0000")
    return PciAddress(f"{domain}:{bus}:{device}.{function}".lower())
