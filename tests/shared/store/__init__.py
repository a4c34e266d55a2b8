"""The contract of the stores: one suite, on SQLite files and on PostgreSQL."""
