"""Databases: engines, transactions, the outbox, the tables that every service has, and wakeups."""
