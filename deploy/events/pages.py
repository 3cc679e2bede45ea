"""The pages of docs/events: all types on one, and a page of fields and examples for each owner."""

import re
from collections.abc import Iterator
from typing import Any, Final

import orjson

from deploy.events.event_types import OWNERS, EventType
from deploy.events.examples import build_example
from deploy.events.fields import subject_of
from deploy.events.schemas import build_schema
from libs.common.events import MAX_EVENT_BYTES, encode

_HEAD: Final = f"""# Events

Printed by `make snapshots` from the registries in `libs/contracts`; written by hand is only
[sample_consumer.py](sample_consumer.py), which a test runs as it stands. `make events` lists the same in a terminal.

- Events are CloudEvents 1.0 as JSON, on the durable topic exchange `portline.events`; the routing key is the type.
  Declare a durable queue of your own and bind it to the types you want, or to `porting.#`, `numbers.#`. Events of before you
  came are in the stream `portline.stream`.
- **At least once.** An event that comes again has the same `id`: keep the ids that you have worked, at least for 7 days.
  What an operator tells your queue again has a new `id`, and names the first in `replayof`.
- **In order for each subject**, as long as one consumer reads the queue. `sequence` is the version of the aggregate that
  `source` and `subject` name, gapless from 1: drop what is older than what you have, and never wait for a missing one.
- `data` is the fact and the aggregate's public state after it. An event has at most {MAX_EVENT_BYTES // 1024} kB; lines and numbers
  travel in batches of 500 (`batch` of `of`). A PIN, a link's token and the content of documents are in no event.
- Acknowledge after your work is committed, not before.
- **A version never breaks.** New types and new optional fields come at any time: ignore what you do not know. Everything
  else is a new version of the type, `….v2`; `make check` refuses it otherwise
  ([decision 34](../decisions/0034-what-a-schema-may-become.md)).

For programs: an AsyncAPI 3.0 document for each service ([porting](porting.asyncapi.json), [numbers](numbers.asyncapi.json)), and the
JSON Schemas of all data ([events.schema.json](../../libs/contracts/events.schema.json)). Notifications says nothing there.
"""
_TABLE: Final = "| Type | When | Heard by |\n|---|---|---|"
_COMES_IN: Final = (
    "Other systems say these on the exchange `portline.reports`, in the same envelope; "
    "the service that hears them decides."
)


def print_overview(event_types: list[EventType]) -> str:
    """docs/events/README.md: type, when, owner, consumers."""
    parts = [_HEAD]
    for owner in OWNERS:
        own = [each for each in event_types if each.owner == owner]
        said = [each for each in own if not each.comes_in]
        parts.append(f"## What {owner} says\n\n{_print_table(said)}\n")
    heard = [each for each in event_types if each.comes_in]
    parts.append(f"## What comes in\n\n{_COMES_IN}\n\n{_print_table(heard)}\n")
    return "\n".join(parts)


def print_page(owner: str, event_types: list[EventType]) -> str:
    """docs/events/<owner>.md: each type with its fields and an example."""
    own = [each for each in event_types if each.owner == owner]
    head = (
        f"# Events of {owner}\n\n"
        f"Printed by `make snapshots`; how to read them is on the [first page](README.md).\n"
    )
    return "\n".join([head, *(_print_event_type(each) for each in own)])


def _print_table(event_types: list[EventType]) -> str:
    rows = [
        f"| [{each.name}]({each.owner}.md#{_anchor(each.name)}) | {_in_cell(each.sentence)} "
        f"| {', '.join(sorted(set(each.consumers.values()))) or '-'} |"
        for each in event_types
    ]
    return "\n".join([_TABLE, *rows])


def _print_event_type(event_type: EventType) -> str:
    schema = build_schema(event_type.fact)
    rows = [
        f"| `{path}` | {kind} | {_in_cell(meaning)} |"
        for path, kind, meaning in _list_fields(schema, schema)
    ]
    body = orjson.loads(encode(build_example(event_type.fact)))
    return "\n".join(
        [
            f"## {event_type.name}\n",
            f"{event_type.description}\n",
            f"{_say_who(event_type)}\n",
            "| Field of `data` | Is | Means |\n|---|---|---|",
            *rows,
            "\n```json",
            orjson.dumps(body, option=orjson.OPT_INDENT_2).decode(),
            "```\n",
        ]
    )


def _say_who(event_type: EventType) -> str:
    said_by = "other systems" if event_type.comes_in else event_type.owner
    heard = [f"{service} (`{queue}`)" for queue, service in event_type.consumers.items()]
    return (
        f"Said by {said_by} on `{event_type.exchange}`, "
        f"heard by {', '.join(sorted(heard)) or 'no service of ours'}. "
        f"`subject` is {subject_of(event_type.fact)['means']}."
    )


def _list_fields(
    schema: dict[str, Any], whole: dict[str, Any], prefix: str = ""
) -> Iterator[tuple[str, str, str]]:
    """Path, kind and meaning; the fields of its parts come right after it."""
    for name, field in schema["properties"].items():
        kind = _name_kind(field)
        if name not in schema.get("required", []):
            kind += ", may be missing"
        yield f"{prefix}{name}", kind, field.get("description", "")
        for inner, mark in ((field, "."), (field.get("items", {}), "[].")):
            if "$ref" in inner:
                part = whole["$defs"][inner["$ref"].rpartition("/")[2]]
                yield from _list_fields(part, whole, f"{prefix}{name}{mark}")


def _name_kind(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_name_kind(each) for each in field["anyOf"])
    if "enum" in field:
        return " or ".join(f"`{each}`" for each in field["enum"])
    if "$ref" in field:
        return "object"
    match field["type"]:
        case "array":
            return f"list of {_name_kind(field['items'])}"
        case "object":
            return f"{_name_kind(field['additionalProperties'])} for each name"
        case kind:
            return str(field.get("format", kind))


def _anchor(heading: str) -> str:
    """As forges make it: lower case, without punctuation."""
    return re.sub(r"[^\w-]", "", heading.lower())


def _in_cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")
