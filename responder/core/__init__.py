"""The protocol: bytes and the time go in, a list of effects comes out; no I/O, no faults."""
