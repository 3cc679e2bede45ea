"""What a schema may become: whoever read or wrote the released one goes on as before.

What we say is read by others as it was released, and by ourselves again as it is now, from the
event log and the stream: nothing of it may widen or narrow. What we hear is written by others as
it was released: it may widen. A field or a type more is welcome on both sides.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

Schema = Mapping[str, Any]

# Nothing is read or written otherwise because of these.
_SILENT: Final = frozenset(
    {"$defs", "$id", "$ref", "deprecated", "description", "examples", "title"}
)
_COMPARED: Final = frozenset(
    {
        "additionalProperties",
        "anyOf",
        "const",
        "default",
        "enum",
        "items",
        "properties",
        "required",
        "type",
    }
)
_LOWER_BOUNDS: Final = frozenset(
    {"exclusiveMinimum", "minimum", "minItems", "minLength", "minProperties"}
)
_UPPER_BOUNDS: Final = frozenset(
    {"exclusiveMaximum", "maximum", "maxItems", "maxLength", "maxProperties"}
)


class Effect(Enum):
    """Whether the new schema takes more values than the released one, fewer, or others."""

    WIDER = auto()
    NARROWER = auto()
    OTHER = auto()


@dataclass(frozen=True, kw_only=True)
class Change:
    """`says` goes on from the path: "data.firm_date is gone"."""

    path: str
    effect: Effect
    says: str


def find_breaks(
    released: Mapping[str, Schema], now: Mapping[str, Schema], heard: Collection[str]
) -> list[str]:
    """One sentence for each change that breaks somebody; `heard` are the types that come in."""
    breaks = []
    for type_, schema in released.items():
        if type_ not in now:
            breaks.append(
                f"{type_} is gone: others build on it, keep it beside its new version."
            )
            continue
        for change in find_changes(schema, now[type_]):
            if type_ in heard and change.effect is Effect.WIDER:
                continue
            breaks.append(
                f"{type_}: {change.path} {change.says}: "
                f"make it a new version, {_next_version(type_)}, and keep this one."
            )
    return breaks


def find_changes(released: Schema, now: Schema) -> list[Change]:
    """Of the data of one event; nothing for what may be added at any time."""
    return list(_compare(_Side(released), _Side(now), "data", frozenset()))


@dataclass(frozen=True)
class _Side:
    """A whole schema, to which `$ref` points, and the place in it that is looked at."""

    whole: Schema
    place: Any = None

    @property
    def schema(self) -> Schema:
        """`true` and `false` are schemas too."""
        place = self.whole if self.place is None else self.place
        while isinstance(place, Mapping) and "$ref" in place:
            name = place["$ref"].rpartition("/")[2]
            place = self.whole["$defs"][name] | {k: v for k, v in place.items() if k != "$ref"}
        if isinstance(place, bool):
            return {} if place else {"not": {}}
        return place  # type: ignore[no-any-return]

    def at(self, place: Any) -> "_Side":
        return _Side(self.whole, place)

    def written_out(self, place: Any, within: frozenset[str] = frozenset()) -> Any:
        """With what `$ref` points to in its place, so that two can be compared as they are."""
        if isinstance(place, list):
            return [self.written_out(each, within) for each in place]
        if not isinstance(place, Mapping):
            return place
        if (name := place.get("$ref")) is not None:
            if name in within:
                return name
            within |= {name}
            place = self.at(place).schema
        written = {}
        for keyword, each in place.items():
            if keyword == "properties":
                # Its keys are names, whatever they are.
                written[keyword] = {
                    n: self.written_out(part, within) for n, part in each.items()
                }
            elif keyword not in _SILENT:
                written[keyword] = self.written_out(each, within)
        return written


def _compare(released: _Side, now: _Side, path: str, seen: frozenset[str]) -> Iterator[Change]:
    old, new = released.schema, now.schema
    key = json.dumps([old, new], sort_keys=True)
    if key in seen:
        return
    seen |= {key}
    if _has_choices(old) or _has_choices(new):
        yield from _compare_choices(released, now, path, seen)
        return
    types = list(_compare_types(old, new, path))
    yield from types
    if any(each.effect is Effect.OTHER for each in types):
        return
    yield from _compare_values(old, new, path)
    yield from _compare_properties(released, now, path, seen)
    for keyword, mark in (("items", "[]"), ("additionalProperties", ".*")):
        if keyword in old or keyword in new:
            place_before, place_now = old.get(keyword, True), new.get(keyword, True)
            yield from _compare(
                released.at(place_before), now.at(place_now), path + mark, seen
            )
    yield from _compare_limits(released, now, path)


def _compare_choices(
    released: _Side, now: _Side, path: str, seen: frozenset[str]
) -> Iterator[Change]:
    """Null is one choice; where as many are left on both sides, each is looked into."""
    before, after = _choices_of(released), _choices_of(now)
    if any(map(_is_null, before)) != any(map(_is_null, after)):
        yield (
            Change(path=path, effect=Effect.WIDER, says="may now be null")
            if any(map(_is_null, after))
            else Change(path=path, effect=Effect.NARROWER, says="may no longer be null")
        )
    before = [each for each in before if not _is_null(each)]
    after = [each for each in after if not _is_null(each)]
    if len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from _compare(one, other, path, seen)
    else:
        yield from _compare_sets(_texts(before), _texts(after), path, "one of its choices")


def _has_choices(schema: Schema) -> bool:
    return "anyOf" in schema or isinstance(schema.get("type"), list)


def _choices_of(side: _Side) -> list[_Side]:
    schema = side.schema
    if "anyOf" in schema:
        return [side.at(each) for each in schema["anyOf"]]
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return [side.at({**schema, "type": kind}) for kind in kinds]
    return [side.at({k: v for k, v in schema.items() if k != "default"})]


def _is_null(side: _Side) -> bool:
    return side.schema.get("type") == "null"


def _texts(sides: list[_Side]) -> set[str]:
    return {json.dumps(each.schema, sort_keys=True) for each in sides}


def _compare_types(old: Schema, new: Schema, path: str) -> Iterator[Change]:
    before, after = old.get("type"), new.get("type")
    if before == after:
        return
    says = f"was {_name(before)} and is {_name(after)}"
    if after is None or (before, after) == ("integer", "number"):
        yield Change(path=path, effect=Effect.WIDER, says=says)
    elif before is None or (before, after) == ("number", "integer"):
        yield Change(path=path, effect=Effect.NARROWER, says=says)
    else:
        yield Change(path=path, effect=Effect.OTHER, says=says)


def _name(kind: Any) -> str:
    return "anything" if kind is None else str(kind)


def _compare_values(old: Schema, new: Schema, path: str) -> Iterator[Change]:
    yield from _compare_sets(_values_of(old), _values_of(new), path, "one of its values")


def _values_of(schema: Schema) -> set[str] | None:
    """`const` is an enum of one; none of both leaves every value open."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return None if values is None else {json.dumps(value) for value in values}


