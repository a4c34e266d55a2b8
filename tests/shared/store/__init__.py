"""The store and what works on it: one suite, on SQLite files and on PostgreSQL."""
