"""The list of port requests, as its page shows it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.porting.builders import a_draft, a_full_draft, a_line, found_house, phone, submit

LIST = """query ($first: Int) { portRequests(first: $first) { edges { node {
  name requesterName createdAt status
} } } }"""


@pytest.mark.requirement("S59")
async def test_the_list_shows_name_requester_date_and_status_the_newest_first(door, database):
    house = await found_house(database)
    submitted = await a_full_draft(
        database, house.manager, house.dental, [a_line(house.dental, phone(100))]
    )
    await submit(database, house.manager, submitted)
    await a_draft(database, house.administrator, house.dental, name="Second move")

    for caller in (house.administrator, "support"):
        shown = await door.see(caller, LIST)
        rows = [edge["node"] for edge in shown["portRequests"]["edges"]]
        dates = [datetime.fromisoformat(row.pop("createdAt")) for row in rows]

        assert [row["name"] for row in rows] == ["Second move", "Move"]
        assert [row["status"] for row in rows] == ["DRAFT", "AWAITING_AUTHORIZATION"]
        assert {row["requesterName"] for row in rows} == {"Ada Lovelace"}
        assert dates == sorted(dates, reverse=True)
        assert datetime.now(UTC) - dates[0] < timedelta(minutes=5)
