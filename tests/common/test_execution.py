"""Plain fields are answered by the short way, and no differently."""

from enum import Enum
from typing import Any, cast

import pytest
import strawberry

from libs.common.graphql.enums import publish_enum
from libs.common.graphql.execution import find_plain_fields
from libs.common.graphql.rights import ANYONE
from libs.common.graphql.scalars import text_scalar
from libs.common.graphql.schema import Graph
from tests.common.sample import a_context, a_member


class Number(str):
    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Number":
        if not text.startswith("+"):
            raise ValueError("A number starts with +.")
        return cls(text)


class Colour(Enum):
    RED = "red"


publish_enum(Colour, description="A colour.", values={Colour.RED: "Red."})


@strawberry.type
class Thing:
    name: str
    colour: Colour
    number: Number
    note: str | None
    size: int
    names: list[str]

    @strawberry.field
    def loud_name(self) -> str:
        return self.name.upper()


@strawberry.type
class Query:
    @strawberry.field
    def thing(self, number: Number | None = None) -> Thing | None:
        return Thing(
            name="n",
            colour=Colour.RED,
            number=number or Number("+1"),
            note=None,
            size=1,
            names=["a"],
        )

    @strawberry.field
    def broken(self) -> Thing | None:
        nothing: Any = None
        return Thing(
            name=nothing, colour=nothing, number=Number("+1"), note="n", size=2**40, names=[]
        )

    @strawberry.field
    def missing(self) -> Thing | None:
        return cast("Thing", object.__new__(Thing))


NUMBER = text_scalar("Number", Number.parse, description="A number.")
GRAPH = Graph(
    query=Query,
    rights={"thing": ANYONE, "broken": ANYONE, "missing": ANYONE},
    shows_schema=True,
    scalars={Number: NUMBER},
)


async def run(query):
    return await GRAPH.execute(query, context_value=a_context(a_member()))


def test_only_attributes_of_scalars_and_enums_are_plain():
    names = {name for parent, name in find_plain_fields(GRAPH._schema) if parent == "Thing"}

    assert names == {"name", "colour", "number", "note", "size"}


async def test_plain_fields_are_written_as_their_types_say():
    result = await run(
        "{ thing { a: name colour number note size names loudName __typename } }"
    )

    assert result.errors is None
    assert result.data == {
        "thing": {
            "a": "n",
            "colour": "RED",
            "number": "+1",
            "note": None,
            "size": 1,
            "names": ["a"],
            "loudName": "N",
            "__typename": "Thing",
        }
    }


@pytest.mark.parametrize("field", ["name", "colour", "size"])
@pytest.mark.parametrize("thing", ["broken", "missing"])
async def test_what_cannot_be_written_is_a_masked_error_in_its_place(thing, field):
    result = await run(f"{{ {thing} {{ {field} }} }}")

    assert result.data == {thing: None}
    (error,) = result.errors
    assert (error.path, error.extensions["code"]) == ([thing, field], "INTERNAL")


async def test_a_scalar_that_is_born_at_the_edge_says_what_is_wrong():
    good = await run('{ thing(number: "+5") { number } }')
    bad = await run('{ thing(number: "5") { number } }')
    no_text = await run("{ thing(number: 5) { number } }")

    assert good.data == {"thing": {"number": "+5"}}
    assert "A number starts with +." in bad.errors[0].message
    assert no_text.errors[0].extensions["code"] == "BAD_USER_INPUT"
