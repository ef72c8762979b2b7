"""Observers: they never slow or stop the protocol."""
