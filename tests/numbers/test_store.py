"""Numbers' tables: each statement fits them, and each role may do what it must and no more."""

import asyncpg
import pytest

from libs.common.paging import Listing
from services.numbers.domain.tracking_numbers import TABS, NumberState
from services.numbers.store import (
    account_changes,
    accounts,
    billing_periods,
    calls,
    inventory,
    logins,
    number_counts,
    number_words,
    port_out_disabling,
    ports_under_way,
    preconfigurations,
    quarantines,
    returns,
    tracking_numbers,
)
from services.numbers.store.inventory import every_statement
from tests.databases import find_careless_functions, find_rights
from tests.numbers.builders import add_number, found_account, phone

STORES = (
    account_changes,
    accounts,
    billing_periods,
    calls,
    inventory,
    logins,
    number_counts,
    number_words,
    port_out_disabling,
    ports_under_way,
    preconfigurations,
    quarantines,
    returns,
    tracking_numbers,
)


def statements():
    for store in STORES:
        for name, value in vars(store).items():
            if isinstance(value, Listing):
                yield from ((f"{name} {place}", sql) for place, sql in enumerate(value))
            elif name.startswith("_") and name.isupper() and isinstance(value, str):
                yield name, value
    yield from ((f"inventory {place}", sql) for place, sql in enumerate(every_statement()))


def test_there_are_statements_to_prepare():
    assert len(list(statements())) > 40


async def test_every_statement_fits_the_tables(database):
    async with database.working() as connection:
        for name, sql in statements():
            try:
                await connection.prepare(sql)
            except asyncpg.PostgresError as error:
                pytest.fail(f"{name}: {error}")


@pytest.mark.requirement("S67")
async def test_the_table_sorts_states_into_the_domain_s_tabs(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1))
    async with database.working() as connection:
        for state in NumberState:
            tab = await connection.fetchval(
                "UPDATE tracking_numbers SET state = $1 WHERE id = $2 RETURNING tab",
                state,
                number.id,
            )
            assert tab == TABS.get(state, "HIDDEN")


async def test_only_live_states_hold_their_phone_number(database):
    house = await found_account(database)
    old = await add_number(database, house, phone(1))
    for state in NumberState:
        async with database.working() as connection:
            await connection.execute(
                "UPDATE tracking_numbers SET state = $1 WHERE id = $2", state, old.id
            )
            copying = connection.execute(
                """
                INSERT INTO tracking_numbers
                  (id, account_id, company_id, state, phone_number, forwarding_number, name, source)
                SELECT $1, account_id, company_id, 'PRECONFIGURED', phone_number,
                  forwarding_number, name, source
                FROM tracking_numbers
                WHERE id = $2
                """,
                f"num_{state}",
                old.id,
            )
            if state in {NumberState.DISABLED, NumberState.RELEASED}:
                await copying
                await connection.execute(
                    "DELETE FROM tracking_numbers WHERE id = $1", f"num_{state}"
                )
            else:
                await connection.execute("SAVEPOINT before")
                with pytest.raises(asyncpg.UniqueViolationError, match="one_live_number"):
                    await copying
                await connection.execute("ROLLBACK TO SAVEPOINT before")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM tracking_numbers",
        "SELECT * FROM accounts",
        "SELECT * FROM members",
        "SELECT * FROM announced_lines",
        "INSERT INTO outbox DEFAULT VALUES",
    ],
)
async def test_without_a_role_nothing_can_be_read_or_written(database, sql):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.fetch(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM unknown_calls",
        "SELECT * FROM announced_lines",
        "SELECT * FROM preconfigurations",
        "SELECT * FROM outbox",
        "UPDATE tracking_numbers SET account_id = 'acc_1'",
        "UPDATE tracking_numbers SET phone_number = '+12125550100'",
        "UPDATE accounts SET in_trial = false",
        "INSERT INTO members (id) VALUES ('mem_1')",
        "DELETE FROM tracking_numbers",
        "DELETE FROM billing_periods",
        "UPDATE billing_periods SET account_id = 'acc_1'",
        "SELECT * FROM find_memberships('a', 'b')",
    ],
)
async def test_a_member_s_role_may_do_no_more_than_it_must(database, sql):
    house = await found_account(database)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(house.administrator) as connection:
            await connection.execute(sql)


READ = {"SELECT"}
RIGHTS = {
    "tenant": {
        "accounts": READ | {"UPDATE"},
        **dict.fromkeys(("companies", "members"), READ | {"INSERT", "UPDATE"}),
        **dict.fromkeys(("port_requests", "port_out_numbers"), READ),
        "tracking_numbers": READ | {"UPDATE"},
        "billing_periods": READ | {"INSERT", "UPDATE"},
        "number_counts": READ | {"INSERT", "UPDATE"},
        "number_words": READ | {"INSERT", "DELETE"},
        "idempotency_keys": READ | {"INSERT"},
        "outbox": {"INSERT"},
    },
    "support": {
        **dict.fromkeys(("accounts", "companies", "members"), READ | {"INSERT", "UPDATE"}),
        **dict.fromkeys(("port_requests", "port_out_numbers"), READ),
        "tracking_numbers": READ | {"UPDATE"},
        "billing_periods": READ | {"INSERT", "UPDATE"},
        "number_counts": READ | {"INSERT", "UPDATE"},
        "number_words": READ | {"INSERT", "DELETE"},
        "unknown_calls": READ,
        "idempotency_keys": READ | {"INSERT"},
        "outbox": {"INSERT"},
        "inbox": READ | {"UPDATE"},
        "dropped_events": READ | {"INSERT"},
        "worked_events": {"INSERT"},
        "operator_acts": READ | {"INSERT"},
        "replays": READ | {"INSERT"},
    },
}


async def test_who_asks_has_these_rights_and_no_others(database):
    async with database.working() as connection:
        assert await find_rights(connection, "numbers") == RIGHTS
        assert await find_careless_functions(connection) == []


async def test_every_table_has_forced_row_level_security(database):
    async with database.working() as connection:
        rows = await connection.fetch(
            """
            SELECT relname
            FROM pg_class
            WHERE relnamespace = 'public'::regnamespace
              AND relkind = 'r'
              AND NOT (relrowsecurity AND relforcerowsecurity)
            """
        )
    plumbing = {"schema_migrations", "outbox", "event_log", "inbox", "timers"}
    assert {row["relname"] for row in rows} - plumbing == set()
