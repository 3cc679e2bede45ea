"""How values that are not plain text or numbers look in the graph."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import strawberry
from strawberry.types.scalar import ScalarDefinition


def text_scalar(
    name: str, parse: Callable[[str], str], *, description: str
) -> ScalarDefinition:
    """For a type that is born at the edge: `parse` raises `ValueError` with a sentence."""

    def parse_text(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{name} is written as text")  # noqa: TRY004 - a client's mistake
        return parse(value)

    return strawberry.scalar(
        name=name, description=description, serialize=str, parse_value=parse_text
    )


def _write_time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_time(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("DateTime is written as text")  # noqa: TRY004 - a client's mistake
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("DateTime is written as 2026-01-31T09:30:00Z") from None
    if read.tzinfo is None:
        raise ValueError("DateTime needs its zone, as in 2026-01-31T09:30:00Z")
    return read.astimezone(UTC)


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="An instant in UTC, as ISO 8601: `2026-01-31T09:30:00Z`.",
    serialize=_write_time,
    parse_value=_read_time,
)

SCALARS: Mapping[object, ScalarDefinition] = {datetime: DATE_TIME}
