"""What all four services use: events, the agreement, the bus, the database, the service loop."""
