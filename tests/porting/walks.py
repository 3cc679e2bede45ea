"""Walks through the whole graph: every field that answers an object, from every root field.

What is asked is made from the schema, so that a new field is walked without being named here.
"""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_ast_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
    parse,
)

from services.porting.schema.graph import build_graph
from tests.porting.builders import now

SCHEMA: GraphQLSchema = build_ast_schema(
    parse(build_graph(shows_schema=True).as_str()), assume_valid=True
)
ENTITIES = ("PortRequest", "PortOut", "SupportCase", "Account", "TrackingNumber")
_PAGE, _PAGE_IN_A_PAGE = 10, 4
_SCALARS: dict[str, Any] = {
    "ID": "x",
    "String": "x",
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "PhoneNumber": "+12125550142",
    "Date": now().date().isoformat(),
    "DateTime": now().isoformat(),
}


def selection(kind: Any, lists: int, passed: tuple[str, ...] = ()) -> str:
    """Everything that can be asked of it; what was passed on the way is only named.

    A document may bring only so many objects: at most `lists` lists stand in each other.
    """
    if not isinstance(kind, GraphQLObjectType):
        return "{ __typename }"
    if kind.name in passed:
        return "{ id }" if "id" in kind.fields else "{ __typename }"
    parts = ["__typename"]
    for name, field in kind.fields.items():
        if any(is_required_argument(argument) for argument in field.args.values()):
            raise AssertionError(f"{kind.name}.{name} cannot be walked: it wants an argument")
        page = f"(first: {_PAGE_IN_A_PAGE})" if "first" in field.args else ""
        if page and lists == 0:
            continue
        answered = get_named_type(field.type)
        left = lists - bool(page)
        way = (*passed, kind.name)
        inner = "" if is_leaf_type(answered) else selection(answered, left, way)
        parts.append(f"{name}{page} {inner}")
    return f"{{ {' '.join(parts)} }}"


def questions(ids: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each root field of a query; one that takes an id is asked for each of `ids`."""
    assert SCHEMA.query_type is not None
    for name, field in SCHEMA.query_type.fields.items():
        if name.startswith("_"):
            continue
        answered = get_named_type(field.type)
        inner = "" if is_leaf_type(answered) else selection(answered, lists=2)
        wanted = [key for key, each in field.args.items() if is_required_argument(each)]
        if wanted == ["id"]:
            query = f"query ($id: ID!) {{ {name}(id: $id) {inner} }}"
            yield from ((query, {"id": each}) for each in ids)
        else:
            assert not wanted, f"{name} cannot be walked: it wants {wanted}"
            page = f"(first: {_PAGE})" if "first" in field.args else ""
            yield f"{{ {name}{page} {inner} }}", {}
    for entity in ENTITIES:
        inner = selection(SCHEMA.type_map[entity], lists=1)
        query = f"query ($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on {entity} {inner} }} }}"
        yield query, {"r": [{"__typename": entity, "id": each} for each in ids]}


def ids_in(answer: Any) -> set[str]:
    """All that it holds, at whatever depth; a list's count must agree with what it lists."""
    if isinstance(answer, list):
        return {each for part in answer for each in ids_in(part)}
    if not isinstance(answer, dict):
        return set()
    if answer.get("totalCount") is not None and not answer["pageInfo"]["hasNextPage"]:
        assert answer["totalCount"] == len(answer["edges"])
    found = {each for part in answer.values() for each in ids_in(part)}
    if isinstance(answer.get("id"), str):
        found.add(answer["id"])
    return found


def command(name: str, field: GraphQLField) -> tuple[str, dict[str, Any]]:
    """A root field with the least that it takes; ids in it name nothing."""
    variables = {
        key: each.type for key, each in field.args.items() if is_required_argument(each)
    }
    kind = (
        "mutation" if name in (SCHEMA.mutation_type or SCHEMA.query_type).fields else "query"
    )
    declared = ", ".join(f"${key}: {each}" for key, each in variables.items())
    passed = ", ".join(f"{key}: ${key}" for key in variables)
    inner = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
    text = f"{kind} {f'({declared})' if declared else ''} {{ {name}{f'({passed})' if passed else ''} {inner} }}"
    return text, {key: _a_value(each) for key, each in variables.items()}


def _a_value(kind: Any) -> Any:
    match kind:
        case GraphQLNonNull():
            return _a_value(kind.of_type)
        case GraphQLList():
            return [_a_value(kind.of_type)]
        case GraphQLScalarType():
            return _SCALARS[kind.name]
        case GraphQLEnumType():
            return next(iter(kind.values))
        case GraphQLInputObjectType():
            return {
                name: _a_value(field.type)
                for name, field in kind.fields.items()
                if is_required_input_field(field)
            }
    raise AssertionError(kind)
