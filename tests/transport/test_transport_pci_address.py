"""How people write a PCI function."""

import pytest

from responder.errors import ConfigError
from responder.transport.pci_address import PciAddress, is_pci, parse_pci_address


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("pci:0000:00:04.0", "0000:00:04.0"),
        ("pci:00:04.0", "0000:00:04.0"),
        ("PCI:10000:AB:1F.7", "10000:ab:1f.7"),
    ],
)
def test_a_function_is_named_as_linux_names_it(text, name):
    address = parse_pci_address(text)
    assert address == PciAddress(name)
    assert parse_pci_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["pci:", "pci:04.0", "pci:00:20.0", "pci:00:04.8", "pci:000:00:04.0", "pci://00:04.0", "x"],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ConfigError, match=r"domain:bus:device.function .* pci:0000:00:04\.0"):
        parse_pci_address(text)


def test_the_scheme_tells_it_from_other_endpoints():
    assert is_pci("pci:anything")
    assert not is_pci("spdm-emu://pci:2323")
