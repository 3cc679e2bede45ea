"""Every statement of notifications, on a migrated database."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from deploy.local.databases import DatabaseUrls
from libs.common.caller import Role
from libs.common.database import Database
from libs.common.memberships import memberships_of
from libs.common.paging import Page
from libs.contracts.number_events import AccountDisabled, AccountReactivated
from services.notifications.domain.status_changes import SubjectKind
from services.notifications.domain.visibility import PORTS, Watch
from services.notifications.store import (
    addresses,
    awaited,
    copies,
    dead_notices,
    due_notices,
    feed_entries,
    forgetting,
    gathering,
    members,
    notices,
    preferences,
    telling,
)
from services.notifications.store import status_changes as store
from services.notifications.use_cases.status_log import learn
from tests.databases import find_careless_functions, find_rights
from tests.notifications.callers import EVERYTHING, SUPPORT, hear, member
from tests.notifications.facts import (
    START,
    account_changed,
    approved,
    company_changed,
    event,
    first_call,
    lines_ported,
    member_changed,
    port_out_received,
    submitted,
)


async def all_rows(database: Database):
    async with database.working() as connection:
        return await store.find_after(connection, 0, 1_000)


async def seen_by(database: Database, caller, watch: Watch = EVERYTHING) -> list[str]:
    async with database.reading(caller) as connection:
        page = await store.find_page(connection, caller, watch, Page(size=100))
        count = await store.count_seen(connection, caller, watch)
    assert count == len(page.rows)
    return [change.subject for change in page.rows]


async def test_every_statement_can_be_prepared(database: Database) -> None:
    async with database.working() as connection:
        for statement in (
            *store.STATEMENTS,
            *copies.STATEMENTS,
            *addresses.STATEMENTS,
            *notices.STATEMENTS,
            *feed_entries.STATEMENTS,
            *awaited.STATEMENTS,
            *gathering.STATEMENTS,
            *members.STATEMENTS,
            *due_notices.STATEMENTS,
            *dead_notices.STATEMENTS,
            *forgetting.STATEMENTS,
            *telling.STATEMENTS,
            *preferences.STATEMENTS,
        ):
            await connection.prepare(statement)


async def test_the_log_is_numbered_without_a_gap_in_the_order_of_arrival(database) -> None:
    await hear(database, submitted("pr_1"), submitted("pr_2"))
    await hear(database, approved("pr_2"), first_call(), port_out_received())

    rows = await all_rows(database)

    assert [(row.log_id, row.subject) for row in rows] == [
        (1, "pr_1"),
        (2, "pr_2"),
        (3, "pr_2"),
        (4, "num_1"),
        (5, "po_1"),
    ]


async def test_a_number_that_was_rolled_back_is_given_again(database: Database) -> None:
    with suppress(ZeroDivisionError):
        async with database.working() as connection:
            await learn(connection, [submitted("pr_1")])
            1 / 0  # noqa: B018 - any fault

    logged = await hear(database, submitted("pr_2"))

    assert [change.log_id for change in logged] == [1]


async def test_a_version_is_logged_once(database: Database) -> None:
    await hear(database, submitted(), submitted())

    again = await hear(database, submitted(), approved())

    assert [change.sequence for change in again] == [2]
    assert [row.log_id for row in await all_rows(database)] == [1, 2]


async def test_what_arrives_after_a_newer_version_is_marked_late(database: Database) -> None:
    await hear(database, approved(sequence=2))
    await hear(database, submitted(sequence=1))

    rows = await all_rows(database)

    assert [(row.log_id, row.sequence, row.is_late) for row in rows] == [
        (1, 2, False),
        (2, 1, True),
    ]


async def test_versions_that_arrive_together_are_put_in_order(database: Database) -> None:
    await hear(database, approved(sequence=2), submitted("pr_2"), submitted(sequence=1))

    rows = await all_rows(database)

    assert [(row.subject, row.sequence) for row in rows] == [
        ("pr_1", 1),
        ("pr_2", 1),
        ("pr_1", 2),
    ]
    assert not any(row.is_late for row in rows)


async def test_the_first_ported_lines_are_told_and_the_others_not(database: Database) -> None:
    await hear(
        database, approved(sequence=2), lines_ported(sequence=3), lines_ported(sequence=4)
    )
    await hear(
        database, lines_ported(sequence=5), lines_ported(sequence=6, status="COMPLETED")
    )

    assert [row.sequence for row in await all_rows(database)] == [2, 3]


async def test_writers_at_the_same_time_leave_no_gap(database: Database) -> None:
    await asyncio.gather(
        *(hear(database, *(submitted(f"pr_{n}_{m}") for m in range(5))) for n in range(20))
    )

    assert [row.log_id for row in await all_rows(database)] == list(range(1, 101))


async def test_an_account_of_members_is_logged_for_replicas_and_shown_to_nobody(
    database,
) -> None:
    await hear(database, account_changed(), company_changed(), member_changed())

    (row,) = await all_rows(database)

    assert (row.subject_kind, row.account_id) == (SubjectKind.ACCOUNT, "acc_a")
    assert await seen_by(database, SUPPORT) == []
    assert await seen_by(database, member()) == []


async def test_a_copy_is_never_older_than_it_was(database: Database) -> None:
    find_memberships = memberships_of(database)
    await hear(
        database,
        member_changed(sequence=4, role="VIEWER", company_ids=["co_a", "co_b"]),
        member_changed(sequence=3, role="MANAGER"),
    )
    await hear(database, member_changed(sequence=2, role="ADMINISTRATOR"))

    (membership,) = await find_memberships("urn:portline:development-issuer", "mem_a")

    assert membership.role is Role.VIEWER
    assert membership.company_ids == {"co_a", "co_b"}


async def test_who_is_no_longer_active_has_no_membership(database: Database) -> None:
    await hear(database, member_changed(sequence=3), member_changed(sequence=4, active=False))

    assert await memberships_of(database)("urn:portline:development-issuer", "mem_a") == []


async def test_a_membership_says_whether_its_account_is_disabled(database: Database) -> None:
    async def is_disabled() -> bool:
        find_memberships = memberships_of(database)
        (membership,) = await find_memberships("urn:portline:development-issuer", "mem_a")
        return membership.account_is_disabled

    await hear(database, member_changed())
    assert not await is_disabled()
    ended = {"disabled": True, "disabled_at": START, "disabled_by": "support"}
    state = vars(account_changed().fact) | ended
    await hear(
        database, event(AccountDisabled(**state), "acc_a", 9), account_changed(sequence=8)
    )
    assert await is_disabled()
    await hear(database, event(AccountReactivated(**state | {"disabled": False}), "acc_a", 10))
    assert not await is_disabled()


async def fill(database: Database) -> None:
    await hear(
        database,
        submitted("pr_mine"),
        submitted("pr_colleague", requester_id="mem_b"),
        submitted("pr_other_company", company_id="co_b", requester_id="mem_b"),
        port_out_received("po_both", company_ids=["co_a", "co_b"]),
        first_call("num_b", company_id="co_b"),
        submitted("pr_foreign", account_id="acc_b", company_id="co_z", requester_id="mem_z"),
    )


@pytest.mark.requirement("S48")
@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (
            SUPPORT,
            ["pr_mine", "pr_colleague", "pr_other_company", "po_both", "num_b", "pr_foreign"],
        ),
        (member(), ["pr_mine", "pr_colleague", "pr_other_company", "po_both", "num_b"]),
        (member(Role.MANAGER, "co_a"), ["pr_mine", "pr_colleague", "po_both"]),
        (member(Role.VIEWER, "co_b"), ["pr_other_company", "po_both", "num_b"]),
        (member(Role.CLIENT_MANAGER, "co_a", "co_b"), ["pr_mine", "po_both", "num_b"]),
        (member(Role.CLIENT_MANAGER, "co_b"), ["po_both", "num_b"]),
        (member(Role.VIEWER), []),
        (member(account="acc_b"), ["pr_foreign"]),
    ],
)
async def test_everybody_sees_what_their_role_shows(database, caller, expected) -> None:
    await fill(database)

    assert await seen_by(database, caller) == expected


@pytest.mark.parametrize(
    "watch",
    [
        Watch(kinds=PORTS, account_id="acc_b"),
        Watch(kinds=PORTS, account_id="acc_unknown"),
        Watch(kinds=PORTS, company_id="co_z"),
        Watch(kinds=PORTS, company_id="co_unknown"),
        Watch(kinds=PORTS, port_request_id="pr_foreign"),
        Watch(kinds=PORTS, port_request_id="pr_unknown"),
    ],
)
async def test_what_is_not_yours_looks_like_what_is_unknown(database, watch) -> None:
    await fill(database)

    assert await seen_by(database, member(), watch) == []


@pytest.mark.requirement("S48")
async def test_row_security_alone_hides_other_accounts_and_other_requesters(database) -> None:
    await fill(database)
    client_manager = member(Role.CLIENT_MANAGER, "co_a", "co_b")

    async with database.reading(client_manager) as connection:
        rows = await connection.fetch("SELECT subject FROM status_changes ORDER BY log_id")
    async with database.reading(member(account="acc_none")) as connection:
        strangers_rows = await connection.fetch("SELECT subject FROM status_changes")

    assert [row["subject"] for row in rows] == ["pr_mine", "po_both", "num_b"]
    assert strangers_rows == []


async def test_the_login_role_itself_may_read_nothing(database: Database) -> None:
    for table in ("status_changes", "status_log", "members"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.fetch(f"SELECT * FROM {table}")


async def test_only_the_owner_could_change_the_tables(urls: DatabaseUrls, database) -> None:
    async with database.reading(member()) as connection:
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute("DELETE FROM status_changes")


_READ, _ADDED, _CHANGED = {"SELECT"}, {"SELECT", "INSERT"}, {"SELECT", "INSERT", "UPDATE"}
BOTH = {
    "status_log": _READ,
    "status_changes": _READ,
    "webhook_endpoints": _READ,
    "webhook_events": _READ,
    "webhook_deliveries": _READ,
    "webhook_attempts": _READ,
    "notification_choices": _READ,
    "notification_habits": _READ,
    "notices": _READ,
    "idempotency_keys": _ADDED,
}
MEMBERS = {
    "webhook_endpoints": _CHANGED,
    "webhook_secrets": _CHANGED | {"DELETE"},
    "webhook_events": _ADDED,
    "webhook_deliveries": _ADDED,
    "notification_choices": _CHANGED | {"DELETE"},
    "notification_habits": _CHANGED,
    "feed_entries": {"SELECT", "UPDATE"},
    "companies": _READ,
}
SUPPORTERS = {
    "inbox": {"SELECT", "UPDATE"},
    "dropped_events": _ADDED,
    "worked_events": {"INSERT"},
    "operator_acts": _ADDED,
    "replays": _ADDED,
    "mails": {"SELECT", "UPDATE"},
    "notices": {"SELECT", "UPDATE"},
    "mail_notices": _READ,
    "bouncing_addresses": {"SELECT", "DELETE"},
}


async def test_who_asks_may_read_the_log_and_do_only_what_is_listed_here(database) -> None:
    async with database.working() as connection:
        rights = await find_rights(connection, "notifications")
        careless = await find_careless_functions(connection)

    assert rights == {"tenant": BOTH | MEMBERS, "support": BOTH | SUPPORTERS}
    assert careless == []
