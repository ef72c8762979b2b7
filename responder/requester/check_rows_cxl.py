"""The rows of the check table for CXL_IDE_KM and TSP; see ``responder.requester.check_table``."""

from types import MappingProxyType

from responder.requester.check_rows import Rows

_KM = "CXL 3.1 11.4.2 (libspdm)"
_TSP = "CXL 3.1 11.5.5 (libspdm)"
_OURS = "(judgement)"

CXL: Rows = MappingProxyType(
    {
        "cxl.protocol": ("ProtocolID is that of the request.", _KM),
        "cxl.type": ("ObjectID is that of the answer to the request.", _KM),
        "cxl.size": ("A CXL_IDE_KM message has the size of its kind.", _KM),
        "cxl.version": ("The version in QUERY_RESP is 1.", _KM),
        "cxl.port": ("PortIndex comes back as sent.", _KM),
        "cxl.stream": ("StreamID comes back as sent.", _KM),
        "cxl.sub-stream": ("The byte of sub-stream and direction comes back as sent.", _KM),
        "cxl.status": ("KP_ACK says that the key was taken.", _KM),
        "cxl.registers-whole": ("QUERY_RESP has whole registers, of 4 bytes.", _KM),
    }
)

TSP: Rows = MappingProxyType(
    {
        "tsp.protocol": ("ProtocolID is that of the request.", _TSP),
        "tsp.version": ("TSPVersion is 1.0.", _TSP),
        "tsp.type": ("The opcode is that of the answer to the request.", _TSP),
        "tsp.size": ("A TSP message has the size of its kind.", _TSP),
        "tsp.error": ("ERROR_RSP does not answer.", _TSP),
        "tsp.busy-limit": ("BUSY ends within a bound.", _OURS),
        "tsp.delayed-limit": ("What is delayed ends within a bound.", _OURS),
        "tsp.version-common": ("TSP 1.0 is among the versions.", _TSP),
        "tsp.state-defined": ("The state is one of three.", _TSP),
        "tsp.state-before": ("Before it is configured it is the one expected.", _OURS),
        "tsp.locked": ("After LOCK_TARGET_CONFIGURATION it is CONFIG_LOCKED.", _TSP),
        "tsp.state-kept": ("A locked target stays CONFIG_LOCKED.", _TSP),
        "tsp.configuration": ("The configuration is read back as it was set.", _OURS),
        "tsp.portion-size": ("A portion is not longer than was asked for.", _TSP),
        "tsp.portion-empty": ("A portion has at least one byte.", _OURS),
        "tsp.report-limit": ("The report fits the requester's limit.", _OURS),
        "tsp.report-total": ("Offset, portion and remainder always add up the same.", _TSP),
        "tsp.report-size": ("The report has its header.", _TSP),
        "tsp.report-stable": ("Read again while locked, it is still the same.", _OURS),
    }
)
