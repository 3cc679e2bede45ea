"""Subscriptions' results: set up as Strawberry does it, then the shortest way from event to answer."""

from collections.abc import AsyncGenerator, AsyncIterable
from inspect import isawaitable
from typing import Any, TypeAlias, cast

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    create_source_event_stream,
)
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.types import ExecutionContext
from strawberry.types.execution import PreExecutionError
from strawberry.utils.aio import aclosing

from libs.common.graphql.errors import publish_errors
from libs.common.graphql.execution import Execution

# graphql-core's results, and `PreExecutionError` where there is no stream.
Results: TypeAlias = AsyncGenerator[Any, None]


async def answer_events(executor: Execution, events: AsyncIterable[Any]) -> Results:
    """One result for each event; a fault of the events themselves is the last one."""
    try:
        async with aclosing(events):
            async for event in events:
                answer = executor.answer(event)
                if isawaitable(answer):
                    answer = await answer
                if answer.errors:
                    answer.errors = publish_errors(answer.errors)
                yield answer
    except Exception as fault:  # noqa: BLE001 - published, and logged once
        yield ExecutionResult(data=None, errors=publish_errors([_as_error(fault)]))


async def open_events(
    schema: GraphQLSchema, asked: ExecutionContext, runner: SchemaExtensionsRunner
) -> tuple[Execution, AsyncIterable[Any]] | list[GraphQLError]:
    """Calls the subscription's resolver; answers the errors where there is no stream."""
    assert asked.graphql_document is not None
    async with runner.executing():
        executor = Execution.build(
            schema,
            asked.graphql_document,
            asked.root_value,
            asked.context,
            asked.variables,
            asked.operation_name,
        )
        if isinstance(executor, list):
            return executor
        events: Any = create_source_event_stream(executor)
        if isawaitable(events):
            events = await events
    if isinstance(events, ExecutionResult):
        return events.errors or []
    return cast("Execution", executor), events


def refuse(errors: list[GraphQLError]) -> PreExecutionError:
    return PreExecutionError(data=None, errors=publish_errors(errors))


def _as_error(fault: Exception) -> GraphQLError:
    if isinstance(fault, GraphQLError):
        return fault
    return GraphQLError(str(fault), original_error=fault)
