"""One AsyncAPI 3.0 document for each service that says something: what it says, what it hears."""

from typing import Any, Final

import orjson

from deploy.events.event_types import EventType
from deploy.events.examples import build_example
from deploy.events.fields import subject_of
from deploy.events.schemas import build_schema
from libs.common.broker import CONTENT_TYPE
from libs.common.events import encode

_VERSION: Final = "3.0.0"
_AMQP: Final = "0.3.0"
_PERSISTENT: Final = 2
_ENVELOPE: Final = "CloudEvent"
_SCHEMAS: Final = "#/components/schemas/"
_SERVER: Final = {
    "host": "rabbitmq:5672",
    "protocol": "amqp",
    "protocolVersion": "0-9-1",
    "description": "RabbitMQ, by its name in docker-compose.yml; elsewhere the deployment says.",
}
# As `libs.common.events` writes it; only `traceparent` and `replayof` may be missing.
ENVELOPE_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "CloudEvents 1.0 in structured JSON: guard by (`source`, `subject`, `sequence`).",
    "required": [
        "specversion",
        "id",
        "source",
        "type",
        "subject",
        "time",
        "datacontenttype",
        "dataschema",
        "sequence",
        "data",
    ],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {
            "type": "string",
            "format": "uuid",
            "description": "A UUIDv7, made once: the same when the event is delivered again.",
        },
        "source": {"type": "string", "description": "Who says it, such as `/porting`."},
        "type": {"type": "string", "description": "What happened; also the routing key."},
        "subject": {"type": "string", "description": "The aggregate that it happened to."},
        "time": {
            "type": "string",
            "format": "date-time",
            "description": "When it was recorded.",
        },
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"type": "string", "description": "Names the schema of `data`."},
        "sequence": {
            "type": "string",
            "pattern": "^[1-9][0-9]*$",
            "description": "The aggregate's version, gapless from 1, as a decimal string.",
        },
        "traceparent": {
            "type": "string",
            "description": "W3C trace context of what caused it, where that is known.",
        },
        "replayof": {
            "type": "string",
            "format": "uuid",
            "description": "Told again by an operator: the `id` under which it came first.",
        },
        "data": {
            "type": "object",
            "description": "The fact, and the aggregate's public state after it.",
        },
    },
}


def build_document(owner: str, event_types: list[EventType]) -> dict[str, Any]:
    own = [each for each in event_types if each.owner == owner]
    return {
        "asyncapi": _VERSION,
        "info": {
            "title": f"Portline {owner}",
            "version": "1.0.0",
            "description": f"What {owner} says to everybody, and what it hears from outside. "
            "At least once, in order for each subject. Each type has its version in its name.",
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"rabbitmq": _SERVER},
        "channels": {each.name: _build_channel(each) for each in own},
        "operations": {_name_operation(each): _build_operation(each) for each in own},
        "components": {
            "messages": {each.name: _build_message(each) for each in own},
            "schemas": {_ENVELOPE: ENVELOPE_SCHEMA, **_build_schemas(own)},
        },
    }


def _build_channel(event_type: EventType) -> dict[str, Any]:
    return {
        "address": event_type.name,
        "messages": {"event": {"$ref": f"#/components/messages/{event_type.name}"}},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {
                    "name": event_type.exchange,
                    "type": "topic",
                    "durable": True,
                    "autoDelete": False,
                },
                "bindingVersion": _AMQP,
            }
        },
    }


def _name_operation(event_type: EventType) -> str:
    return f"{'receive' if event_type.comes_in else 'send'}.{event_type.name}"


def _build_operation(event_type: EventType) -> dict[str, Any]:
    amqp = {"ack": True} if event_type.comes_in else {"deliveryMode": _PERSISTENT}
    return {
        "action": "receive" if event_type.comes_in else "send",
        "channel": {"$ref": f"#/channels/{event_type.name}"},
        "messages": [{"$ref": f"#/channels/{event_type.name}/messages/event"}],
        "summary": event_type.sentence,
        "bindings": {"amqp": {**amqp, "bindingVersion": _AMQP}},
    }


def _build_message(event_type: EventType) -> dict[str, Any]:
    subject = subject_of(event_type.fact)
    return {
        "name": event_type.name,
        "title": event_type.fact.__name__,
        "summary": event_type.sentence,
        "description": event_type.description,
        "contentType": CONTENT_TYPE,
        "x-consumers": sorted(set(event_type.consumers.values())),
        "bindings": {"amqp": {"messageType": event_type.name, "bindingVersion": _AMQP}},
        "payload": {
            "allOf": [
                {"$ref": f"{_SCHEMAS}{_ENVELOPE}"},
                {
                    "type": "object",
                    "properties": {
                        "source": {"const": event_type.fact.source()},
                        "type": {"const": event_type.name},
                        "dataschema": {"const": event_type.fact.data_schema()},
                        "subject": {"description": f"Here {subject['means']}."},
                        "data": {"$ref": f"{_SCHEMAS}{event_type.name}"},
                    },
                },
            ]
        },
        "examples": [{"payload": orjson.loads(encode(build_example(event_type.fact)))}],
    }


def _build_schemas(event_types: list[EventType]) -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    for each in event_types:
        schema = build_schema(each.fact, ref_template=_SCHEMAS + "{model}")
        schemas |= schema.pop("$defs", {})
        schemas[each.name] = schema
    return schemas
