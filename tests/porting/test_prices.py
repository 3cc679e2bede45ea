"""That porting in costs nothing: what porting keeps, says and offers has no room for a price."""

import re
from collections.abc import Iterator

import pytest
from graphql import build_ast_schema, parse

from libs.contracts.porting_events.registry import PORTING_EVENTS
from services.porting.schema.graph import build_graph

MONEY = {
    *("charge", "charged", "charges", "cost", "costs", "fee", "fees", "price", "prices"),
    *("amount", "cents", "currency", "money", "paid", "payment", "payments", "tax"),
}
# The losing carrier's fees, of which we warn.
NOT_OURS = {"PortingWarningId.LOSING_CARRIER_FEES"}


def speaking_of_money(names: Iterator[str]) -> set[str]:
    return {name for name in names if MONEY & words_in(name)}


def words_in(name: str) -> set[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return set(re.split(r"[^a-z]+", apart.lower()))


def test_a_price_would_be_noticed():
    names = iter(["PortRequest.setupFee", "lines.price_cents", "LinesCharged", "portRequest"])
    assert len(speaking_of_money(names)) == 3


@pytest.mark.requirement("S4")
def test_no_event_tells_of_a_charge():
    names = (
        f"{fact.__name__}.{name}" for fact in PORTING_EVENTS for name in fact.model_fields
    )
    assert speaking_of_money(names) == set()


@pytest.mark.requirement("S4")
def test_nothing_that_the_graph_asks_or_answers_is_a_price():
    schema = build_ast_schema(
        parse(build_graph(shows_schema=True).as_str()), assume_valid=True
    )
    names = (
        f"{kind}.{name}"
        for kind, known in schema.type_map.items()
        for name in [*getattr(known, "fields", {}), *getattr(known, "values", {})]
    )
    assert speaking_of_money(names) - NOT_OURS == set()


@pytest.mark.requirement("S4")
async def test_no_table_of_porting_has_a_column_for_a_price(database):
    async with database.working() as connection:
        columns = await connection.fetch(
            """
            SELECT table_name || '.' || column_name AS name
            FROM information_schema.columns
            WHERE table_schema = 'public'
            """
        )
    assert len(columns) > 100
    assert speaking_of_money(row["name"] for row in columns) == set()
