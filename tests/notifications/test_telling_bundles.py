"""Many at once, late, or twice: bundles, limits, waiting, and faults of telling."""

import asyncio
from datetime import timedelta

import pytest

from libs.common.database import DATABASE_LOST
from libs.contracts.porting_events.lines import LinesPorted
from libs.contracts.porting_events.requests import PortCompleted
from services.notifications.use_cases import telling as use_case
from services.notifications.use_cases.telling import Limits
from services.notifications.workers.telling import TellingWorker
from tests.databases import read_rows
from tests.notifications.callers import hear
from tests.notifications.facts import (
    NUMBER,
    START,
    approved,
    event,
    first_call,
    member_changed,
    port_out_received,
    submitted,
)
from tests.notifications.telling import (
    LIMITS,
    add_people,
    learn,
    mailed,
    now,
    tell,
    told,
)

ADA = "mem_ada"
GATHERED = timedelta(minutes=11)
PORTED = {
    "line_id": "ln_1",
    "tracking_number": NUMBER,
    "ported_at": START,
    "evidence": "carrier",
}


def ported(sequence: int, lines: int = 2, **given: object):
    said = submitted(requester_id=ADA).fact.model_dump() | {"status": "PORTING"} | given
    fact = LinesPorted(**said, batch=1, of=1, lines=[PORTED] * lines)
    return event(fact, "pr_1", sequence)


def completed(sequence: int):
    said = submitted(requester_id=ADA).fact.model_dump() | {"status": "COMPLETED"}
    return event(PortCompleted(**said, completed_at=START, partial=False), "pr_1", sequence)


@pytest.mark.requirement("S68")
async def test_numbers_that_port_at_different_times_are_told_together(database):
    await add_people(database, mem_ada="ADMINISTRATOR")

    await learn(database, ported(4), ported(5, lines=3))
    await learn(database, ported(6, lines=4), ported(5, lines=3))
    assert await tell(database) == 0
    await tell(database, after=GATHERED)

    assert await mailed(database) == [("lines_ported", ADA)]
    assert await read_rows(
        database,
        "SELECT content->'number_count' FROM notices WHERE message = 'lines_ported'",
    ) == [("9",)]


@pytest.mark.requirement("S68")
async def test_ported_numbers_that_the_completion_covers_are_not_told_beside_it(database):
    await add_people(database, mem_ada="ADMINISTRATOR")

    await learn(database, ported(4))
    await learn(database, ported(5, status="COMPLETED"), completed(6))
    await tell(database, after=GATHERED)

    assert await mailed(database) == [("port_completed", ADA)]


@pytest.mark.requirement("S68")
async def test_what_ports_after_a_bundle_was_told_is_in_the_next(database):
    await add_people(database, mem_ada="ADMINISTRATOR")

    await learn(database, ported(4))
    await tell(database, after=GATHERED)
    await learn(database, ported(4), ported(5))
    await tell(database, after=GATHERED)
    await learn(database, completed(7))
    await tell(database)

    assert await mailed(database) == [
        ("lines_ported", ADA),
        ("lines_ported", ADA),
        ("port_completed", ADA),
    ]


async def test_first_calls_of_a_request_are_one_entry_for_whoever_asked_for_it(database):
    await add_people(database, mem_ada="ADMINISTRATOR", mem_mia="MANAGER")
    await learn(database, submitted(requester_id="mem_mia", authorized_by=ADA))
    await learn(database, *[first_call(f"num_{place}") for place in range(300)])
    await tell(database, after=GATHERED)

    entries = [each for each in await told(database) if each[0] == "first_call_received"]
    assert entries == [("first_call_received", ADA), ("first_call_received", "mem_mia")]
    assert await read_rows(
        database,
        "SELECT content->'number_count' FROM notices WHERE message = 'first_call_received'",
    ) == [("300",)]


async def test_an_hour_has_so_many_mails_the_last_of_which_gathers_the_rest(database):
    await add_people(database, mem_ada="ADMINISTRATOR")
    limits = Limits(mails_per_hour=5)

    for first in (0, 250):
        requests = range(first, first + 250)
        await learn(database, *[approved(f"pr_{each}", requester_id=ADA) for each in requests])
        await tell(database, limits=limits)

    counts = "SELECT is_digest, count(*) FROM mails GROUP BY 1 ORDER BY 1"
    assert await read_rows(database, counts) == [(False, 4), (True, 1)]
    assert len(await mailed(database)) == 500
    assert len(await told(database)) == 500


async def test_what_the_law_needs_is_mailed_one_by_one(database):
    await add_people(database, mem_ada="ADMINISTRATOR")

    await learn(database, *[port_out_received(f"po_{each}") for each in range(9)])
    await tell(database, limits=Limits(mails_per_hour=2))

    assert await read_rows(database, "SELECT count(*) FROM mails WHERE NOT is_digest") == [
        (9,)
    ]


async def test_an_hours_silence_is_caught_up_once_and_completely(database):
    await add_people(database, mem_ada="ADMINISTRATOR")
    missed = [approved(f"pr_{each}", requester_id=ADA) for each in range(50)]

    await learn(database, *missed, port_out_received(), before=timedelta(hours=1))
    await learn(database, *missed[:20], port_out_received(), before=timedelta(hours=1))
    await tell(database)

    assert len(await told(database)) == len(set(await _subjects(database))) == 51


async def test_what_happened_long_ago_is_told_to_nobody(database):
    await add_people(database, mem_ada="ADMINISTRATOR")

    await learn(database, approved(requester_id=ADA), before=timedelta(days=8))
    await tell(database)

    assert await told(database) == await mailed(database) == []
    assert await read_rows(
        database, "SELECT state, reason FROM notices WHERE subject = 'pr_1'"
    ) == [("told", "TOO_OLD")]


