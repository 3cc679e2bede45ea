"""A graph's rights, entities, limits and errors."""

import gc
import logging
from dataclasses import replace
from enum import Enum

import pytest
from graphql import parse
from graphql.execution.collect_fields import FieldDetails

from libs.common.caller import Anonymous, Machine, Role, Stranger, Support
from libs.common.graphql.enums import publish_enum
from libs.common.graphql.errors import ErrorCode, Forbidden
from libs.common.graphql.limits import Limits, find_excess, find_excess_of_variables
from libs.common.graphql.rights import (
    ANYONE,
    EVEN_DISABLED,
    READERS,
    SUPPORT,
    demand_to_change,
)
from libs.common.graphql.schema import Graph
from tests.common.sample import (
    RIGHTS,
    Mutation,
    Query,
    Room,
    a_context,
    a_graph,
    a_login,
    a_member,
)

ENTITIES = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Line { id } } }"
OF_A_DISABLED_ACCOUNT = replace(a_member(), account_is_disabled=True)


async def run(query, caller=None, *, graph=None, room=None, **variables):
    context = a_context(caller or a_member(), room)
    return await (graph or a_graph()).execute(query, variables, context)


def codes(result):
    return [error.extensions["code"] for error in result.errors or []]


async def test_a_list_is_answered_with_its_count():
    result = await run(
        "{ lines { totalCount edges { cursor node { id } } pageInfo { endCursor } } }"
    )

    assert result.errors is None
    assert result.data == {
        "lines": {
            "totalCount": 7,
            "edges": [{"cursor": "c", "node": {"id": "ln_1"}}],
            "pageInfo": {"endCursor": "c"},
        }
    }


@pytest.mark.parametrize(
    "arguments",
    [
        "first: 0",
        "first: -1",
        "first: 101",
        "last: 100000000",
        "first: 1, last: 1",
        'after: "x"',
        'before: "W10"',
        'after: "WzFd"',
        'after: "é"',
        'after: ""',
    ],
)
async def test_a_bad_size_or_cursor_is_bad_user_input(arguments):
    result = await run(f"{{ lines({arguments}) {{ totalCount }} }}")

    assert codes(result) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("caller", "query", "expected"),
    [
        (Anonymous(), "{ lines { totalCount } }", ["UNAUTHENTICATED"]),
        (Stranger(login=a_login("x")), "{ lines { totalCount } }", ["FORBIDDEN"]),
        (
            Machine(login=a_login("m"), scopes=frozenset({"calls:report"})),
            "{ lines { totalCount } }",
            ["FORBIDDEN"],
        ),
        (Support(login=a_login("s")), "{ lines { totalCount } }", []),
        (a_member(Role.VIEWER), "{ lines { totalCount } }", []),
        (a_member(Role.VIEWER), "mutation { submit }", ["FORBIDDEN"]),
        (a_member(Role.CLIENT_MANAGER), "mutation { submit }", []),
        (OF_A_DISABLED_ACCOUNT, "mutation { submit }", ["FORBIDDEN"]),
        (OF_A_DISABLED_ACCOUNT, "{ lines { totalCount } }", []),
        (Anonymous(), "{ open }", []),
        (
            Anonymous(),
            "{ _entities(representations: []) { __typename } }",
            ["UNAUTHENTICATED"],
        ),
    ],
)
async def test_a_root_field_is_for_those_it_names(caller, query, expected):
    assert codes(await run(query, caller)) == expected


def test_members_of_a_disabled_account_change_what_is_open_even_to_them():
    with pytest.raises(Forbidden, match="disabled"):
        demand_to_change(READERS, OF_A_DISABLED_ACCOUNT)
    demand_to_change(READERS | EVEN_DISABLED, OF_A_DISABLED_ACCOUNT)
    with pytest.raises(Forbidden):
        demand_to_change(SUPPORT | EVEN_DISABLED, OF_A_DISABLED_ACCOUNT)


def test_a_root_field_without_a_right_is_not_built():
    with pytest.raises(ValueError, match="without a right: submit"):
        Graph(
            query=Query,
            mutation=Mutation,
            rights={n: r for n, r in RIGHTS.items() if n != "submit"},
            shows_schema=True,
        )


def test_a_right_without_a_root_field_is_not_built():
    with pytest.raises(ValueError, match="without a root field: lost"):
        Graph(
            query=Query,
            rights={
                "lost": ANYONE,
                **{
                    n: RIGHTS[n]
                    for n in ("lines", "who", "echo", "broken", "unreachable", "slow", "open")
                },
            },
            shows_schema=True,
        )


