"""The plan of the house, held against the code."""
