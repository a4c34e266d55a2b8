"""The timer's domain: clocks, promises, calendars and escalation as plain values."""
