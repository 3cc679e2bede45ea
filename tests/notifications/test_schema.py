"""The printed schema of notifications."""

from pathlib import Path

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType

from services import notifications
from services.notifications.schema.graph import build_graph

PRINTED = Path(notifications.__file__).parent / "schema.graphql"


def test_the_printed_schema_is_the_present_one() -> None:
    assert PRINTED.read_text() == build_graph(shows_schema=True).as_str() + "\n", (
        "print it again: make snapshots"
    )


def parts():
    """Every name in the graph that is ours, with what carries its description."""
    for name, kind in build_graph(shows_schema=True)._schema.type_map.items():
        if name.startswith(("_", "link__")):
            continue
        if name not in {"Query", "Mutation", "Subscription"}:
            yield name, kind
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{key}", value) for key, value in kind.values.items())
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            yield from parts_of(name, kind.fields)


def parts_of(name, fields):
    for field_name, field in fields.items():
        if not field_name.startswith("_"):
            yield f"{name}.{field_name}", field
            for argument_name, argument in getattr(field, "args", {}).items():
                yield f"{name}.{field_name}({argument_name})", argument


def test_everything_in_the_graph_has_a_description() -> None:
    assert [name for name, part in parts() if not part.description] == []


def test_production_shows_no_schema() -> None:
    graph = build_graph(shows_schema=False)
    result = graph.execute_sync("{ __schema { queryType { name } } }")

    assert result.errors
