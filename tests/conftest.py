"""What all tests share; its place puts ``tests`` on the path, for ``captures.loader``."""
