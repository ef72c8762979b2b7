"""Observers: journal, log; losing one never slows or stops the protocol."""
