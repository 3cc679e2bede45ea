"""A collector of spans as OTLP sends them over HTTP: protobuf from services, JSON from the gateway."""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.gateway.processes import ThreadedServer


@dataclass(frozen=True, kw_only=True)
class Told:
    """A span; `kind` is OTLP's number, `links` are the ids of spans."""

    service: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    links: tuple[str, ...]
    has_failed: bool

    @property
    def text(self) -> str:
        """A statement's, and nothing for any other step."""
        return str(self.attributes.get("db.query.text", ""))


@dataclass
class Collector:
    url: str = ""
    told: list[Told] = field(default_factory=list)
    sent: bytes = b""
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/traces", self._take, methods=["POST"])])

    @property
    def settings(self) -> dict[str, str]:
        """For a program that shall tell it at once what it does."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",  # milliseconds
        }

    def of_trace(self, trace_id: str) -> list[Told]:
        return [each for each in self.told if each.trace_id == trace_id]

    def wait_for(self, is_there: Callable[[], bool], seconds: float = 10) -> None:
        """Fails after so many seconds."""
        with self._arrived:
            arrived = self._arrived.wait_for(is_there, seconds)
        assert arrived, sorted({(each.service, each.name) for each in self.told})

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        is_json = request.headers["content-type"].startswith("application/json")
        with self._arrived:
            self.sent += body
            self.told += _read(orjson.loads(body), str) if is_json else _read_protobuf(body)
            self._arrived.notify_all()
        return Response(b"{}" if is_json else b"", media_type=request.headers["content-type"])


@contextmanager
def running_collector() -> Iterator[Collector]:
    collector = Collector()
    with ThreadedServer(collector.app) as server:
        collector.url = server.url.removesuffix("/graphql")
        yield collector


def _read_protobuf(body: bytes) -> Iterator[Told]:
    request = ExportTraceServiceRequest.FromString(body)
    return _read(MessageToDict(request), lambda each: base64.b64decode(each).hex())


def _read(request: dict[str, Any], read_id: Callable[[str], str]) -> Iterator[Told]:
    for each in request["resourceSpans"]:
        service = _read_attributes(each["resource"])["service.name"]
        for span in (span for scope in each["scopeSpans"] for span in scope["spans"]):
            kind = span.get("kind", 0)
            yield Told(
                service=service,
                name=span["name"],
                kind=_KINDS[kind] if isinstance(kind, str) else kind,
                trace_id=read_id(span["traceId"]),
                span_id=read_id(span["spanId"]),
                parent_id=read_id(span.get("parentSpanId", "")),
                attributes=_read_attributes(span),
                links=tuple(read_id(link["spanId"]) for link in span.get("links", ())),
                has_failed=span.get("status", {}).get("code") in {2, "STATUS_CODE_ERROR"},
            )


def _read_attributes(holder: dict[str, Any]) -> dict[str, Any]:
    """64-bit numbers are texts in JSON."""
    return {
        each["key"]: next(iter(each["value"].values()))
        for each in holder.get("attributes", ())
    }


_KINDS = {
    f"SPAN_KIND_{name}": number
    for number, name in enumerate(
        ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
    )
}
