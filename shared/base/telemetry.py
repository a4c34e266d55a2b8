"""Telemetry: metrics for Prometheus, and logs in JSON without personal data."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import Counter, Gauge, Histogram

WEBHOOKS_RECEIVED = Counter(
    "baton_webhooks_received_total",
    "Webhook requests, by source and answer.",
    ["source", "answer"],
)
EVENTS_HANDLED = Counter(
    "baton_events_handled_total",
    "Events handled, by service and type.",
    ["service", "type"],
)
SEQUENCE_GAPS = Counter(
    "baton_sequence_gaps_total",
    "Gaps found in the order of a subject; applied and alarmed.",
    ["service", "topic"],
)
DEAD_LETTERS = Counter(
    "baton_dead_letters_total",
    "Records that became dead letters, by service and topic.",
    ["service", "topic"],
)
DEAD_LETTERS_OPEN = Gauge(
    "baton_dead_letters_open",
    "Open dead letters, and requests that could not be read.",
    ["service"],
)
RELAYED = Counter("baton_records_relayed_total", "Outbox rows posted.", ["service"])
ITEMS_HANDLED = Counter(
    "baton_scheduled_items_handled_total",
    "Scheduled items handled, by service and kind.",
    ["service", "kind"],
)
EMITTED = Counter(
    "baton_events_emitted_total",
    "Events committed, by service and type.",
    ["service", "type"],
)
LAG = Gauge("baton_consumer_lag", "Records not yet handled.", ["service"])
UNAVAILABLE = Gauge(
    "baton_figure_unavailable", "1 when a figure of a service cannot be read now.", ["service", "figure"]
)
OUTBOX = Gauge("baton_outbox_rows", "Outbox rows not yet posted.", ["service"])
OUTBOX_AGE = Gauge("baton_outbox_age_seconds", "Age of the oldest outbox row.", ["service"])
OVERDUE = Gauge("baton_scheduled_items_overdue", "Due rows not claimed yet though due.", ["service"])
SERVICE_GAUGE = Gauge("baton_service_gauge", "What a service counts of its own.", ["service", "name"])
BATCH_SECONDS = Histogram("baton_batch_seconds", "Seconds to handle one batch.", ["service"])

_TRACE_FIELDS = ("service", "lead", "correlation", "notice", "endpoint", "request", "url")
_STANDARD = set(vars(logging.makeLogRecord({})))


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object; the values passed as `extra` (lead, correlation) become fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {
            name: value for name, value in vars(record).items() if name not in _STANDARD and not name.startswith("_")
        }
        line.pop("color_message", None)  # uvicorn adds this copy with terminal colour codes.
        if record.exc_info:
            line["error"] = _trace(record)
        return orjson.dumps(line, default=str).decode()


class TextLines(logging.Formatter):
    """Formats a record for a terminal: the message, then the trace fields that were passed as `extra`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The record's line."""
        fields = {name: value for name, value in vars(record).items() if name in _TRACE_FIELDS and value is not None}
        return " ".join([super().formatMessage(record), *(f"{name}={value}" for name, value in fields.items())])


def _trace(record: logging.LogRecord) -> list[str]:
    """The exception's type and places in the code, without its message, which may quote personal data."""
    kind, _, trace = record.exc_info or (None, None, None)
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return [kind.__name__ if kind else "?", *places[-12:]]


def start_logging(form: str, level: str) -> None:
    """Log to stderr, as JSON lines or as text for a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in (
        "aiokafka",
        "uvicorn.access",
        "httpx",
        "aiosqlite",
        "asyncio",
        "mail.log",
    ):
        logging.getLogger(noisy).setLevel("WARNING")
