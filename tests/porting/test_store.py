"""Every statement against a migrated database, as the roles that send it."""

from collections.abc import Iterator

import asyncpg
import pytest

from deploy.local.databases import DatabaseUrls
from libs.common.caller import Anonymous
from libs.common.paging import Listing
from services.porting.store import (
    carrier_message_lists,
    carrier_orders,
    copies,
    desk_queue,
    documents,
    estimates,
    faults,
    heard_messages,
    history,
    letter_renderings,
    letters,
    line_states,
    lines,
    pins,
    port_out_history,
    port_out_numbers,
    port_out_reports,
    port_outs,
    request_changes,
    requests,
    signing_links,
    submission_grounds,
    support_cases,
    told_messages,
    uploads,
)
from tests.databases import find_careless_functions
from tests.porting.builders import SUPPORT, a_draft, found_house

STORES = (
    carrier_message_lists, carrier_orders, copies, desk_queue, documents, estimates, faults,
    heard_messages, history, letter_renderings, letters, line_states, lines, pins,
    port_out_history, port_out_numbers, port_out_reports, port_outs, request_changes, requests,
    signing_links, submission_grounds, support_cases, told_messages, uploads,
)  # fmt: skip
# What a statement is put together from.
PARTS = ("COLUMNS", "CONDITION", "TEMPLATE")
TABLES = (
    "accounts", "companies", "members", "inventory_numbers", "port_requests", "lines",
    "letters", "uploads", "documents", "port_outs", "port_out_numbers", "history",
    "faults", "carrier_orders", "support_cases", "case_messages", "case_notes",
    "signing_links", "pins", "pin_uses", "carrier_messages", "port_out_history",
)  # fmt: skip


def statements() -> Iterator[tuple[str, str]]:
    for store in STORES:
        for name, value in vars(store).items():
            if isinstance(value, Listing):
                for place, statement in enumerate(value):
                    yield f"{store.__name__}.{name}.{place}", statement
            elif isinstance(value, str) and name.isupper() and not name.endswith(PARTS):
                yield f"{store.__name__}.{name}", value


ALL = dict(statements())


def test_there_are_as_many_statements_as_there_were():
    assert len(ALL) > 60


async def test_every_statement_can_be_prepared(database):
    async with database.working() as connection:
        for statement in (*ALL.values(), *desk_queue.every_statement()):
            await connection.prepare(statement)


async def test_every_table_has_row_level_security_even_for_its_owner(database):
    async with database.working() as connection:
        rows = await connection.fetch(
            """
            SELECT relname FROM pg_class
            WHERE relname = ANY($1) AND relrowsecurity AND relforcerowsecurity
            """,
            TABLES,
        )
    assert {row["relname"] for row in rows} == {*TABLES}


async def test_no_table_is_forgotten(database):
    async with database.working() as connection:
        rows = await connection.fetch(
            """
            SELECT relname FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
              AND NOT relrowsecurity
            """
        )
    unguarded = {row["relname"] for row in rows}
    assert unguarded <= {"outbox", "event_log", "inbox", "timers", "schema_migrations"}


async def test_functions_of_the_owner_only_read_and_only_our_tables(database):
    async with database.working() as connection:
        assert await find_careless_functions(connection) == []


async def test_who_forgets_to_take_a_role_reads_nothing(urls: DatabaseUrls):
    connection = await asyncpg.connect(urls.database_url)
    try:
        for table in TABLES:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"SELECT * FROM {table}")
    finally:
        await connection.close()


async def test_nobody_sees_no_row(database):
    house = await found_house(database)
    await a_draft(database, house.administrator, house.dental)
    for table in set(TABLES) - {"case_notes", "pin_uses", "carrier_messages"}:
        async with database.reading(Anonymous()) as connection:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
    async with database.reading(SUPPORT) as connection:
        assert await connection.fetchval("SELECT count(*) FROM port_requests") == 1


async def test_an_account_cannot_write_into_another(database):
    house, other = await found_house(database), await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    async with database.transaction(other.administrator) as connection:
        changed = await connection.execute("UPDATE port_requests SET name = 'mine'")
    assert changed == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(other.administrator) as connection:
            await connection.execute(
                """
                INSERT INTO letters (id, port_request_id, account_id, state, subscriber)
                VALUES ('ltr_1', $1, $2, 'DRAFT', '{}')
                """,
                request_id,
                house.id,
            )


async def test_copies_of_what_numbers_owns_are_written_by_events_only(database):
    house = await found_house(database)
    for table in ("accounts", "companies", "members", "inventory_numbers"):
        for caller in (house.administrator, SUPPORT):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(caller) as connection:
                    await connection.execute(f"UPDATE {table} SET version = 0")


async def test_a_caller_is_told_only_that_a_number_is_taken(database):
    async with database.reading((await found_house(database)).viewer) as connection:
        taken = await connection.prepare("SELECT * FROM find_taken_numbers($1)")
        forwarded = await connection.prepare("SELECT * FROM find_forwarded_to($1)")
        told = [*taken.get_attributes(), *forwarded.get_attributes()]
    columns = [each.name for each in told]
    assert columns == ["phone_number", "is_ours", "phone_number"]
