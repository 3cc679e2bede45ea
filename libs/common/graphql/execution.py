"""How a document is executed: plain fields without ceremony, and nothing kept between events.

A plain field is an attribute of a scalar or enum type. Nine of ten are, and for each of them
graphql-core builds a resolve info, looks for arguments and asks three times what the type is.
Whatever is not plain, or goes wrong, takes the whole way.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from graphql import GraphQLNonNull, GraphQLObjectType, GraphQLSchema, is_leaf_type
from graphql.execution import Executor
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from typing_extensions import override

# (type, field) → attribute, whether null is an answer, and how the value is written.
PlainFields: TypeAlias = Mapping[tuple[str, str], tuple[str, bool, Callable[[Any], Any]]]


def find_plain_fields(schema: GraphQLSchema) -> PlainFields:
    found = {}
    for parent in schema.type_map.values():
        if not isinstance(parent, GraphQLObjectType):
            continue
        for name, field in parent.fields.items():
            is_nullable = not isinstance(field.type, GraphQLNonNull)
            leaf: Any = field.type if is_nullable else field.type.of_type
            if is_leaf_type(leaf) and getattr(field.resolve, "_is_default", False):
                attribute = field.extensions["strawberry-definition"].python_name
                found[parent.name, name] = (attribute, is_nullable, leaf.coerce_output_value)
    return found


class Execution(StrawberryGraphQLCoreExecutionContext):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schema: Any = self.schema
        self._plain_fields: PlainFields = schema._strawberry_schema.plain_fields  # noqa: SLF001

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
