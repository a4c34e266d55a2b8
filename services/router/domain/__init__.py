"""The router's domain: pure functions on plain values."""
