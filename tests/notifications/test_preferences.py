"""Preferences: what they do to mails and feeds, and how they are changed."""

import asyncio
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.caller import Role
from libs.contracts.refusals import Refusal, Refused
from services.notifications.domain.preferences import (
    ChoiceWish,
    Habits,
    HabitsWish,
    Locale,
    Pace,
    QuietHours,
    change_habits,
)
from services.notifications.domain.who_is_told import BY_LAW, Channel, EventGroup
from services.notifications.store import preferences as store
from services.notifications.use_cases.preferences import (
    change_company_defaults,
    change_preferences,
)
from services.notifications.use_cases.telling import Limits
from tests.databases import read_rows
from tests.notifications.callers import hear, member
from tests.notifications.facts import approved, company_changed, port_out_received
from tests.notifications.telling import add_people, learn, mailed, now, tell, told

ADA, MIA = "mem_ada", "mem_mia"
NEW_YORK = ZoneInfo("America/New_York")


def wish(group: EventGroup, channel: Channel, pace: Pace | None) -> ChoiceWish:
    return ChoiceWish(group=group, channel=channel, pace=pace)


def mails_of_requests(pace: Pace | None) -> ChoiceWish:
    return wish(EventGroup.REQUESTS, Channel.MAIL, pace)


async def choose(database, who: str, *choices: ChoiceWish, version=None, **habits) -> None:
    caller = member(Role.MANAGER, "co_a", id=who)
    async with database.transaction(caller) as connection:
        await change_preferences(connection, caller, HabitsWish(**habits), choices, version)


async def default(database, *choices: ChoiceWish, company: str = "co_a") -> None:
    caller = member(id=ADA)
    async with database.transaction(caller) as connection:
        await change_company_defaults(connection, caller, company, choices)


async def due_mails(database) -> list[tuple[str, datetime, bool, str]]:
    return await read_rows(
        database, "SELECT recipient, due_at, is_digest, locale FROM mails ORDER BY 1, 2"
    )


async def test_who_wants_no_mails_of_a_group_gets_them_in_the_feed(database):
    await add_people(database, mem_ada="ADMINISTRATOR", mem_mia="MANAGER")
    await choose(database, MIA, mails_of_requests(Pace.OFF))

    await learn(database, approved(requester_id=MIA))
    await tell(database)

    assert await mailed(database) == [("port_approved", ADA)]
    assert ("port_approved", MIA) in await told(database)


async def test_a_company_default_holds_for_who_chose_nothing(database):
    await add_people(database, mem_ada="ADMINISTRATOR", mem_mia="MANAGER")
    await hear(database, company_changed())
    await default(database, mails_of_requests(Pace.OFF))
    await choose(database, ADA, mails_of_requests(Pace.AT_ONCE))

    await learn(database, approved(requester_id=MIA))
    await tell(database)

    assert await mailed(database) == [("port_approved", ADA)]


async def test_of_two_companies_defaults_the_sooner_one_holds(database):
    await add_people(database, mem_ada="ADMINISTRATOR")
    await hear(database, company_changed())
    await default(database, wish(EventGroup.NUMBERS, Channel.MAIL, Pace.OFF))
    query = "SELECT default_delivery($1, 'numbers', 'mail')"

    assert await read_rows(database, query, ["co_a"]) == [("off",)]
    assert await read_rows(database, query, ["co_a", "co_b"]) == [("at_once",)]
    assert await read_rows(database, query, []) == [("at_once",)]


async def test_the_mails_of_a_day_are_one(database):
    await add_people(database, mem_ada="ADMINISTRATOR")
    await choose(
        database,
        ADA,
        mails_of_requests(Pace.DAILY),
        time_zone="America/New_York",
        digest_at="07:30",
        locale=Locale.CANADIAN_FRENCH,
    )

    await learn(database, approved("pr_1", requester_id=ADA))
    await tell(database)
    await learn(database, approved("pr_2", requester_id=ADA))
    await tell(database)

    [(recipient, due_at, is_digest, locale)] = await due_mails(database)
    assert (recipient, is_digest, locale) == (ADA, True, "fr-CA")
    assert due_at.astimezone(NEW_YORK).time() == time(7, 30)
    assert timedelta() < due_at - now() <= timedelta(hours=25)
    assert len(await mailed(database)) == 2


