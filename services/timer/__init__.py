"""The timer service: it runs the SLA clock of each promise."""
