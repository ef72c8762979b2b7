"""The bindings by the number of a socket frame."""

from importlib import import_module

from responder.transport.carried import Binding, Carried, Kind
from responder.transport.errors import FramingError
from responder.transport.socket_frame import TransportType

__all__ = ["Binding", "Carried", "Kind", "binding_of"]

_CLASSES = {
    TransportType.NONE: ("responder.transport.none", "NoneBinding"),
    TransportType.MCTP: ("responder.transport.mctp", "MctpBinding"),
    TransportType.PCI_DOE: ("responder.transport.doe", "DoeBinding"),
    TransportType.TCP: ("responder.transport.dsp0287", "Dsp0287Binding"),
    TransportType.STORAGE: ("responder.transport.storage", "StorageBinding"),
}
"""Imported when they are met: start-up time matters, and few endpoints meet more than one."""
_bindings: dict[int, Binding] = {}


def binding_of(transport: int) -> Binding:
    """The binding of a TransportType.

    Raises:
        FramingError: the number is none of the five.
    """
    if transport not in _bindings:
        if transport not in set(TransportType):
            raise FramingError(f"transport type 0x{transport:x} is not known")
        module, name = _CLASSES[TransportType(transport)]
        _bindings[transport] = getattr(import_module(module), name)()
    return _bindings[transport]
