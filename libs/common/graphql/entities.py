"""Entities as Federation asks for them: `_entities(representations)`, each checked first.

A representation is attacker-controlled at a service's own port, so its shape is our business;
whether the caller may see the row is `resolve_reference`'s, which answers `None` where not.
"""

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Any

from strawberry.types import Info

from libs.common.graphql.errors import BadUserInput

_MOST = 100
_LONGEST_KEY = 200


def resolve_entities(info: Info[Any, Any], representations: Sequence[Any]) -> list[Any]:
    """For each a value, an awaitable, or the exception that becomes this one's error."""
    if len(representations) > _MOST:
        raise BadUserInput(f"At most {_MOST} entities at once.")
    return [_resolve(info, representation) for representation in representations]


def _resolve(info: Info[Any, Any], representation: Any) -> Any:
    if not isinstance(representation, dict):
        return BadUserInput("A representation is an object.")
    entity = _find_entity(info, str(representation.get("__typename")))
    if entity is None:
        return BadUserInput("A representation names no entity of this service.")
    keys = {name: value for name, value in representation.items() if name != "__typename"}
    names, needed = _parameters_of(entity)
    if not needed <= keys.keys() <= names or not all(map(_is_short, keys.values())):
        return BadUserInput("A representation has no valid key.")
    if not all(isinstance(keys[name], str) for name in needed):
        return BadUserInput("A representation has no valid key.")
    try:
        return entity.resolve_reference(info=info, **keys)
    except Exception as fault:  # noqa: BLE001 - one entity's fault is not the others'
        return fault


def _find_entity(info: Info[Any, Any], name: str) -> Any:
    known = info.schema.schema_converter.type_map.get(name)
    origin = getattr(known.definition, "origin", None) if known else None
    return origin if hasattr(origin, "resolve_reference") else None


@cache
def _parameters_of(entity: Any) -> tuple[frozenset[str], frozenset[str]]:
    """What `resolve_reference(info, …)` takes, and the keys it cannot do without."""
    parameters = dict(inspect.signature(entity.resolve_reference).parameters)
    if parameters.pop("info", None) is None:
        raise TypeError(f"{entity.__name__}.resolve_reference takes no `info`")
    needed = {
        name
        for name, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty
    }
    return frozenset(parameters), frozenset(needed)


def _is_short(value: object) -> bool:
    """A field that `@requires` brings may be any scalar."""
    if isinstance(value, str):
        return len(value) <= _LONGEST_KEY and "\0" not in value
    return value is None or isinstance(value, int | float)
