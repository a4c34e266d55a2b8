"""Modules that every other package may import: errors, ids, the clock, settings, telemetry, keys, waits."""
