"""Steering of a running server from outside."""
