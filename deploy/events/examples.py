"""One example of each event: a whole envelope, the same in every run, that our own code reads."""

import hashlib
from datetime import UTC, date, datetime
from typing import Any, Final, Literal, get_args, get_origin
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from deploy.events.fields import example_of, has_example, subject_of
from libs.common.events import Event, Fact
from libs.contracts.phone_number import PhoneNumber

_AT: Final = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
_TRACEPARENT: Final = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_SEQUENCE: Final = 5
_NUMBER: Final = PhoneNumber("+12125550142")


def build_example(fact: type[Fact]) -> Event:
    return Event(
        id=_event_id(fact.type),
        source=fact.source(),
        type=fact.type,
        subject=subject_of(fact)["example"],
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
    if has_example(model, field):
        return example_of(model, field)
    return _make_up(annotation, field)


def _make_up(annotation: Any, field: str) -> Any:
    """Where nobody gave one, and the choices of a `Literal`; a test asks for the others."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    if get_origin(annotation) in {list, dict}:
        return get_origin(annotation)()
    if type(None) in get_args(annotation):
        return None
    made_up = {bool: False, int: 1, AwareDatetime: _AT, date: _AT.date(), PhoneNumber: _NUMBER}
    return made_up.get(annotation, field)


def _event_id(type_: str) -> UUID:
    """A UUIDv7 of the example's time; the type makes it its own."""
    milliseconds = int(_AT.timestamp() * 1000)
    rest = int.from_bytes(hashlib.sha256(type_.encode()).digest()[:10])
    number = milliseconds << 80 | rest
    number = number & ~(0xF << 76) | 0x7 << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)
