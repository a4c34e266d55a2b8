"""The agreement as values: what both sides signed, and the reckoning of its times."""
