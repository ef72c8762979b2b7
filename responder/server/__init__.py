"""The asyncio shell around the core: listeners, connections, limits, clocks, ready signals."""
