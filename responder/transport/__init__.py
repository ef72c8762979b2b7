"""Framers and bindings: bytes in, whole messages out, and back; no I/O."""
