"""Checks across the chapters of an agreement: references, uniqueness, arithmetic, and keys not executed yet."""
