"""Conditions: parse them, evaluate them on the facts of a lead, and explain the result."""
