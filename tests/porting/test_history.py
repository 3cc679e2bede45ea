"""What is kept of every transition, and who reads how much of it."""

import asyncpg
import pytest

from libs.common.telemetry import continue_trace, current_trace_id
from libs.contracts.porting_events.requests import LinesPreconfigured
from services.porting.store import lines, requests
from services.porting.use_cases import submitting
from services.porting.use_cases.recording import about, act_as, save
from tests.porting.builders import (
    SUPPORT,
    a_draft,
    a_full_draft,
    a_line,
    a_request_with_the_carrier,
    found_house,
    phone,
    told,
)

HISTORY = """
query($id: ID!, $first: Int, $after: String) {
  portRequest(id: $id) {
    history(first: $first, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      edges { node {
        version event actorKind actor status reason correlationId lineCounts { state count }
      } }
    }
  }
}
"""


async def read(door, caller, request_id, **page):
    seen = await door.see(caller, HISTORY, id=request_id, **page)
    return seen["portRequest"]["history"]


def nodes(history):
    return [edge["node"] for edge in history["edges"]]


async def rows_of(database, request_id):
    async with database.working() as connection:
        return await connection.fetch(
            "SELECT * FROM history WHERE port_request_id = $1 ORDER BY version", request_id
        )


async def test_every_event_has_one_row_without_a_gap(database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100), phone(101)])
    events = await told(database, request_id)

    rows = await rows_of(database, request_id)

    assert [(row["version"], row["event_type"]) for row in rows] == [
        (event.sequence, event.type) for event in events
    ]
    assert [row["status"] for row in rows] == [event.fact.status for event in events]
    administrator = f"member:{house.administrator.member_id}"
    assert {row["actor"] for row in rows} == {administrator, "system", "support:desk"}


async def test_what_rolls_back_leaves_no_row(database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    before = await rows_of(database, request_id)
    with pytest.raises(ZeroDivisionError):
        await note_and_fail(database, request_id)
    assert await rows_of(database, request_id) == before


async def note_and_fail(database, request_id):
    async with database.transaction(SUPPORT) as connection:
        await note_something(connection, request_id)
        raise ZeroDivisionError


async def note_something(connection, request_id, **said):
    request = await requests.lock_request(connection, request_id)
    counts = await lines.count_lines(connection, request_id)
    await save(connection, request, about(LinesPreconfigured, request, counts), **said)


async def test_reason_trace_and_a_carriers_name_are_kept(database, door):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    async with database.working() as connection:
        with continue_trace(None):
            trace_id = current_trace_id()
            await act_as(connection, "carrier:Old Telecom")
            await note_something(connection, request_id, reason="because")

    history = await read(door, house.administrator, request_id)

    assert nodes(history)[-1] == {
        "version": 2,
        "event": "porting.lines_preconfigured.v1",
        "actorKind": "CARRIER",
        "actor": "Old Telecom",
        "status": "DRAFT",
        "reason": "because",
        "correlationId": trace_id,
        "lineCounts": [],
    }


async def test_customers_read_names_but_not_ours_and_nothing_internal(database, door):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])

    theirs = nodes(await read(door, house.administrator, request_id))
    ours = nodes(await read(door, "support", request_id))

    assert {node["actor"] for node in theirs} == {
        "Ada Lovelace",
        "Portline",
        "Portline support",
    }
    assert "desk" in {node["actor"] for node in ours}
    hidden = {node["event"] for node in ours} - {node["event"] for node in theirs}
    assert hidden == {"porting.draft_changed.v1", "porting.lines_readied.v1"}


async def test_pages_of_the_history_follow_each_other(database, door):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    whole = await read(door, "support", request_id)
    read_so_far, after = [], None
    while True:
        page = await read(door, "support", request_id, first=2, after=after)
        read_so_far += nodes(page)
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert read_so_far == nodes(whole)
    assert whole["totalCount"] == len(read_so_far)


async def test_a_client_manager_reads_no_row_of_anothers_request(database):
    house = await found_house(database)
    theirs = await a_full_draft(
        database, house.client_manager, house.dental, [a_line(house.dental, phone(100))]
    )
    async with database.transaction(house.client_manager) as connection:
        await submitting.submit_request(connection, house.client_manager, theirs)
    count = "SELECT count(*) FROM history"
    async with database.reading(house.client_manager) as connection:
        assert await connection.fetchval(count) > 0
    async with database.reading(house.second_client_manager) as connection:
        assert await connection.fetchval(count) == 0


async def test_nobody_rewrites_history(database):
    house = await found_house(database)
    await a_draft(database, house.administrator, house.dental)
    for change in ("UPDATE history SET actor = 'nobody'", "DELETE FROM history"):
        for transaction in (
            database.transaction(house.administrator),
            database.transaction(SUPPORT),
            database.working(),
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with transaction as connection:
                    await connection.execute(change)
