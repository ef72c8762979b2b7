"""Certificates, good and deliberately bad: builder, sets, export."""
