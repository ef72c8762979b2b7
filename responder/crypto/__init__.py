"""The only place that maps an algorithm's name to the cryptography library."""
