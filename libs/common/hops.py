"""An event's hops as spans: sent by the relay, taken by a consumer, worked from the inbox."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from aiormq.abc import DeliveredMessage
from opentelemetry.trace import Span, SpanKind

from libs.common.database import Row
from libs.common.events import Event
from libs.common.tracing import Attributes, is_tracing, span, spans, together


def sending(exchange: str, rows: Sequence[Row]) -> AbstractContextManager[list[Span]]:
    """Of the outbox's rows, each in the trace of who recorded it; none while tracing is off."""

    def describe(place: int) -> Attributes:
        row = rows[place]
        return {
            **_describe_hop("send", exchange),
            **_describe_event(row["event_id"], row["type"], row["subject"]),
        }

    traceparents = [row["traceparent"] for row in rows]
    return spans(f"send {exchange}", SpanKind.PRODUCER, traceparents, describe)


def announcing(
    exchange: str, traceparents: Sequence[str | None]
) -> AbstractContextManager[list[Span]]:
    """Of what is told to every replica, each in its trace."""
    told = _describe_hop("send", exchange)
    return spans(f"send {exchange}", SpanKind.PRODUCER, traceparents, lambda _place: told)


@contextmanager
def taking(
    queue: str, messages: Sequence[DeliveredMessage], events: Sequence[Event]
) -> Iterator[None]:
    """A message's header names the hop that brought it, its event where it was recorded."""
    if not is_tracing():
        yield
        return
    hops = {message.header.properties.message_id: _hop_of(message) for message in messages}

    def describe(place: int) -> Attributes:
        event = events[place]
        return {
            **_describe_hop("process", queue),
            **_describe_event(str(event.id), event.type, event.subject),
        }

    traceparents = [hops.get(str(event.id)) or event.traceparent for event in events]
    name = f"process {queue}"
    with (
        spans(name, SpanKind.CONSUMER, traceparents, describe) as told,
        together(f"{name} together", told),
    ):
        yield


def working(event: Event) -> AbstractContextManager[Span]:
    """One that was stored first, in the present trace."""
    told = _describe_event(str(event.id), event.type, event.subject)
    return span(f"work {event.type}", attributes=told)


def _hop_of(message: DeliveredMessage) -> str | None:
    traceparent = (message.header.properties.headers or {}).get("traceparent")
    return traceparent if isinstance(traceparent, str) else None


def _describe_hop(operation: str, destination: str) -> Attributes:
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation.type": operation,
        "messaging.destination.name": destination,
    }


def _describe_event(event_id: str, event_type: str, subject: str) -> Attributes:
    return {
        "cloudevents.event_id": event_id,
        "cloudevents.event_type": event_type,
        "cloudevents.event_subject": subject,
    }
