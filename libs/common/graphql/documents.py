"""Documents that were read before.

A gateway sends few and always the same, so each is parsed, measured and validated once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema, parse, specified_rules
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document
from strawberry.types.graphql import OperationType
from typing_extensions import override

from libs.common.graphql.limits import (
    Limits,
    asks_for_schema,
    find_excess,
    find_excess_of_variables,
)
from libs.common.tracing import describe_operation

# Parsed documents weigh some sixty times their text: this bounds them to about 15 MB.
_CHARACTERS_KEPT = 262_144
_LONGEST_KEPT = 16_384


@dataclass(frozen=True, kw_only=True)
class ReadDocument:
    document: DocumentNode
    errors: list[GraphQLError]


class DocumentCache:
    """Bounded by characters, not by count: five hundred long documents would be a leak."""

    def __init__(self, limits: Limits, *, shows_schema: bool) -> None:
        self._limits = limits
        self._shows_schema = shows_schema
        self._kept: OrderedDict[str, ReadDocument] = OrderedDict()
        self._characters = 0

    def read(self, text: str, schema: GraphQLSchema) -> ReadDocument:
        """Raises `GraphQLError` where the text is no document."""
        if (known := self._kept.get(text)) is not None:
            self._kept.move_to_end(text)
            return known
        read = self._read_anew(text, schema)
        if len(text) <= _LONGEST_KEPT:
            self._keep(text, read)
        return read

    def _read_anew(self, text: str, schema: GraphQLSchema) -> ReadDocument:
        if len(text) > self._limits.characters:
            raise GraphQLError(
                f"The document is too long: at most {self._limits.characters} characters."
            )
        document = parse(text, max_tokens=self._limits.tokens)
        if (excess := find_excess(document, self._limits)) is not None:
            return ReadDocument(document=document, errors=[excess])
        if not self._shows_schema and asks_for_schema(document):
            refusal = GraphQLError("The schema is not shown here.")
            return ReadDocument(document=document, errors=[refusal])
        errors = validate_document(schema, document, tuple(specified_rules))
        return ReadDocument(document=document, errors=errors)

    def _keep(self, text: str, read: ReadDocument) -> None:
        self._kept[text] = read
        self._characters += len(text)
        while self._characters > _CHARACTERS_KEPT:
            oldest, _ = self._kept.popitem(last=False)
            self._characters -= len(oldest)


class ReadOnce(SchemaExtension):
    """Takes parsing and validation from the cache, and bounds an operation's variables and time."""

    def __init__(
        self,
        cache: DocumentCache,
        schema: GraphQLSchema,
        limits: Limits,
        *,
        query_s: float,
        mutation_s: float,
    ) -> None:
        super().__init__()
        self._limits = limits
        self._cache = cache
        self._schema = schema
        self._query_s = query_s
        self._mutation_s = mutation_s

    @override
    def on_parse(self) -> Generator[None, None, None]:
        context = self.execution_context
        if context.query:
            read = self._cache.read(context.query, self._schema)
            context.graphql_document = read.document
            context.pre_execution_errors = read.errors or self._errors_of(context.variables)
        yield

    def _errors_of(self, variables: dict[str, Any] | None) -> list[GraphQLError]:
        excess = find_excess_of_variables(variables, self._limits)
        return [excess] if excess else []

    @override
    async def on_execute(self) -> AsyncGenerator[None, None]:
        operation = self.execution_context
        describe_operation(operation.operation_type.value, operation.operation_name)
        is_mutation = operation.operation_type is OperationType.MUTATION
        async with asyncio.timeout(self._mutation_s if is_mutation else self._query_s):
            yield