async def test_a_fault_is_masked_and_logged_once(caplog):
    result = await run("{ a: broken b: open }")

    (error,) = result.errors
    assert error.message == "Something went wrong on our side."
    assert error.extensions["code"] == "INTERNAL"
    assert "requestId" in error.extensions
    (record,) = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert record.action == "operation.failed"
    assert "secret" not in record.getMessage()


async def test_an_outage_is_told_as_unavailable_and_only_its_field_is_lost():
    result = await run("{ unreachable open }")

    assert result.data == {"unreachable": None, "open": "to all"}
    assert codes(result) == ["UNAVAILABLE"]
    assert "10.0.0.1" not in result.errors[0].message


async def test_a_query_that_takes_too_long_is_ended():
    result = await run("{ slow }", graph=a_graph(query_s=0.05))

    assert codes(result) == ["UNAVAILABLE"]


async def test_a_mutation_has_more_time_than_a_query():
    result = await run("mutation { submit }", graph=a_graph(query_s=0.05))

    assert result.data == {"submit": "done"}


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "}",
        "{ a(",
        "{ lnes { totalCount } }",
        "{ lines { totlCount } }",
        "query A { open } { open }",
        "{ open(first: 1) }",
        '{ lines(first: "x") { totalCount } }',
        "{ ...a }",
        '{ echo(at: "soon") }',
        '{ echo(at: "2026-01-31T09:30:00") }',
        "{ echo(at: 5) }",
        "subscription { news } query { open }",
    ],
)
async def test_a_document_that_cannot_be_run_is_bad_user_input(query):
    result = await run(query)

    assert set(codes(result)) == {"BAD_USER_INPUT"}
    assert all("Did you mean" not in error.message for error in result.errors)


@pytest.mark.parametrize(
    "query",
    ["{ " + "x" * 900 + " }", '{ echo(at: "' + "9" * 900 + '") }', "x" * 20_000, "{" * 300],
)
async def test_an_error_never_repeats_a_long_document(query):
    result = await run(query)

    assert codes(result)[0] == "BAD_USER_INPUT"
    assert sum(len(error.message.encode()) for error in result.errors) < 1024


async def test_a_wrong_variable_is_bad_user_input():
    result = await run("query($n: Int) { lines(first: $n) { totalCount } }", n="many")

    assert codes(result) == ["BAD_USER_INPUT"]


async def test_a_time_is_answered_in_utc():
    result = await run('{ echo(at: "2026-01-31T10:30:00+01:00") }')

    assert result.data == {"echo": "2026-01-31T09:30:00Z"}


@pytest.mark.parametrize(
    ("query", "word"),
    [
        (
            "{ lines { edges { node " + "{ again " * 14 + "{ id }" + " }" * 14 + " } } }",
            "depth",
        ),
        ("{ " + " ".join(f"a{n}: open" for n in range(51)) + " }", "aliases"),
        (
            "{ " + " ".join("__typename @include(if: true)" for _ in range(51)) + " }",
            "directives",
        ),
        ("{ " + "open " * 2100 + "}", "tokens"),
        ("{ open } #" + "x" * 33_000, "characters"),
        (
            "{ ...f }"
            + " ".join(
                f"fragment f{'' if n == 0 else n} on Query {{ ...f{n + 1} ...f{n + 1} }}"
                for n in range(30)
            )
            + " fragment f30 on Query { open open open }",
            "fields",
        ),
    ],
    ids=["depth", "aliases", "directives", "tokens", "characters", "fragments"],
)
async def test_a_document_that_is_too_large_is_refused(query, word):
    result = await run(query)

    assert codes(result) == ["BAD_USER_INPUT"]
    assert word in result.errors[0].message


@pytest.mark.parametrize(
    "values", [{"r": ["x"] * 10_000}, {"r": [[["x"] * 5_000], {"a": ["x"] * 5_000}]}]
)
async def test_variables_that_hold_too_much_are_refused_before_they_are_read(values):
    result = await run(ENTITIES, **values)

    assert codes(result) == ["BAD_USER_INPUT"]
    assert "10,000 values" in result.errors[0].message


def test_as_many_values_as_are_allowed_are_no_excess():
    assert find_excess_of_variables({"r": ["x"] * 9_998}, Limits()) is None
    assert find_excess_of_variables(None, Limits()) is None


