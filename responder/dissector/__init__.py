"""A dissector for Wireshark, generated from the wire declarations."""
