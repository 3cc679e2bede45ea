"""Where a port-out is told: on the addresses known before the last day's changes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from libs.common.events import Event
from services.notifications.domain.addresses import MemberAddress, people_to_tell
from services.notifications.store.addresses import find_address_changes
from tests.notifications.callers import hear
from tests.notifications.facts import member_changed

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = 24 * HOUR


def addresses_to_tell(known: Iterable[MemberAddress], at: datetime) -> list[str]:
    return sorted({each.email for each in people_to_tell(known, at)})


def changes(member_id: str, *steps: tuple[timedelta, str, bool]) -> list[MemberAddress]:
    """A member's changes: how long ago, the address, and whether an administrator since."""
    return [
        MemberAddress(
            member_id=member_id,
            version=version,
            email=email,
            is_administrator=is_administrator,
            changed_at=NOW - ago,
        )
        for version, (ago, email, is_administrator) in enumerate(steps, start=1)
    ]


def test_an_address_of_long_ago_is_used():
    assert addresses_to_tell(changes("mem_1", (9 * DAY, "ada@x", True)), NOW) == ["ada@x"]


def test_a_change_of_the_last_day_is_passed_over_however_often_it_came():
    known = changes(
        "mem_1", (9 * DAY, "ada@x", True), (3 * HOUR, "eve@x", True), (HOUR, "mal@x", True)
    )
    assert addresses_to_tell(known, NOW) == ["ada@x"]
    assert addresses_to_tell(known, NOW + 22 * HOUR) == ["eve@x"]
    assert addresses_to_tell(known, NOW + 23 * HOUR) == ["mal@x"]


def test_a_change_counts_from_the_last_instant_of_its_day_on():
    known = changes("mem_1", (9 * DAY, "ada@x", True), (DAY, "new@x", True))
    assert addresses_to_tell(known, NOW) == ["new@x"]
    assert addresses_to_tell(known, NOW - timedelta(seconds=1)) == ["ada@x"]


@pytest.mark.parametrize("ago", [HOUR, 23 * HOUR])
def test_who_lost_the_role_or_the_account_in_the_last_day_is_told(ago):
    known = changes("mem_1", (9 * DAY, "ada@x", True), (ago, "ada@x", False))
    assert addresses_to_tell(known, NOW) == ["ada@x"]
    assert addresses_to_tell(known, NOW + DAY) == []


def test_who_became_an_administrator_in_the_last_day_is_told_at_the_address_of_before():
    known = changes("mem_1", (9 * DAY, "bob@x", False), (HOUR, "new@x", True))
    assert addresses_to_tell(known, NOW) == ["bob@x"]


def test_who_came_in_the_last_day_is_told_at_their_first_address():
    known = changes("mem_1", (3 * HOUR, "new@x", True), (HOUR, "newer@x", True))
    assert addresses_to_tell(known, NOW) == ["new@x"]


def test_managers_are_not_told_and_no_address_is_named_twice():
    known = [
        *changes("mem_1", (9 * DAY, "ada@x", True)),
        *changes("mem_2", (9 * DAY, "ada@x", True)),
        *changes("mem_3", (9 * DAY, "bob@x", False)),
    ]
    assert addresses_to_tell(known, NOW) == ["ada@x"]


def test_what_changed_after_the_fact_does_not_matter_to_it():
    known = changes("mem_1", (9 * DAY, "ada@x", True), (-HOUR, "eve@x", True))
    later = changes("mem_2", (-HOUR, "eve@x", True))
    assert addresses_to_tell([*reversed(known), *later], NOW) == ["ada@x"]


def changed(sequence: int, ago: timedelta, **given: object) -> Event:
    return replace(
        member_changed("acc_a", sequence=sequence, **given), time=datetime.now(UTC) - ago
    )


async def find(database, account_id: str = "acc_a") -> list[str]:
    async with database.working() as connection:
        known = await find_address_changes(connection, account_id)
    return addresses_to_tell(known, datetime.now(UTC))


async def test_an_address_that_was_changed_an_hour_ago_is_still_told_at_the_old_one(database):
    ada = {"member_id": "mem_1", "role": "ADMINISTRATOR"}
    await hear(database, changed(1, 9 * DAY, email="ada@x", **ada))
    stolen = changed(2, HOUR, email="eve@x", **ada)
    removed = changed(3, HOUR, email="eve@x", active=False, **ada)
    await hear(database, removed, stolen)
    await hear(database, stolen)

    assert await find(database) == ["ada@x"]
    assert await find(database, "acc_b") == []


async def test_what_a_newer_change_has_replaced_for_days_is_forgotten(database):
    ada = {"member_id": "mem_1", "role": "ADMINISTRATOR"}
    await hear(database, changed(1, 30 * DAY, email="first@x", **ada))
    await hear(database, changed(2, 20 * DAY, email="second@x", **ada))
    await hear(database, changed(3, HOUR, email="third@x", **ada))
    async with database.working() as connection:
        rows = await connection.fetch("SELECT email FROM member_addresses ORDER BY version")

    assert [row["email"] for row in rows] == ["second@x", "third@x"]
    assert await find(database) == ["second@x"]
