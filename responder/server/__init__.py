"""The asyncio shell: listeners, limits, ready signals."""
