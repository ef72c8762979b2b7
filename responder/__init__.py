"""A PCIe device that is not there: an SPDM responder for testing SPDM requesters."""

__version__ = "0.1.0"
