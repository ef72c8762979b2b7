"""Views of a campaign's store: each takes what was read of it and writes one form."""
