"""Reads conversations from files of all kinds, takes them apart, and compares them."""
