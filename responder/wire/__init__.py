"""SPDM messages: bytes to typed values and back, one declaration per message.

Parsing is strict (every byte accounted for), building is permissive (a fault may lie).
"""
