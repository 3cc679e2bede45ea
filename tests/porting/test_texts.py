"""A text that no column can hold is refused at its place, in every input of every command."""

from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
    is_required_input_field,
)

from tests.porting.builders import found_house
from tests.porting.walks import SCHEMA, _a_value, command

UNREADABLE = "a\0b"
# It takes one of three ways to name events, and is refused with the two that are filled in here.
ONE_OF_THREE = "redrivePortingDeadEvents"
MUTATIONS = [name for name in SCHEMA.mutation_type.fields if name != ONE_OF_THREE]
PAYLOAD = "{ userErrors { code message path } }"
_TEXTS = {"String", "ID"}
# They have an error of their own, which does not say where a PIN was wrong beside others.
OTHERWISE = {"idempotencyKey", "expectedVersion", "pin", "pinAnswer"}
# The name of a file loses what no name has.
FILENAME = ("input", "filename")


def spoiled(kind, path=()):
    """The whole input with that text wherever one fits, and all the places of it."""
    if isinstance(kind, GraphQLNonNull):
        return spoiled(kind.of_type, path)
    if isinstance(kind, GraphQLList):
        value, places = spoiled(kind.of_type, (*path, "0"))
        return [value], places
    if isinstance(kind, GraphQLScalarType) and kind.name in _TEXTS:
        return UNREADABLE, {path}
    assert isinstance(kind, GraphQLInputObjectType)
    values, places = {}, set()
    for name, field in kind.fields.items():
        if name in OTHERWISE:
            continue
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType) or inner.name in _TEXTS:
            value, its_places = spoiled(field.type, (*path, name))
            values |= {name: value} if its_places else {}
            places |= its_places
        elif is_required_input_field(field):
            values[name] = _a_value(field.type)
    return values, places


async def refusals(door, callers, mutation):
    """By whoever may ask for it."""
    field = SCHEMA.mutation_type.fields[mutation]
    text, variables = command(mutation, field)
    values, places = spoiled(field.args["input"].type, ("input",))
    given = {**variables["input"], **values}
    for caller in callers:
        answer = await door.ask(caller, text.replace("{ __typename }", PAYLOAD), input=given)
        if "errors" not in answer:
            return places, answer["data"][mutation]["userErrors"]
    raise AssertionError((mutation, answer))


async def test_a_text_that_no_column_holds_is_a_user_error_at_its_place(door, database):
    house = await found_house(database)
    callers = ("support", house.administrator, "port-outs:report")
    for mutation in MUTATIONS:
        places, told = await refusals(door, callers, mutation)
        paths = {tuple(error["path"]) for error in told}
        assert (mutation, places - paths - {FILENAME}) == (mutation, set())
        assert UNREADABLE not in str(told)
