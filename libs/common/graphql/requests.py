"""What a client sends, read once: method, media type, size and shape, before anything is run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request

from libs.common.graphql.errors import BadUserInput

LONGEST_BODY = 1_048_576


class RefusedRequest(BadUserInput):
    """Carries the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class GraphRequest:
    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None


async def read_request(request: Request) -> GraphRequest:
    """Raises `RefusedRequest`."""
    if request.method != "POST":
        raise RefusedRequest(405, "Send the operation as POST.")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise RefusedRequest(415, "Send the operation as application/json.")
    try:
        body = orjson.loads(await _read_body(request))
    except orjson.JSONDecodeError:
        raise RefusedRequest(400, "The body is not JSON.") from None
    return parse_request(body)


async def _read_body(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced[:12]) > LONGEST_BODY:
        raise RefusedRequest(413, f"The body is larger than {LONGEST_BODY} bytes.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise RefusedRequest(413, f"The body is larger than {LONGEST_BODY} bytes.")
    return bytes(body)


def parse_request(body: Any) -> GraphRequest:
    """Raises `RefusedRequest`; lists of operations are refused like any other non-object."""
    if not isinstance(body, Mapping):
        raise RefusedRequest(400, "The body is not one GraphQL operation.")
    query = body.get("query")
    if not isinstance(query, str) or not query.strip():
        raise RefusedRequest(400, "`query` is missing.")
    operation_name = body.get("operationName")
    if not isinstance(operation_name, str | None):
        raise RefusedRequest(400, "`operationName` is not text.")
    return GraphRequest(
        query=query,
        variables=_object(body, "variables"),
        operation_name=operation_name or None,
        extensions=_object(body, "extensions"),
    )


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    value = body.get(name)
    if not isinstance(value, dict | None):
        raise RefusedRequest(400, f"`{name}` is not an object.")
    return value