async def test_a_digest_that_is_being_sent_takes_nothing_in_any_more(database):
    await add_people(database, mem_ada="ADMINISTRATOR")
    await choose(database, ADA, mails_of_requests(Pace.DAILY))
    await learn(database, approved("pr_1", requester_id=ADA))
    await tell(database)
    async with database.working() as connection:
        await connection.execute("UPDATE mails SET state = 'sending'")

    await learn(database, approved("pr_2", requester_id=ADA))
    await tell(database)

    assert len(await due_mails(database)) == 2


async def test_quiet_hours_hold_mails_back_and_not_the_urgent_ones(database):
    await add_people(database, mem_ada="ADMINISTRATOR")
    here = now().astimezone(NEW_YORK)
    begins, ends = here - timedelta(hours=1), here + timedelta(hours=2)
    await choose(
        database,
        ADA,
        time_zone="America/New_York",
        quiet_hours=(f"{begins:%H:%M}", f"{ends:%H:%M}"),
    )

    await learn(database, approved(requester_id=ADA), port_out_received())
    await tell(database)

    urgent, held = sorted(due_at for _, due_at, _, _ in await due_mails(database))
    assert urgent <= now()
    assert held == ends.replace(second=0, microsecond=0)


@given(minutes=st.tuples(st.integers(0, 1439), st.integers(0, 1439)))
def test_a_time_of_day_is_read_as_it_is_shown(minutes):
    begins, ends = (time(minute // 60, minute % 60) for minute in minutes)
    shown = f"{begins:%H:%M}", f"{ends:%H:%M}"

    habits, faults = change_habits(Habits(), HabitsWish(quiet_hours=shown))

    if begins == ends:
        assert [fault.path for fault in faults] == [("input", "quietHours", "until")]
    else:
        assert faults == []
        assert habits.quiet_hours == QuietHours(begins=begins, ends=ends)


@pytest.mark.parametrize(
    ("at", "begins", "ends", "free_at"),
    [
        # Over midnight, in winter time of five hours behind.
        ("2026-01-10T03:30Z", "22:00", "07:00", "2026-01-10T12:00Z"),
        ("2026-01-10T11:59Z", "22:00", "07:00", "2026-01-10T12:00Z"),
        ("2026-01-10T12:00Z", "22:00", "07:00", "2026-01-10T12:00Z"),
        ("2026-01-10T02:59Z", "22:00", "07:00", "2026-01-10T02:59Z"),
        # Within a day.
        ("2026-01-10T17:30Z", "12:00", "13:00", "2026-01-10T18:00Z"),
        # The night in which an hour is left out, and the one in which an hour comes twice.
        ("2026-03-08T06:30Z", "22:00", "07:00", "2026-03-08T11:00Z"),
        ("2026-11-01T04:30Z", "22:00", "07:00", "2026-11-01T12:00Z"),
    ],
)
async def test_quiet_hours_end_by_the_members_clock(database, at, begins, ends, free_at):
    query = "SELECT after_quiet_hours($1, $2, $3, 'America/New_York')"
    hours = time.fromisoformat(begins), time.fromisoformat(ends)

    found = await read_rows(database, query, datetime.fromisoformat(at), *hours)

    assert found == [(datetime.fromisoformat(free_at),)]


@pytest.mark.parametrize("group", sorted(BY_LAW))
async def test_nobody_switches_off_what_the_law_needs(database, group):
    fine = mails_of_requests(Pace.OFF)

    with pytest.raises(Refused) as refused:
        await choose(database, ADA, fine, wish(group, Channel.MAIL, Pace.DAILY))

    [fault] = refused.value.refusals
    assert (fault.code, fault.path) == ("NEEDED_BY_LAW", ("input", "choices", "1", "delivery"))
    assert await read_rows(database, "SELECT * FROM notification_choices") == []


async def test_all_faults_are_told_at_once(database):
    with pytest.raises(Refused) as refused:
        await choose(
            database,
            ADA,
            wish(EventGroup.CASES, Channel.FEED, Pace.DAILY),
            time_zone="Mars/Olympus",
            quiet_hours=("25:00", "7"),
            digest_at="eight",
        )

    assert {fault.path[1:] for fault in refused.value.refusals} == {
        ("timeZone",),
        ("digestAt",),
        ("quietHours", "from"),
        ("quietHours", "until"),
        ("choices", "0", "delivery"),
    }


async def test_a_change_of_what_was_changed_meanwhile_is_refused(database):
    await choose(database, ADA, version=0, digest_at="09:00")

    with pytest.raises(Refusal) as refused:
        await choose(database, ADA, version=0, digest_at="10:00")

    assert refused.value.code == "CONFLICT"
    async with database.reading(member(id=ADA)) as connection:
        habits = await store.find_habits(connection, ADA)
    assert (habits.version, habits.digest_at) == (1, time(9))


async def test_of_two_changes_at_once_the_second_is_refused(database):
    caller = member(Role.MANAGER, "co_a", id=ADA)
    async with database.transaction(caller) as first:
        await change_preferences(first, caller, HabitsWish(digest_at="09:00"), [], None)
        second = asyncio.create_task(choose(database, ADA, digest_at="10:00"))
        await asyncio.sleep(0.05)

    with pytest.raises(Refusal) as refused:
        await second
    assert refused.value.code == "CONFLICT"


async def test_a_choice_that_is_taken_back_leaves_the_default(database):
    await choose(database, ADA, mails_of_requests(Pace.OFF))
    await choose(database, ADA, mails_of_requests(None), ends_quiet_hours=True)

    async with database.reading(member(id=ADA)) as connection:
        assert await store.find_choices(connection, "acc_a", ADA) == {}


async def test_a_company_of_another_account_is_unknown(database):
    await hear(database, company_changed("acc_b", company_id="co_b"))

    with pytest.raises(Refusal) as refused:
        await default(database, mails_of_requests(Pace.OFF), company="co_b")

    assert (refused.value.code, refused.value.path) == ("NOT_FOUND", ("input", "companyId"))


async def test_another_accounts_preferences_are_out_of_sight(database):
    await choose(database, ADA, mails_of_requests(Pace.OFF), digest_at="09:00")

    async with database.reading(member(account="acc_b", id=ADA)) as connection:
        assert await store.find_choices(connection, "acc_a", ADA) == {}
        assert await store.find_habits(connection, ADA) == Habits()


async def test_a_zone_that_only_this_machine_knows_is_refused(database, monkeypatch):
    monkeypatch.setattr("zoneinfo.available_timezones", lambda: {"Mars/Olympus"})

    with pytest.raises(Refused) as refused:
        await choose(database, ADA, time_zone="Mars/Olympus")

    assert [each.path for each in refused.value.refusals] == [("input", "timeZone")]


async def test_what_an_hour_has_too_much_of_waits_for_the_end_of_quiet_hours_too(database):
    await add_people(database, mem_ada="ADMINISTRATOR")
    last_hour = now().replace(minute=0, second=0, microsecond=0)
    begins, ends = last_hour + timedelta(hours=1), last_hour + timedelta(hours=3)
    await choose(
        database, ADA, time_zone="UTC", quiet_hours=(f"{begins:%H:%M}", f"{ends:%H:%M}")
    )

    await learn(database, *[approved(f"pr_{each}", requester_id=ADA) for each in range(4)])
    await tell(database, limits=Limits(mails_per_hour=2))

    assert [due_at for _, due_at, is_digest, _ in await due_mails(database) if is_digest] == [
        ends
    ]
