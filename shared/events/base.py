"""The envelope of every event: CloudEvents 1.0 in structured JSON; the record's key is the subject."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.base.ids import new_id
from shared.base.rfc3339 import rfc3339

CONTENT_TYPE = "application/cloudevents+json"

INTAKE, LEADS, AGREEMENT, CLOCKS, BREACHES, NOTICES = (
    "intake",
    "leads",
    "agreement",
    "clocks",
    "breaches",
    "notices",
)
TOPICS = (INTAKE, LEADS, AGREEMENT, CLOCKS, BREACHES, NOTICES)


class UnreadableEvent(ValueError):
    """Raised for a record that is not an event of Baton; the message states why in one sentence."""


class UnknownEventType(UnreadableEvent):
    """Raised for an event type that this version does not know; consumers skip such events of newer producers."""


class EventData(BaseModel):
    """The data of an event. Each subclass names its topic and its type; fields are only ever added, and optional."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    topic: ClassVar[str]
    type: ClassVar[str]


EVENT_TYPES: dict[str, type[EventData]] = {}
F = TypeVar("F", bound=EventData, covariant=True)


def event_type(cls: type[F]) -> type[F]:
    """Register a kind of event under its type, so that a reader can find it."""
    EVENT_TYPES[cls.type] = cls
    return cls


@dataclass(frozen=True, slots=True)
class Event(Generic[F]):
    """One event: who published it (`source`), about what (`subject`), when (`time`, UTC), and its `data`.

    `sequence` grows by one per topic and subject; 0 means that the event has no number, as on `baton.intake`.
    `causationid` is the id of the event that caused this one; `correlationid` is the subject of the first event of the
    chain.
    """

    data: F
    subject: str
    source: str
    time: datetime
    id: str = field(default_factory=new_id)
    sequence: int = 0
    causationid: str | None = None
    correlationid: str | None = None

    @property
    def topic(self) -> str:
        """The event's topic, without the prefix."""
        return self.data.topic

    def numbered(self, sequence: int) -> Self:
        """A copy of the event with its sequence number."""
        return replace(self, sequence=sequence)

    def encode(self) -> bytes:
        """The event as CloudEvents JSON."""
        envelope = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.data.type,
            "subject": self.subject,
            "time": rfc3339(self.time),
            "datacontenttype": "application/json",
            "dataschema": f"/schemas/{self.data.type}.json",
            "sequence": f"{self.sequence:08d}",
            "causationid": self.causationid,
            "correlationid": self.correlationid,
            "data": self.data.model_dump(mode="json", exclude_none=True),
        }
        return orjson.dumps({name: value for name, value in envelope.items() if value is not None})


def decode(raw: bytes) -> Event[EventData]:
    """Decode an event. Raises UnreadableEvent when the bytes are no valid event, UnknownEventType for a new type."""
    try:
        envelope = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise UnreadableEvent(f"The record is not JSON: {error}.") from error
    if not isinstance(envelope, dict) or envelope.get("specversion") != "1.0":
        raise UnreadableEvent(
            "The record is not a CloudEvents 1.0 envelope; send structured JSON with specversion 1.0."
        )
    name = envelope.get("type")
    if not isinstance(name, str):
        raise UnreadableEvent("The envelope has no type; it must name the kind of event.")
    kind = EVENT_TYPES.get(name)
    if kind is None:
        raise UnknownEventType(f"The event type {name!r} is unknown to this version.")
    try:
        return _event(kind, cast(dict[str, Any], envelope))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnreadableEvent(f"The {kind.type} event is not valid at data.{where}: {first['msg']}.") from error
    except (KeyError, ValueError, TypeError) as error:
        raise UnreadableEvent(f"The envelope of the {kind.type} event is not valid: {error!r}.") from error


def _event(kind: type[EventData], envelope: dict[str, Any]) -> Event[EventData]:
    return Event(
        data=kind.model_validate(envelope["data"]),
        subject=str(envelope["subject"]),
        source=str(envelope["source"]),
        time=datetime.fromisoformat(envelope["time"]),
        id=str(envelope["id"]),
        sequence=int(envelope.get("sequence", 0)),
        causationid=envelope.get("causationid"),
        correlationid=envelope.get("correlationid"),
    )