def test_a_fragment_within_itself_is_measured_to_an_end():
    document = parse("{ ...a } fragment a on Query { open ...b } fragment b on Query { ...a }")

    assert find_excess(document, Limits()) is None


async def test_a_depth_of_sixteen_is_allowed():
    query = "{ lines { edges { node " + "{ again " * 12 + "{ id }" + " }" * 12 + " } } }"

    assert (await run(query)).errors is None


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { name } } }",
        '{ __type(name: "Line") { name } }',
        "{ _service { sdl } }",
        "{ ...a } fragment a on Query { __schema { types { name } } }",
        "{ ... { ... { _service { sdl } } } }",
    ],
)
async def test_production_does_not_show_the_schema(query):
    hidden, shown = a_graph(shows_schema=False), a_graph(shows_schema=True)

    assert codes(await run(query, graph=hidden)) == ["BAD_USER_INPUT"]
    assert codes(await run(query, graph=shown)) == []


async def test_many_entities_are_loaded_at_once_and_unknown_ones_are_null():
    room = Room()
    asked = [{"__typename": "Line", "id": key} for key in ("ln_1", "unknown", "ln_2")]

    result = await run(ENTITIES, room=room, r=asked)

    assert result.data == {"_entities": [{"id": "ln_1"}, None, {"id": "ln_2"}]}
    assert room.loads == [["ln_1", "unknown", "ln_2"]]


async def test_more_than_a_hundred_entities_are_refused():
    asked = [{"__typename": "Line", "id": "a"}] * 101

    assert codes(await run(ENTITIES, r=asked)) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "representation",
    [
        "text",
        7,
        [],
        {},
        {"id": "a"},
        {"__typename": "Line"},
        {"__typename": "Query"},
        {"__typename": {"a": 1}, "id": "a"},
        {"__typename": "PageInfo", "id": "a"},
        {"__typename": "Line", "id": {"a": 1}},
        {"__typename": "Line", "id": ["a"]},
        {"__typename": "Line", "id": 5},
        {"__typename": "Line", "id": None},
        {"__typename": "Line", "id": "x" * 300},
        {"__typename": "Line", "id": "a\0b"},
        {"__typename": "Line", "id": "a", "account": "acc_2"},
        {"__typename": "Line", "id": "a", "info": "mine"},
        {"__typename": "Line", "id": "a", "cls": "mine"},
    ],
)
async def test_a_malformed_representation_is_bad_user_input_and_harms_no_other(representation):
    result = await run(ENTITIES, r=[representation, {"__typename": "Line", "id": "ln_1"}])

    assert codes(result) == ["BAD_USER_INPUT"]
    assert result.data == {"_entities": [None, {"id": "ln_1"}]}


async def test_a_document_is_read_once(monkeypatch):
    graph = a_graph()
    await run("{ open }", graph=graph)
    monkeypatch.setattr(
        "libs.common.graphql.documents.parse", lambda *_: pytest.fail("read again")
    )

    assert (await run("{ open }", graph=graph)).data == {"open": "to all"}


async def test_kept_documents_are_bounded_by_their_length(monkeypatch):
    monkeypatch.setattr("libs.common.graphql.documents._CHARACTERS_KEPT", 100)
    graph = a_graph()

    for number in range(50):
        await run(f"query Q{number} {{ open }}", graph=graph)

    assert graph._documents._characters <= 100
    assert len(graph._documents._kept) < 10


def test_the_federation_version_is_one_that_composition_knows():
    assert 'federation/v2.9"' in a_graph().as_str()


def test_the_list_of_codes_is_closed():
    assert set(ErrorCode) == {
        "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "BAD_USER_INPUT", "RATE_LIMITED", "CONFLICT",
        "IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_IN_PROGRESS", "UNAVAILABLE", "INTERNAL",
    }  # fmt: skip


def test_an_enum_value_without_description_is_not_published():
    class Colour(Enum):
        RED = "RED"
        BLUE = "BLUE"

    with pytest.raises(ValueError, match="BLUE"):
        publish_enum(Colour, description="c", values={Colour.RED: "Red."})


def collected_fields():
    gc.collect()
    return sum(isinstance(each, FieldDetails) for each in gc.get_objects())


async def test_a_long_subscription_keeps_nothing_of_its_events():
    results = await a_graph().stream(
        "subscription { countTo(last: 300) { id } }", context_value=a_context(a_member())
    )
    counts = {}
    number = 0
    async for _ in results:
        number += 1
        if number in {100, 300}:
            counts[number] = collected_fields()

    assert counts[300] - counts[100] < 10
