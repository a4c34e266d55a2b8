"""The real things that tests run against: a Kafka broker, a PostgreSQL server, a browser."""


class Missing(Exception):
    """A part cannot be had on this machine; the message says what to install."""
