"""Conditions: whether facts pass the tests of a rule, and why."""
