"""Enums of the domain in the graph, with a description for each value."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

E = TypeVar("E", bound=Enum)


def publish_enum(
    enum: type[E], *, description: str, values: Mapping[E, str], name: str | None = None
) -> type[E]:
    """Annotate with the enum itself afterwards. Every value needs its description."""
    if undescribed := [member.name for member in enum if not values.get(member)]:
        raise ValueError(f"{enum.__name__} without description: {', '.join(undescribed)}")
    strawberry.enum(enum, name=name, description=description)
    definition: StrawberryEnumDefinition = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values[enum[value.name]]
    return enum
