"""One example of each event: a whole envelope, the same in every run, that our own code reads."""

import hashlib
from datetime import UTC, datetime
from typing import Any, Final, get_args
from uuid import UUID

from pydantic import BaseModel

from deploy.events.fields import example_of, has_example, subject_of
from libs.common.events import Event, Fact

_AT: Final = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
_TRACEPARENT: Final = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_SEQUENCE: Final = 5


def build_example(fact: type[Fact]) -> Event:
    return Event(
        id=_event_id(fact.type),
        source=fact.source(),
        type=fact.type,
        subject=subject_of(fact).get("example", "?"),
        sequence=_SEQUENCE,
        time=_AT,
        traceparent=_TRACEPARENT,
        fact=fact.model_validate(_values_of(fact)),
    )


def _values_of(model: type[BaseModel]) -> dict[str, Any]:
    return {
        name: _value_of(model, name, field.annotation)
        for name, field in model.model_fields.items()
        if field.is_required() or has_example(model, name)
    }


def _value_of(model: type[BaseModel], field: str, annotation: Any) -> Any:
    for part in get_args(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return [_values_of(part)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _values_of(annotation)
    return example_of(model, field)


def _event_id(type_: str) -> UUID:
    """A UUIDv7 of the example's time; the type makes it its own."""
    milliseconds = int(_AT.timestamp() * 1000)
    rest = int.from_bytes(hashlib.sha256(type_.encode()).digest()[:10])
    number = milliseconds << 80 | rest
    number = number & ~(0xF << 76) | 0x7 << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)
