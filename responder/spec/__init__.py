"""The numbers of the specifications, in the specifications' own words; no behaviour."""
