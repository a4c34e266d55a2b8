"""The bus between services: one interface, two implementations (an embedded log in SQLite, Kafka)."""
