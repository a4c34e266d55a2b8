"""The timer's core: clocks, promises, calendars and escalation as plain values."""
