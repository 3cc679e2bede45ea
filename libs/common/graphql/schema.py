"""A service's graph: built with our limits, guarded field by field, its errors made public."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import strawberry
from graphql import GraphQLError, GraphQLField, GraphQLResolveInfo
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionResult, Info
from strawberry.types.execution import ExecutionContext
from strawberry.types.graphql import OperationType
from strawberry.types.scalar import ScalarDefinition
from strawberry.utils.aio import aclosing
from typing_extensions import override

from libs.common.caller import Caller
from libs.common.graphql.documents import DocumentCache, ReadOnce
from libs.common.graphql.entities import resolve_entities
from libs.common.graphql.errors import code_of, publish_errors
from libs.common.graphql.execution import Execution, find_plain_fields
from libs.common.graphql.limits import Limits
from libs.common.graphql.rights import ANYONE, READERS, Right, demand, demand_to_change
from libs.common.graphql.scalars import SCALARS
from libs.common.graphql.streams import Results, answer_events, open_events, refuse
from libs.common.tracing import mark_failed, span

FEDERATION_VERSION: Final = "2.9"
_SUBSCRIPTIONS: Final = (OperationType.SUBSCRIPTION,)
_FEDERATION_RIGHTS: Mapping[str, Right] = {"_service": ANYONE, "_entities": READERS}


@dataclass(frozen=True, kw_only=True)
class Patience:
    query_s: float = 5
    mutation_s: float = 30


class Graph(strawberry.federation.Schema):
    """`rights` names who may ask for each root field, by its name in the graph."""

    def __init__(
        self,
        *,
        query: type,
        mutation: type | None = None,
        subscription: type | None = None,
        types: Iterable[type] = (),
        rights: Mapping[str, Right],
        shows_schema: bool,
        scalars: Mapping[object, ScalarDefinition] | None = None,
        limits: Limits | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._documents = DocumentCache(self._limits, shows_schema=shows_schema)
        self._patience = patience or Patience()
        super().__init__(
            query=query,
            mutation=mutation,
            subscription=subscription,
            types=types,
            extensions=[self._read_once],
            execution_context_class=Execution,
            federation_version=FEDERATION_VERSION,
            config=StrawberryConfig(
                disable_field_suggestions=True, scalar_map={**SCALARS, **(scalars or {})}
            ),
        )
        self.plain_fields = find_plain_fields(self._schema)
        self._guard({**_FEDERATION_RIGHTS, **rights})

    @override
    def entities_resolver(
        self, info: Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        return cast("list[FederationAny]", resolve_entities(info, representations))

    @override
    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        with span("graphql") as told:
            result = await super().execute(
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                allowed_operation_types,
                operation_extensions,
            )
            if result.errors:
                result.errors = publish_errors(result.errors)
                mark_failed(told, code_of(result.errors[0]))
            return result

    @override
    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> Results:
        """Of subscriptions alone: what else there is goes over HTTP."""
        asked = self._create_execution_context(
            query=query,
            allowed_operation_types=allowed_operation_types or _SUBSCRIPTIONS,
            variable_values=variable_values,
            context_value=context_value,
            root_value=root_value,
            operation_name=operation_name,
            operation_extensions=operation_extensions,
        )
        extensions = self.get_extensions()
        for extension in extensions:
            extension.execution_context = asked
        return self._follow(asked, self.create_extensions_runner(asked, extensions))

    async def _follow(
        self, asked: ExecutionContext, runner: SchemaExtensionsRunner
    ) -> Results:
        try:
            async with runner.operation():
                refused = await self._prepare_operation_async(
                    context=asked, extensions_runner=runner
                )
                opened = (
                    (refused.errors or [])
                    if refused
                    else await open_events(self._schema, asked, runner)
                )
        except GraphQLError as unreadable:
            opened = [unreadable]
        except Exception as fault:  # noqa: BLE001 - published, and logged once
            opened = [GraphQLError(str(fault), original_error=fault)]
        if isinstance(opened, list):
            yield refuse(opened)
            return
        # It may last for hours: what set it up is not kept.
        del asked, runner
        results = answer_events(*opened)
        async with aclosing(results):
            async for result in results:
                yield result

    @override
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: Strawberry would log every error with its text; ours are logged once."""

    def _read_once(self) -> ReadOnce:
        return ReadOnce(
            self._documents,
            self._schema,
            self._limits,
            query_s=self._patience.query_s,
            mutation_s=self._patience.mutation_s,
        )

    def _guard(self, rights: Mapping[str, Right]) -> None:
        schema = self._schema
        fields: dict[str, GraphQLField] = {}
        for root in (schema.query_type, schema.mutation_type, schema.subscription_type):
            fields |= root.fields if root else {}
        if fields.keys() != rights.keys() & fields.keys():
            missing = sorted(fields.keys() - rights.keys())
            raise ValueError(f"root fields without a right: {', '.join(missing)}")
        if unknown := sorted(rights.keys() - fields.keys() - _FEDERATION_RIGHTS.keys()):
            raise ValueError(f"rights without a root field: {', '.join(unknown)}")
        changing = schema.mutation_type.fields if schema.mutation_type else {}
        for name, field in fields.items():
            demands = demand_to_change if name in changing else demand
            if field.subscribe is not None:
                field.subscribe = _guarded(field.subscribe, rights[name], demands)
            elif field.resolve is not None:
                field.resolve = _guarded(field.resolve, rights[name], demands)


def _guarded(resolve: Any, right: Right, demands: Callable[[Right, Caller], None]) -> Any:
    def resolve_with_right(
        source: Any, info: GraphQLResolveInfo[Any], /, **arguments: Any
    ) -> Any:
        demands(right, info.context.caller)
        return resolve(source, info, **arguments)

    return resolve_with_right
