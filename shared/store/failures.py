"""Classifies failures: a failure of the infrastructure is retried, a failure of a record makes it a dead letter."""

from sqlalchemy.exc import DBAPIError

from shared.base.errors import TryLater


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
        lost = error.connection_invalidated or code[:2] in {"08", "53", "57", "58"}
        return lost or is_retryable(error) or type(error).__name__ in {"OperationalError", "InterfaceError"}
    return isinstance(error, OSError | TimeoutError | TryLater | ConnectionError)