async def test_a_notice_waits_for_the_copy_of_its_account(database):
    await learn(database, approved(requester_id=ADA))
    await tell(database)
    assert await told(database) == []

    await add_people(database, mem_ada="ADMINISTRATOR")
    await tell(database, after=timedelta(seconds=5))

    assert await mailed(database) == [("port_approved", ADA)]


async def test_a_notice_waits_for_the_copy_of_an_administrator(database):
    await add_people(database, mem_mia="MANAGER")
    await learn(
        database,
        submitted(
            requester_id="mem_mia", submitted_by="mem_mia", status="AWAITING_AUTHORIZATION"
        ),
    )
    await tell(database)

    await hear(
        database, member_changed("acc_a", sequence=9, member_id=ADA, role="ADMINISTRATOR")
    )
    await tell(database, after=timedelta(seconds=5))

    assert ("authorization_wanted", ADA) in await mailed(database)


async def test_a_requester_who_never_comes_keeps_nobody_else_waiting_for_ever(database):
    await add_people(database, mem_ada="ADMINISTRATOR")

    await learn(database, approved(requester_id="mem_gone"))
    await tell(database)
    assert await told(database) == []
    for hours in range(1, 11):
        await tell(database, after=timedelta(hours=hours))

    assert await mailed(database) == [("port_approved", ADA)]


async def test_a_notice_that_cannot_be_told_holds_up_no_other_and_is_dead_in_the_end(
    database, monkeypatch, caplog
):
    await add_people(database, mem_ada="ADMINISTRATOR")
    dispatches_of = use_case.dispatches_of

    def fail_for_one(notice, at):
        if notice.content["subject"] == "pr_bad":
            raise LookupError
        return dispatches_of(notice, at)

    monkeypatch.setattr(use_case, "dispatches_of", fail_for_one)
    monkeypatch.setattr(use_case, "_TRIES", 5)
    await learn(
        database,
        approved("pr_bad", requester_id=ADA),
        approved("pr_good", requester_id=ADA),
    )
    for _ in range(6):
        await tell(database)
        async with database.working() as connection:
            await connection.execute(
                "UPDATE notices SET due_at = $1 WHERE state = 'pending'", now()
            )

    assert await _subjects(database) == ["pr_good"]
    assert await read_rows(
        database, "SELECT state, reason FROM notices WHERE subject = 'pr_bad'"
    ) == [("dead", "LookupError")]
    assert "a notice could not be told" in caplog.messages


async def test_a_fault_that_lasts_for_hours_loses_nothing(database, monkeypatch):
    await add_people(database, mem_ada="ADMINISTRATOR")
    await learn(database, approved(requester_id=ADA))
    with monkeypatch.context() as fault:
        fault.setattr(use_case, "dispatches_of", None)
        for minutes in range(0, 360, 10):
            await tell(database, after=timedelta(minutes=minutes))

    await tell(database, after=timedelta(hours=6))

    assert await mailed(database) == [("port_approved", ADA)]


async def test_a_lost_database_is_no_notices_fault(database, monkeypatch):
    await add_people(database, mem_ada="ADMINISTRATOR")
    await learn(database, approved(requester_id=ADA))

    async def lose(connection, *_arguments, **_named):
        await connection.execute("RESET ROLE; SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patch:
        patch.setattr(use_case, "add_entries_and_mails", lose)
        with pytest.raises(DATABASE_LOST):
            await tell(database)

    assert await tell(database) == 1


async def test_only_one_tells_at_a_time(database):
    await add_people(database, mem_ada="ADMINISTRATOR")
    await learn(database, approved(requester_id=ADA))

    async with database.working() as connection:
        await use_case.due_notices.lock_telling(connection)
        assert await tell(database) == 0

    assert await tell(database) == 1


async def test_the_teller_announces_what_is_new_and_is_woken(database):
    await add_people(database, mem_ada="ADMINISTRATOR")
    announced = asyncio.Queue()
    teller = TellingWorker(database=database, limits=LIMITS, announce=announced.put_nowait)
    running = asyncio.create_task(teller.run())

    await learn(database, approved(requester_id=ADA))
    teller.woken.set()
    async with asyncio.timeout(5):
        [entry] = await announced.get()
    running.cancel()

    assert entry.member_id == ADA


async def test_an_address_book_of_ten_thousand_is_told_by_one_statement(database):
    await add_people(database, mem_ada="ADMINISTRATOR")
    async with database.working() as connection:
        await connection.execute(
            """
            INSERT INTO members (
              member_id, account_id, name, email, role, company_ids, login_issuer,
              login_subject, is_active, version
            )
            SELECT 'mem_' || place, 'acc_a', 'Member', place || '@x',
              CASE WHEN place % 5 = 0 THEN 'ADMINISTRATOR' ELSE 'VIEWER' END, '{co_a}', '', place,
              true, 1
            FROM generate_series(2, 10000) AS place
            """
        )
    await learn(
        database,
        approved(requester_id=ADA),
        submitted("pr_2", requester_id=ADA, authorized_by=ADA),
    )

    entries = await tell(database)

    assert entries == 2 + 2 * 7_999 + 2_000
    assert len(await mailed(database)) == 2_002


async def _subjects(database) -> list[str]:
    return [
        subject
        for (subject,) in await read_rows(
            database,
            "SELECT subject FROM feed_entries JOIN notices USING (notice_id) ORDER BY 1",
        )
    ]
