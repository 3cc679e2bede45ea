"""What a request is called in logs: request id and trace, and the form of every log line.

A log line never carries what a client sent: no variables, tokens, bodies or query strings, and of
an exception only its type and place, because its text may quote the value that broke it.
"""

import logging
import logging.config
import re
import secrets
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from opentelemetry.context import attach, detach
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, get_current_span
from pythonjsonlogger.core import LogData
from pythonjsonlogger.json import JsonFormatter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from libs.common.tracing import mark_failed, span, start_context, traceparent_of

logger = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FRAMES_SHOWN = 12
_FAULTS = 500
# They come every few seconds and say nothing.
_QUIET_PATHS = frozenset({"/healthz", "/readyz", "/readyz/database", "/metrics"})


_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_client_address: ContextVar[str] = ContextVar("client_address", default="")


def current_request_id() -> str | None:
    return _request_id.get()


def current_client_address() -> str:
    """Where the request comes from, as uvicorn tells it: never to be kept or logged as it is."""
    return _client_address.get()


def current_trace_id() -> str | None:
    told = get_current_span().get_span_context()
    return f"{told.trace_id:032x}" if told.is_valid else None


def current_traceparent() -> str | None:
    """What goes into an event's `traceparent` and an outgoing request's header."""
    return traceparent_of(get_current_span())


@contextmanager
def continue_trace(traceparent: str | None, request_id: str | None = None) -> Iterator[None]:
    """Continue a trace from outside (a request, an event), or start one."""
    trace_token = attach(start_context(traceparent))
    request_token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(request_token)
        detach(trace_token)


@contextmanager
def name_operation(traceparent: str | None) -> Iterator[None]:
    """One of a socket's operations: in its trace or the socket's, with a request id of its own."""
    with continue_trace(traceparent or current_traceparent(), secrets.token_hex(16)):
        yield


def _request_id_of(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)


def _shown_path(scope: Scope) -> str:
    """The path with its parameters hidden: a signing link's token is one."""
    path: str = scope["path"]
    for name, value in scope.get("path_params", {}).items():
        if str(value):
            path = path.replace(str(value), f"{{{name}}}")
    return path


def _span_of(scope: Scope) -> AbstractContextManager[Span]:
    """Of a socket its operations are told: it may stay open for days."""
    if scope["type"] != "http" or scope["path"] in _QUIET_PATHS:
        return nullcontext(INVALID_SPAN)
    return span(scope["method"], SpanKind.SERVER)


def _describe_request(told: Span, scope: Scope, status: int) -> None:
    """By its route: a path may hold a signing link's token."""
    if not told.is_recording():
        return
    told.set_attributes(
        {"http.request.method": scope["method"], "url.scheme": scope["scheme"]}
    )
    if (route := scope.get("route")) is not None:
        told.set_attribute("http.route", route.path)
        told.update_name(f"{scope['method']} {route.path}")
    if status:
        told.set_attribute("http.response.status_code", status)
    if status >= _FAULTS:
        mark_failed(told, str(status))


class TelemetryMiddleware:
    """Names the request, continues its trace, answers `x-request-id`, logs one line about it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id_of(headers)
        started = time.perf_counter()
        status = 0

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            elif message["type"] == "websocket.close":
                status = message.get("code", 1000)
            await send(message)

        client = scope.get("client")
        _client_address.set(client[0] if client else "")
        with continue_trace(headers.get("traceparent"), request_id), _span_of(scope) as told:
            try:
                await self.app(scope, receive, send_named)
            finally:
                _describe_request(told, scope, status)
                if scope["path"] not in _QUIET_PATHS:
                    logger.info(
                        "%s answered",
                        scope["type"],
                        extra={
                            "action": f"{scope['type']}_request.answered",
                            "method": scope.get("method"),
                            "path": _shown_path(scope),
                            "status": status,
                            "milliseconds": round((time.perf_counter() - started) * 1e3, 1),
                        },
                    )


def describe_fault(fault: BaseException) -> dict[str, Any]:
    """Type and place of an exception and its causes, and what PostgreSQL names without values."""
    told: dict[str, Any] = {
        "type": f"{type(fault).__module__}.{type(fault).__qualname__}",
        "at": [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(fault.__traceback__)[-_FRAMES_SHOWN:]
        ],
    }
    for name in ("sqlstate", "constraint_name", "table_name", "column_name"):
        if value := getattr(fault, name, None):
            told[name] = value
    if isinstance(fault, BaseExceptionGroup):
        told["group"] = [describe_fault(inner) for inner in fault.exceptions]
    cause = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    if cause is not None:
        told["cause"] = describe_fault(cause)
    return told


class _LogLine(JsonFormatter):
    def __init__(self, service: str) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger"},
            static_fields={"service": service},
            timestamp="time",
            reserved_attrs=[*_RESERVED],
        )

    @override
    def process_log_record(self, log_data: LogData) -> LogData:
        log_data.setdefault("action", "library.reported")  # ours all say what they do
        if (request_id := _request_id.get()) is not None:
            log_data["request_id"] = request_id
        if (trace_id := current_trace_id()) is not None:
            log_data["trace_id"] = trace_id
        return log_data

    @override
    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> Any:
        return describe_fault(ei[1]) if ei[1] is not None else None


# uvicorn adds `color_message`, which repeats the message with escape codes.
_RESERVED = frozenset(logging.makeLogRecord({}).__dict__) | {
    "asctime",
    "color_message",
    "message",
    "taskName",
}


def configure_logging(service: str, level: str = "INFO") -> None:
    """Every logger of the process writes JSON lines to standard output."""
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(_LogLine(service))
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # It writes query strings, and TelemetryMiddleware says the same.
    logging.getLogger("uvicorn.access").handlers.clear()
    logging.getLogger("uvicorn.access").propagate = False
    logging.getLogger("httpx").setLevel(logging.WARNING)
