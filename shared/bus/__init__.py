"""The road between services: one port, two roads (an embedded log in SQLite, Kafka)."""
