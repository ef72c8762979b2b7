"""The bindings by the number of a socket frame."""

from responder.transport.carried import Binding, Carried, Kind
from responder.transport.doe import DoeBinding
from responder.transport.dsp0287 import Dsp0287Binding
from responder.transport.errors import FramingError
from responder.transport.mctp import MctpBinding
from responder.transport.none import NoneBinding

__all__ = ["Binding", "Carried", "Kind", "binding_of"]


_BINDINGS: dict[int, Binding] = {
    binding.transport: binding
    for binding in (NoneBinding(), MctpBinding(), DoeBinding(), Dsp0287Binding())
}


def binding_of(transport: int) -> Binding:
    """The binding of a TransportType.

    Raises:
        FramingError: the number is none of the four.
    """
    if transport not in _BINDINGS:
        raise FramingError(f"transport type 0x{transport:x} is not known")
    return _BINDINGS[transport]
