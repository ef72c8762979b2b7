"""Looks for lies that nobody thought of: mutates responses, and keeps what the requester does."""
