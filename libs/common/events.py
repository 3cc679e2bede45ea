"""Events: facts as pydantic models, and the CloudEvents 1.0 envelope that carries them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from libs.common.ids import new_event_id

MAX_EVENT_BYTES: Final = 256 * 1024
# How far ahead another machine's clock may be.
CLOCK_SKEW: Final = timedelta(minutes=5)
# The attribute of an envelope that names the event which a replay tells again.
REPLAY_OF: Final = "replayof"
_LONGEST_TEXT: Final = 256
_SEQUENCES: Final = 2**31


class Fact(BaseModel):
    """The data of one event type: what happened, and the aggregate's public state after it.

    `type` is also the routing key; its part before the first dot names the source.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]

    @classmethod
    def source(cls) -> str:
        return f"/{cls.type.split('.', 1)[0]}"

    @classmethod
    def data_schema(cls) -> str:
        return f"urn:portline:event:{cls.type}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """`subject` is the aggregate's id, `sequence` its version: gapless, from 1.

    `replay_of` is the id under which it was published, where a replay tells it under a new one.
    """

    id: UUID
    source: str
    type: str
    subject: str
    sequence: int
    time: datetime
    traceparent: str | None
    fact: Fact
    replay_of: UUID | None = None

    @property
    def first_id(self) -> UUID:
        """The same however often it is replayed."""
        return self.replay_of or self.id


class UnreadableEventError(Exception):
    """Bytes that are no event of ours; `code` is stable, the sentence is for a person."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code


class EventTooLargeError(Exception):
    pass


class EventRegistry:
    """Every type that may be read, by its name."""

    def __init__(self, facts: Iterable[type[Fact]]) -> None:
        self.facts: Mapping[str, type[Fact]] = {fact.type: fact for fact in facts}

    def decode(self, body: bytes | str) -> Event:
        try:
            envelope = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise UnreadableEventError("MALFORMED", "the body is not JSON") from error
        if not isinstance(envelope, dict):
            raise UnreadableEventError("MALFORMED", "the body is not a JSON object")
        fact_type = self.facts.get(str(envelope.get("type")))
        if fact_type is None:
            raise UnreadableEventError("UNKNOWN_TYPE", "no such event type is known here")
        try:
            time = datetime.fromisoformat(envelope["time"])
            event = Event(
                id=UUID(envelope["id"]),
                source=envelope["source"],
                type=fact_type.type,
                subject=_read_text(envelope["subject"]),
                sequence=_read_sequence(envelope["sequence"]),
                time=time.replace(tzinfo=time.tzinfo or UTC),
                traceparent=_read_text(envelope["traceparent"])
                if envelope.get("traceparent") is not None
                else None,
                fact=fact_type.model_validate(envelope["data"]),
                replay_of=UUID(envelope[REPLAY_OF])
                if envelope.get(REPLAY_OF) is not None
                else None,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnreadableEventError("MALFORMED", _what_is_wrong(error)) from error
        if event.source != fact_type.source():
            raise UnreadableEventError("MALFORMED", "source and type do not belong together")
        return event


def make_event(
    fact: Fact, *, subject: str, sequence: int, traceparent: str | None, time: datetime
) -> Event:
    return Event(
        id=new_event_id(),
        source=fact.source(),
        type=fact.type,
        subject=subject,
        sequence=sequence,
        time=time,
        traceparent=traceparent,
        fact=fact,
    )


def encode(event: Event) -> str:
    envelope = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": event.fact.data_schema(),
        "sequence": str(event.sequence),
        "data": event.fact.model_dump(mode="json"),
    }
    if event.traceparent is not None:
        envelope["traceparent"] = event.traceparent
    body = orjson.dumps(envelope)
    if len(body) > MAX_EVENT_BYTES:
        raise EventTooLargeError(f"{event.type} has {len(body)} bytes")
    return body.decode()


def _read_text(value: object) -> str:
    """What fits into a column and an index: PostgreSQL's text knows no NUL."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT or "\0" in value:
        raise ValueError
    return value


def _read_sequence(value: object) -> int:
    sequence = int(value) if isinstance(value, str | int) else 0
    if not 0 < sequence < _SEQUENCES:
        raise ValueError
    return sequence


def _what_is_wrong(error: Exception) -> str:
    """Names places, never values: a reason is kept and shown."""
    if isinstance(error, ValidationError):
        places = (".".join(map(str, fault["loc"])) for fault in error.errors())
        return f"the data does not fit: {', '.join(places)}"
    return "an attribute of the envelope is missing or wrong"
