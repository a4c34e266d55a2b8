"""What everything stands on: errors, ids, the clock, settings, telemetry, keys, waits."""
