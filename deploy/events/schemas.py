"""The JSON Schemas of the events, with what each field means."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from deploy.events.event_types import EventType, clean_text
from deploy.events.fields import meaning_of
from libs.common.events import Fact

_IN_THIS_SCHEMA: Final = "#/$defs/{model}"


def build_schema(fact: type[Fact], ref_template: str = _IN_THIS_SCHEMA) -> dict[str, Any]:
    """Of its data. What the parts of it are stands under `$defs`, wherever `$ref` looks for it."""
    schema = fact.model_json_schema(ref_template=ref_template)
    schema["description"] = clean_text(schema.get("description", ""))
    _say_meanings(schema, fact)
    models = {model.__name__: model for model in find_parts(fact)}
    for name, part in schema.get("$defs", {}).items():
        _say_meanings(part, models[name])
    return schema


def build_all_schemas(event_types: list[EventType]) -> dict[str, Any]:
    return {
        each.name: {"$id": each.fact.data_schema(), **build_schema(each.fact)}
        for each in event_types
    }


def _say_meanings(schema: Mapping[str, Any], model: type[BaseModel]) -> None:
    for name, field in schema["properties"].items():
        meaning = meaning_of(model, name)
        if meaning is not None:
            field["description"] = meaning


def find_parts(model: type[BaseModel]) -> set[type[BaseModel]]:
    found: set[type[BaseModel]] = set()
    for field in model.model_fields.values():
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found |= {kind} | find_parts(kind)
    return found
