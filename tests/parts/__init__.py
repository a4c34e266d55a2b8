"""The real programs that tests run against: a Kafka broker, a PostgreSQL server, a browser."""


class Missing(Exception):
    """A program is not installed on this machine; the message says what to install."""
