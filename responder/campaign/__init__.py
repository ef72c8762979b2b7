"""Faults against requesters: conversations in which they show, and what comes of them."""
