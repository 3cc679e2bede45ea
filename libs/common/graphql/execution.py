"""How a document is executed: plain fields without ceremony, and a shared event once for all.

A plain field is an attribute of a scalar or enum type. Nine of ten are, and for each of them
graphql-core builds a resolve info, looks for arguments and asks three times what the type is.
Whatever is not plain, or goes wrong, takes the whole way.

An event that thousands of subscribers see alike is executed, and written as JSON, once for each
question that is asked of it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import Any, TypeAlias

import orjson
import strawberry
from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    VariableNode,
    is_leaf_type,
)
from graphql.execution import Executor
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from typing_extensions import override

# (type, field) → attribute, whether null is an answer, and how the value is written.
PlainFields: TypeAlias = Mapping[tuple[str, str], tuple[str, bool, Callable[[Any], Any]]]


# By operation and variables; the operation itself is kept, so that its id stays its own.
Answers: TypeAlias = dict[tuple[int, bytes], tuple[OperationDefinitionNode, ExecutionResult]]


class SharedData(dict[str, Any]):
    """An answer's data, written once however many are sent it."""

    @cached_property
    def payload(self) -> str:
        return orjson.dumps({"data": self}).decode()


@strawberry.type
class SharedEvent:
    """Base of a subscription's events in which every field is the same for whoever may see it.

    Subscribers share an answer where they are given the same object.
    """

    answers: strawberry.Private[Answers] = field(default_factory=dict, init=False)


def find_plain_fields(schema: GraphQLSchema) -> PlainFields:
    found = {}
    for parent in schema.type_map.values():
        if not isinstance(parent, GraphQLObjectType):
            continue
        for name, each in parent.fields.items():
            is_nullable = not isinstance(each.type, GraphQLNonNull)
            leaf: Any = each.type if is_nullable else each.type.of_type
            if is_leaf_type(leaf) and getattr(each.resolve, "_is_default", False):
                attribute = each.extensions["strawberry-definition"].python_name
                found[parent.name, name] = (attribute, is_nullable, leaf.coerce_output_value)
    return found


def _variables_in(node: Node) -> Iterator[str]:
    if isinstance(node, VariableNode):
        yield node.name.value
    for key in node.keys:
        value = getattr(node, key)
        for inner in value if isinstance(value, list | tuple) else (value,):
            if isinstance(inner, Node):
                yield from _variables_in(inner)


class Execution(StrawberryGraphQLCoreExecutionContext):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schema: Any = self.schema
        self._plain_fields: PlainFields = schema._strawberry_schema.plain_fields  # noqa: SLF001

    _question: tuple[int, bytes] | None = None

    @override
    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        """Forgets the last event: graphql-core 3.3.2 lets all events share one cache.

        Its keys are lists that are made anew for each event, so it never answers and only
        grows, by 4 kB an event where a handful of objects are selected.
        """
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}  # noqa: SLF001 - nothing public empties it
        executor._stream_usages = type(self._stream_usages)()  # noqa: SLF001
        return executor

    def answer(self, event: Any) -> Any:
        """An `ExecutionResult`, or the promise of one."""
        if not isinstance(event, SharedEvent):
            return self.build_per_event_executor(event).execute_operation(serially=False)
        if self._question is None:
            self._question = self._name_question()
        known = event.answers.get(self._question)
        if known is not None:
            return known[1]
        result: Any = self.build_per_event_executor(event).execute_operation(serially=False)
        if isinstance(result, ExecutionResult) and result.data and not result.errors:
            result.data = SharedData(result.data)
            event.answers[self._question] = (self.operation, result)
        return result

    def _name_question(self) -> tuple[int, bytes]:
        """What is selected. Arguments of the subscription itself decide only who hears what."""
        inner: list[Node | None] = list(self.fragment_definitions.values())
        for selection in self.operation.selection_set.selections:
            if isinstance(selection, FieldNode):
                inner += [selection.selection_set, *(selection.directives or ())]
            else:
                inner.append(selection)
        names = {name for node in inner if node is not None for name in _variables_in(node)}
        coerced = self.variable_values.coerced
        chosen = {name: coerced[name] for name in names if name in coerced}
        written = orjson.dumps(chosen, default=repr, option=orjson.OPT_SORT_KEYS)
        return id(self.operation), written

    @override
    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: Any,
        path: Any,
        position_context: Any,
    ) -> Any:
        name = field_details_list[0].node.name.value
        plain = self._plain_fields.get((parent_type.name, name))
        if plain is not None:
            attribute, is_nullable, write = plain
            try:
                value = getattr(source, attribute)
                if value is not None:
                    return write(value)
                if is_nullable:
                    return None
            except Exception:  # noqa: BLE001, S110 - told with its place on the whole way below
                pass
        return super().execute_field(
            parent_type, source, field_details_list, path, position_context
        )
