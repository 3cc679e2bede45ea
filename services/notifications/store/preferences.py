"""Preferences in PostgreSQL: choices of members and companies, and members' habits."""

from collections.abc import Sequence
from typing import Final

from libs.common.database import Connection
from services.notifications.domain.preferences import (
    Choices,
    ChoiceWish,
    Habits,
    Locale,
    Pace,
    QuietHours,
)
from services.notifications.domain.who_is_told import Channel, EventGroup

_FIND_CHOICES: Final = """
    SELECT event_group, channel, delivery
    FROM notification_choices
    WHERE owner_id = $1
      AND account_id = $2
"""
_SAVE_CHOICES: Final = """
    INSERT INTO notification_choices (owner_id, account_id, event_group, channel, delivery)
    SELECT $1, $2, event_group, channel, delivery
    FROM unnest($3::text[], $4::text[], $5::text[]) AS given (event_group, channel, delivery)
    ON CONFLICT ON CONSTRAINT one_choice_per_group_and_channel DO UPDATE
    SET delivery = excluded.delivery
"""
_FORGET_CHOICES: Final = """
    DELETE FROM notification_choices
    USING unnest($3::text[], $4::text[]) AS given (event_group, channel)
    WHERE owner_id = $1
      AND account_id = $2
      AND notification_choices.event_group = given.event_group
      AND notification_choices.channel = given.channel
"""
_FIND_HABITS: Final = """
    SELECT locale, time_zone, quiet_from, quiet_until, digest_at, version
    FROM notification_habits
    WHERE member_id = $1
"""
# Nothing comes back where they have another version by now.
_SAVE_HABITS: Final = """
    INSERT INTO notification_habits (
      member_id, account_id, locale, time_zone, quiet_from, quiet_until, digest_at, version
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8 + 1)
    ON CONFLICT (member_id) DO UPDATE
    SET locale = excluded.locale, time_zone = excluded.time_zone,
      quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until,
      digest_at = excluded.digest_at, version = excluded.version
    WHERE notification_habits.version = $8
    RETURNING version
"""
_KNOWS_ZONE: Final = "SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = $1)"
_HAS_COMPANY: Final = """
    SELECT EXISTS (
      SELECT FROM companies WHERE company_id = $1 AND account_id = $2
    )
"""
STATEMENTS: Final = (
    _FIND_CHOICES,
    _SAVE_CHOICES,
    _FORGET_CHOICES,
    _FIND_HABITS,
    _SAVE_HABITS,
    _KNOWS_ZONE,
    _HAS_COMPANY,
)


async def find_choices(connection: Connection, account_id: str, owner_id: str) -> Choices:
    """Of a member or a company, only what they chose."""
    return {
        (EventGroup(row["event_group"]), Channel(row["channel"])): Pace(row["delivery"])
        for row in await connection.fetch(_FIND_CHOICES, owner_id, account_id)
    }


async def save_choices(
    connection: Connection, account_id: str, owner_id: str, wishes: Sequence[ChoiceWish]
) -> None:
    """The last wish for a place holds."""
    last = {wish.place: wish for wish in wishes}.values()
    kept = [wish for wish in last if wish.pace is not None]
    gone = [wish for wish in last if wish.pace is None]
    if kept:
        await connection.execute(
            _SAVE_CHOICES,
            owner_id,
            account_id,
            [wish.group for wish in kept],
            [wish.channel for wish in kept],
            [wish.pace for wish in kept],
        )
    if gone:
        await connection.execute(
            _FORGET_CHOICES,
            owner_id,
            account_id,
            [wish.group for wish in gone],
            [wish.channel for wish in gone],
        )


async def find_habits(connection: Connection, member_id: str) -> Habits:
    row = await connection.fetchrow(_FIND_HABITS, member_id)
    if row is None:
        return Habits()
    quiet = None
    if row["quiet_from"] is not None:
        quiet = QuietHours(begins=row["quiet_from"], ends=row["quiet_until"])
    return Habits(
        locale=Locale(row["locale"]),
        time_zone=row["time_zone"],
        quiet_hours=quiet,
        digest_at=row["digest_at"],
        version=row["version"],
    )


async def save_habits(
    connection: Connection, account_id: str, member_id: str, habits: Habits
) -> bool:
    """At the next version; false where somebody was faster."""
    quiet = habits.quiet_hours
    version = await connection.fetchval(
        _SAVE_HABITS,
        member_id,
        account_id,
        habits.locale,
        habits.time_zone,
        quiet.begins if quiet else None,
        quiet.ends if quiet else None,
        habits.digest_at,
        habits.version,
    )
    return version is not None


async def knows_time_zone(connection: Connection, name: str) -> bool:
    """The database may have another edition of the zones than this machine."""
    known: bool = await connection.fetchval(_KNOWS_ZONE, name)
    return known


async def has_company(connection: Connection, account_id: str, company_id: str) -> bool:
    found: bool = await connection.fetchval(_HAS_COMPANY, company_id, account_id)
    return found
