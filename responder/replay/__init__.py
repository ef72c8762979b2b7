"""Recorded conversations replayed: what was signed, derived and sealed is worked out again."""
