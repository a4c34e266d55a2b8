"""Checks of a parsed agreement: what cannot work, what cannot hold together, what is not executed yet."""
