"""The chapters of an agreement as data: which keys there are, and what kind of value each holds."""
