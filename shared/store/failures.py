"""Classifies failures: a failure of the infrastructure is retried, a failure of a record makes it a dead letter."""

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.base.errors import TryLater

INFRASTRUCTURE_CLASSES = ("08", "28", "53", "57", "58")
"""SQLSTATE classes: connection, authentication, resources (disk, clients), operator intervention, system error."""
READ_ONLY = "25006"
"""The database is read-only, as during a failover (PostgreSQL, appendix A)."""


def is_retryable(error: BaseException) -> bool:
    """Whether the database asks to try the same transaction again (deadlock, serialization, lock)."""
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlstate", None) or getattr(getattr(error.orig, "__cause__", None), "sqlstate", None)
    return code in {"40001", "40P01", "55P03"} or "database is locked" in str(error.orig)


def is_infrastructure_error(error: BaseException) -> bool:
    """Whether the infrastructure failed (database or network unreachable) and not the record."""
    if isinstance(error, DBAPIError):
        code = str(getattr(error.orig, "sqlstate", None) or "")
        unavailable = error.connection_invalidated or code.startswith(INFRASTRUCTURE_CLASSES) or code == READ_ONLY
        return unavailable or is_retryable(error) or type(error).__name__ in {"OperationalError", "InterfaceError"}
    return is_connection_loss(error) or isinstance(error, PoolTimeout | TryLater)


def is_connection_loss(error: BaseException) -> bool:
    """Whether a connection failed in one of the ways that the network and the driver announce."""
    return isinstance(error, OSError | TimeoutError | asyncpg.PostgresConnectionError | asyncpg.InterfaceError)
