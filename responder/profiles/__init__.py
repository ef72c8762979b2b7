"""Profiles: TOML files that say what the device is and how it lies."""
