"""Spans: the steps of a trace, told to a collector by OpenTelemetry where a setting names one.

Everywhere else a trace is only ids, in logs, events and rows, and a span costs one look at a
switch. A span carries what is written out where it begins: names, ids, counts and the text of
statements; never a parameter, a variable or a path as it was sent, and of an exception its type.
"""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from threading import Thread
from typing import Final, TypeAlias

from asyncpg.connection import LoggedQuery
from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    get_current_span,
    set_span_in_context,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pydantic import HttpUrl

Attributes: TypeAlias = Mapping[str, str | int]

_FLUSH_S: Final = 3.0
# Of an operation's name, which a client may make as long as a document.
_LONGEST_NAME: Final = 100
_STATEMENTS_KNOWN: Final = 2_048
_WORKS_ON: Final = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+(\w+)")
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_EMPTY: Final = Context()
_NO_SPAN: Final = nullcontext(INVALID_SPAN)
_W3C: Final = TraceContextTextMapPropagator()


@dataclass
class _Switch:
    tracer: Tracer | None = None


_switch: Final = _Switch()


@asynccontextmanager
async def send_traces(service: str, collector: HttpUrl | None) -> AsyncIterator[None]:
    """Sends the process's spans to an OTLP collector meanwhile; without one nothing is told."""
    if collector is None:
        yield
        return
    # Loaded only here: protobuf and an HTTP client are a tenth of a service's memory.
    from libs.common.otlp import open_provider  # noqa: PLC0415

    provider = open_provider(service, f"{str(collector).rstrip('/')}/v1/traces")
    _switch.tracer = provider.get_tracer("portline")
    try:
        yield
    finally:
        _switch.tracer = None
        # A collector that is away holds nobody up: this thread dies with the process.
        last = Thread(target=provider.shutdown, daemon=True)
        last.start()
        await asyncio.to_thread(last.join, _FLUSH_S)


def is_tracing() -> bool:
    return _switch.tracer is not None


def read_context(traceparent: str | None) -> Context:
    """What a `traceparent` says, https://www.w3.org/TR/trace-context/; empty where that is nothing."""
    if not traceparent:
        return _EMPTY
    return _W3C.extract({"traceparent": traceparent}, _EMPTY)


def start_context(traceparent: str | None) -> Context:
    """The same; without a trace a new one is named, unless its first span will do that."""
    context = read_context(traceparent)
    if is_tracing() or get_current_span(context).get_span_context().is_valid:
        return context
    named = SpanContext(
        secrets.randbits(128), secrets.randbits(64), is_remote=False, trace_flags=_SAMPLED
    )
    return set_span_in_context(NonRecordingSpan(named), context)


def traceparent_of(span: Span) -> str | None:
    """None where there is no trace."""
    told = span.get_span_context()
    if not told.is_valid:
        return None
    return f"00-{told.trace_id:032x}-{told.span_id:016x}-{told.trace_flags:02x}"


def span(
    name: str, kind: SpanKind = SpanKind.INTERNAL, attributes: Attributes | None = None
) -> AbstractContextManager[Span]:
    """A step of the present trace, or the first of one; what it raises marks it."""
    tracer = _switch.tracer
    return _NO_SPAN if tracer is None else _present_span(tracer, name, kind, attributes)


def spans(
    name: str,
    kind: SpanKind,
    traceparents: Sequence[str | None],
    describe: Callable[[int], Attributes],
) -> AbstractContextManager[list[Span]]:
    """A step that a batch takes together: a span for each, in its own trace; none while off.

    `describe` gets a place in the batch.
    """
    tracer = _switch.tracer
    if tracer is None:
        return nullcontext([])
    return _marked(
        [
            tracer.start_span(name, read_context(traceparent), kind, describe(place))
            for place, traceparent in enumerate(traceparents)
        ]
    )


@contextmanager
def together(name: str, parts: Sequence[Span]) -> Iterator[None]:
    """What is done at once for all of a batch belongs to none of its traces: they link to it.

    A batch of one is its own trace.
    """
    if len(parts) == 1:
        with _made_present(parts[0]):
            yield
    elif _switch.tracer is None or not parts:
        yield
    else:
        counted = {"messaging.batch.message_count": len(parts)}
        whole = _switch.tracer.start_span(name, _EMPTY, attributes=counted)
        for part in parts:
            part.add_link(whole.get_span_context())
        with _marked([whole]), _made_present(whole):
            yield


def tell_statement(statement: LoggedQuery) -> None:
    """A span of a statement that asyncpg has run; one that belongs to no step is not told."""
    ended = time.time_ns()
    started = ended - int(statement.elapsed * 1e9)
    # asyncpg calls late: the step may be over. What is no span of ours has no end at all.
    step_ended: int | None = getattr(get_current_span(), "end_time", 0)
    if _switch.tracer is None or (step_ended is not None and step_ended < started):
        return
    text, summary = _read_statement(statement.query)
    told = _switch.tracer.start_span(
        summary,
        kind=SpanKind.CLIENT,
        start_time=started,
        attributes={
            "db.system.name": "postgresql",
            "db.query.summary": summary,
            "db.query.text": text,
        },
    )
    if statement.exception is not None:
        mark_failed(told, statement.exception)
    told.end(ended)


def describe_operation(kind: str, name: str | None) -> None:
    """The present step is a GraphQL operation: `query`, `mutation` or `subscription`."""
    told = get_current_span()
    if told.is_recording():
        told.update_name(kind)
        told.set_attribute("graphql.operation.type", kind)
        if name:
            told.set_attribute("graphql.operation.name", name[:_LONGEST_NAME])


def mark_failed(failed: Span, fault: BaseException | str) -> None:
    """A type's or code's name and nothing else: the text may quote what broke it."""
    kind = fault if isinstance(fault, str) else type(fault).__qualname__
    failed.set_attribute("error.type", kind)
    failed.set_status(Status(StatusCode.ERROR))


def _read_statement(query: str) -> tuple[str, str]:
    """What opens a transaction names who asks: of that only the verb is told."""
    if query.startswith("BEGIN"):
        return "BEGIN", "BEGIN"
    return query, _sum_up(query)


@lru_cache(maxsize=_STATEMENTS_KNOWN)
def _sum_up(query: str) -> str:
    verb = query.split(None, 1)[0].upper()
    table = _WORKS_ON.search(query)
    return f"{verb} {table[1]}" if table else verb


@contextmanager
def _present_span(
    tracer: Tracer, name: str, kind: SpanKind, attributes: Attributes | None
) -> Iterator[Span]:
    started = tracer.start_span(name, kind=kind, attributes=attributes)
    with _marked([started]), _made_present(started):
        yield started


@contextmanager
def _marked(started: list[Span]) -> Iterator[list[Span]]:
    try:
        yield started
    except BaseException as fault:
        for each in started:
            mark_failed(each, fault)
        raise
    finally:
        for each in started:
            each.end()


def _made_present(started: Span) -> AbstractContextManager[Span]:
    return use_span(started, record_exception=False, set_status_on_exception=False)
