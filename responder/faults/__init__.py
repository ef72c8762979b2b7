"""Lies as data: rules that match at a hook and change what passes by."""