def _compare_sets(
    before: set[str] | None, after: set[str] | None, path: str, what: str
) -> Iterator[Change]:
    if before == after:
        return
    if before is None:
        yield Change(path=path, effect=Effect.NARROWER, says="is limited to some values")
    elif after is None:
        yield Change(
            path=path, effect=Effect.WIDER, says="is no longer limited to some values"
        )
    else:
        for value in sorted(after - before):
            yield Change(path=path, effect=Effect.WIDER, says=f"has {value} as {what}")
        for value in sorted(before - after):
            yield Change(path=path, effect=Effect.NARROWER, says=f"has lost {value}, {what}")


def _compare_properties(
    released: _Side, now: _Side, path: str, seen: frozenset[str]
) -> Iterator[Change]:
    old, new = released.schema, now.schema
    before, after = old.get("properties", {}), new.get("properties", {})
    was_there, is_there = set(old.get("required", ())), set(new.get("required", ()))
    for name, schema in before.items():
        place = f"{path}.{name}"
        if name not in after:
            yield Change(path=place, effect=Effect.OTHER, says="is gone")
            continue
        if name in was_there - is_there:
            yield Change(path=place, effect=Effect.WIDER, says="may now be missing")
        if name in is_there - was_there:
            yield Change(path=place, effect=Effect.NARROWER, says="must now be there")
        yield from _compare(released.at(schema), now.at(after[name]), place, seen)
        yield from _compare_defaults(schema, after[name], place)
    for name in sorted((is_there & after.keys()) - before.keys()):
        says = "is new and must be there, which nothing of before fulfils (a default would)"
        yield Change(path=f"{path}.{name}", effect=Effect.NARROWER, says=says)


def _compare_defaults(old: Schema, new: Schema, path: str) -> Iterator[Change]:
    """Where it is missing, it means something: this must not become something else."""
    if "default" in old and "default" in new and old["default"] != new["default"]:
        says = f"meant {json.dumps(old['default'])} where it is missing, and now means {json.dumps(new['default'])}"
        yield Change(path=path, effect=Effect.OTHER, says=says)


def _compare_limits(released: _Side, now: _Side, path: str) -> Iterator[Change]:
    """Formats, patterns, bounds; what we cannot judge is refused."""
    old, new = released.schema, now.schema
    for keyword in sorted((old.keys() | new.keys()) - _SILENT - _COMPARED):
        before = released.written_out(old.get(keyword))
        after = now.written_out(new.get(keyword))
        if before == after:
            continue
        says = f"had {keyword} {json.dumps(before)} and has {json.dumps(after)}"
        if after is None:
            effect = Effect.WIDER
        elif before is None:
            effect = Effect.NARROWER
        elif keyword in _LOWER_BOUNDS:
            effect = Effect.WIDER if after < before else Effect.NARROWER
        elif keyword in _UPPER_BOUNDS:
            effect = Effect.WIDER if after > before else Effect.NARROWER
        else:
            effect = Effect.OTHER
        yield Change(path=path, effect=effect, says=says)


def _next_version(type_: str) -> str:
    name, _, version = type_.rpartition(".v")
    return f"{name}.v{int(version) + 1}"
