"""The loops of a service: consuming events, scheduled items, the relay of the outbox, dead letters."""
