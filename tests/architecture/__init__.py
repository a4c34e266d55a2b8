"""Tests that the code follows the architecture rules and that the documentation matches the code."""
