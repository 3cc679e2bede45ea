"""Reminders on PostgreSQL: timers come and go with facts, and fire once on a clock that we move."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import orjson
import pytest

from libs.common.database import Database
from libs.common.events import Event, Fact, make_event
from libs.common.timers import TimerWorker
from libs.contracts.number_events import (
    AccountDisabled,
    AccountReactivated,
    FirstCallReceived,
    NumberDisabled,
    NumberPortedIn,
    NumberPortedOut,
)
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.letters import LetterSent, LetterSigned, LetterViewed
from libs.contracts.porting_events.lines import ApprovedLine, LinesApproved, LinesRejected
from libs.contracts.porting_events.port_outs import PortOutAuthorized, PortOutReceived
from libs.contracts.porting_events.requests import (
    DraftChanged,
    PortAuthorized,
    PortCancelled,
    PortCompleted,
    PortExpiring,
    PortSentToCarrier,
    PortSubmitted,
)
from services.notifications.domain.reminders import SCHEDULES
from services.notifications.timers import TIMERS
from tests.databases import read_rows
from tests.notifications import telling as people
from tests.notifications.callers import hear

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NUMBERS = [PhoneNumber(f"+121255501{number:02d}") for number in range(8)]


class Clock:
    """The service's database, in which time passes when a test says so."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def pass_by(self, span: timedelta) -> None:
        await self.let_go_by(span)
        await self.fire()

    async def let_go_by(self, span: timedelta) -> None:
        """Everything that is known lies so much longer back."""
        async with self.database.working() as connection:
            await connection.execute("UPDATE timers SET due_at = due_at - $1::interval", span)
            await connection.execute(
                "UPDATE awaited SET begun_at = begun_at - $1::interval, "
                "counts_from = counts_from - $1::interval",
                span,
            )

    async def fire_all(self) -> None:
        """As if all timers were due; no time passes."""
        async with self.database.working() as connection:
            await connection.execute("UPDATE timers SET due_at = clock_timestamp()")
        await self.fire()

    async def fire(self) -> None:
        worker = TimerWorker(database=self.database, kinds=TIMERS)
        while await worker.fire_one():
            pass

    async def told(self) -> list[tuple[str, str]]:
        return [(each["message"], each["content"]["step"]) for each in await self.notices()]

    async def notices(self) -> list[dict[str, Any]]:
        async with self.database.working() as connection:
            rows = await connection.fetch(
                "SELECT * FROM notices WHERE message = ANY($1) ORDER BY notice_id",
                sorted(SCHEDULES),
            )
        return [dict(row) | {"content": orjson.loads(row["content"])} for row in rows]

    async def timers(self) -> list[tuple[str, str]]:
        async with self.database.working() as connection:
            rows = await connection.fetch("SELECT kind, key FROM timers ORDER BY kind, key")
        return [tuple(row) for row in rows]


@pytest.fixture
def clock(database: Database) -> Clock:
    return Clock(database)


Tell = Callable[..., Awaitable[None]]


@pytest.fixture
def tell(database: Database) -> Tell:
    async def tell(*events: Event) -> None:
        await hear(database, *events)

    return tell


def now() -> datetime:
    return datetime.now(UTC)


def said(fact: Fact, subject: str, sequence: int, ago: timedelta = timedelta()) -> Event:
    return make_event(
        fact, subject=subject, sequence=sequence, traceparent=None, time=now() - ago
    )


def about(
    fact: type[Fact],
    sequence: int,
    status: str,
    *,
    subject: str = "pr_1",
    ago: timedelta = timedelta(),
    **given: Any,
) -> Event:
    request = {
        "account_id": "acc_a",
        "company_id": "co_a",
        "requester_id": "mem_a",
        "name": "Spring move",
        "line_counts": {},
    }
    return said(fact(**request, status=status, **given), subject, sequence, ago)


def of_number(fact: type[Fact], place: int, sequence: int, state: str, **given: Any) -> Event:
    number = {
        "account_id": "acc_a",
        "company_id": "co_a",
        "tracking_number": NUMBERS[place],
        "port_request_id": "pr_1",
    }
    return said(fact(**number, state=state, **given), f"num_{place}", sequence)


def sent(sequence: int = 2, letter_id: str = "ltr_1", **given: Any) -> Event:
    letter = {"letter_id": letter_id, "link_id": "lnk_1", "expires_at": now() + 14 * DAY}
    return about(LetterSent, sequence, "AWAITING_SIGNATURE", **letter, **given)


def signed(sequence: int = 3, **given: Any) -> Event:
    letter = {"letter_id": "ltr_1", "signed_at": now(), "document_hash": "h"}
    return about(LetterSigned, sequence, "IN_REVIEW", **letter, **given)


def viewed(sequence: int = 3, **given: Any) -> Event:
    letter = {"letter_id": "ltr_1", "viewed_at": now()}
    return about(LetterViewed, sequence, "AWAITING_SIGNATURE", **letter, **given)


def approved(sequence: int, at: datetime, *places: int, **given: Any) -> Event:
    lines = [
        ApprovedLine(line_id=f"ln_{place}", tracking_number=NUMBERS[place]) for place in places
    ]
    return about(
        LinesApproved,
        sequence,
        "APPROVED",
        batch=1,
        of=1,
        firm_date=at.date(),
        activates_at=at,
        lines=lines,
        **given,
    )


async def test_an_unsigned_letter_is_reminded_of_three_times_until_its_link_ends(clock, tell):
    await tell(sent(), viewed())

    for _ in range(20):
        await clock.pass_by(DAY)

    assert await clock.told() == [
        ("letter_unsigned", "3d"),
        ("letter_unsigned", "7d"),
        ("letter_unsigned", "12d"),
    ]
    assert await clock.timers() == []
    [first, *_] = await clock.notices()
    assert (first["subject"], first["requester_id"]) == ("pr_1", "mem_a")
    assert first["company_ids"] == ["co_a"]
    assert first["content"]["request_name"] == "Spring move"
    assert first["content"]["days"] == 3
    assert "expires_at" in first["content"]
    assert "numbers" not in first["content"]


async def test_a_clock_that_jumps_a_month_tells_the_latest_step_alone(clock, tell):
    await tell(sent())

    await clock.pass_by(30 * DAY)

    assert await clock.told() == [("letter_unsigned", "12d")]


async def test_a_signature_ends_it_whatever_the_order_in_which_both_are_heard(clock, tell):
    for place, events in enumerate(permutations([sent(), viewed(), signed(4)])):
        subject = f"pr_{place}"
        for each in events:
            fact = each.fact.model_copy(update={"letter_id": f"ltr_{place}"})
            await tell(said(fact, subject, each.sequence))

    assert await clock.timers() == []
    await clock.pass_by(4 * DAY)
    assert await clock.told() == []


async def test_a_letter_that_is_sent_again_is_reminded_of_anew(clock, tell):
    await tell(sent())
    await clock.pass_by(3 * DAY)

    await tell(sent(3))
    await clock.pass_by(4 * DAY)

    assert await clock.told() == [("letter_unsigned", "3d")] * 2


async def test_what_is_redelivered_or_replayed_later_reminds_nobody_twice(clock, tell):
    event = sent()
    await tell(event)
    await clock.pass_by(3 * DAY)
    await tell(event, event)
    await clock.fire_all()
    assert await clock.told() == [("letter_unsigned", "3d")]
    async with clock.database.working() as connection:
        for table in ("awaited", "reminded_requests", "timers"):
            await connection.execute(f"DELETE FROM {table}")

    await tell(sent(ago=3 * DAY))
    await clock.fire_all()

    assert await clock.told() == [("letter_unsigned", "3d")]
    assert await clock.timers() == [("letter_unsigned", "ltr_1")]


async def test_an_emptied_copy_that_is_filled_again_tells_nothing_old(clock, tell):
    await tell(
        about(DraftChanged, 1, "DRAFT", ago=90 * DAY),
        about(PortSubmitted, 1, "AWAITING_AUTHORIZATION", ago=80 * DAY, subject="pr_2",
              submitted_at=now(), submitted_by="mem_a"),
        sent(subject="pr_3", ago=70 * DAY),
        of_number(NumberPortedIn, 0, 1, "AWAITING_FIRST_CALL", ported_at=now() - 60 * DAY),
        approved(1, now() - 50 * DAY, 1, subject="pr_4", ago=60 * DAY),
    )  # fmt: skip

    await clock.pass_by(HOUR)

    assert await clock.told() == []
    assert await clock.timers() == []


async def test_a_draft_is_reminded_of_since_its_last_change_and_no_warning_moves_that(
    clock, tell
):
    await tell(about(DraftChanged, 1, "DRAFT"))
    await clock.pass_by(2 * DAY)
    await tell(about(DraftChanged, 2, "DRAFT"))
    await clock.pass_by(2 * DAY)
    await tell(about(PortExpiring, 3, "DRAFT", expires_at=now() + 7 * DAY))
    assert await clock.told() == []

    await clock.pass_by(DAY)
    await clock.pass_by(7 * DAY)

    assert await clock.told() == [("draft_idle", "3d"), ("draft_idle", "10d")]


@pytest.mark.requirement("S46")
async def test_an_authorization_is_asked_for_again_until_it_is_given(clock, tell):
    submission = {"submitted_at": now(), "submitted_by": "mem_a"}
    await tell(
        about(DraftChanged, 1, "DRAFT"),
        about(PortSubmitted, 2, "AWAITING_AUTHORIZATION", **submission),
    )
    await clock.pass_by(DAY)
    await clock.pass_by(2 * DAY)
    assert await clock.told() == [
        ("authorization_waiting", "1d"),
        ("authorization_waiting", "3d"),
    ]

    await tell(about(PortAuthorized, 3, "IN_REVIEW", authorized_by="mem_b"))
    await clock.pass_by(10 * DAY)

    assert len(await clock.told()) == 2


async def test_a_firm_date_is_told_for_all_its_lines_with_its_instant(clock, tell):
    at = (now() + 10 * DAY).replace(microsecond=0)
    await tell(approved(5, at, 0, 1, 2), approved(6, at, 3, 4, 5, 6))

    for passed in (3 * DAY, 5 * DAY, 2 * DAY - HOUR, HOUR):
        await clock.pass_by(passed)

    notices = await clock.notices()
    assert [each["content"]["step"] for each in notices] == ["7d", "2d", "1h"]
    assert notices[0]["key"] == f"pr_1:{at.date()}:7d"
    content = notices[2]["content"]
    assert content["firm_date"] == at.date().isoformat()
    assert datetime.fromisoformat(content["firm_date_instant"]) == at
    assert content["port_request_id"] == "pr_1"
    assert (content["numbers"], content["number_count"]) == (NUMBERS[:5], 7)


async def test_another_firm_date_takes_the_place_of_the_first_and_a_rejection_ends_it(
    clock, tell
):
    await tell(approved(5, now() + 3 * DAY, 0))
    await tell(approved(6, now() + 20 * DAY, 0))
    await clock.pass_by(3 * DAY)
    assert await clock.told() == []

    await clock.pass_by(10 * DAY)
    assert await clock.told() == [("firm_date_near", "7d")]
    rejected = {"code": "ADDRESS_MISMATCH", "batch": 1, "of": 1}
    line = {"line_id": "ln_0", "tracking_number": NUMBERS[0]}
    await tell(about(LinesRejected, 7, "ACTION_REQUIRED", lines=[line], **rejected))
    await clock.pass_by(7 * DAY)

    assert len(await clock.told()) == 1


@pytest.mark.parametrize(
    ("fact", "status", "given"),
    [
        (PortCancelled, "CANCELLED", {"cancelled_at": now()}),
        (PortCompleted, "COMPLETED", {"completed_at": now(), "partial": False}),
    ],
)
async def test_a_request_that_ended_is_reminded_of_nothing(clock, tell, fact, status, given):
    sending = {"sent_at": now(), "estimated_by": now().date() + 2 * DAY}
    await tell(
        sent(2), about(PortSentToCarrier, 3, "WITH_CARRIER", **sending),
        approved(4, now() + 3 * DAY, 0),
    )  # fmt: skip

    await tell(about(fact, 9, status, **given))
    await clock.pass_by(30 * DAY)

    assert await clock.told() == []
    assert await clock.timers() == []


@pytest.mark.requirement("S18")
async def test_a_port_past_its_window_is_told_and_a_replaced_document_moves_the_window(
    clock, tell
):
    def sending(sequence: int, estimated_by: date) -> Event:
        given = {"sent_at": now(), "estimated_by": estimated_by}
        return about(PortSentToCarrier, sequence, "WITH_CARRIER", **given)

    today = now().date()
    await tell(sending(3, today + 10 * DAY))
    await tell(sending(5, today + 30 * DAY))
    await clock.pass_by(13 * DAY)
    assert await clock.told() == []

    await clock.pass_by(20 * DAY)
    await clock.pass_by(14 * DAY)

    assert await clock.told() == [("port_past_window", "0d"), ("port_past_window", "14d")]


@pytest.mark.requirement("S68")
async def test_numbers_without_a_call_are_told_together_and_fewer_each_time(clock, tell):
    ported_at = now()
    await tell(
        *(
            of_number(NumberPortedIn, place, 2, "AWAITING_FIRST_CALL", ported_at=ported_at)
            for place in range(7)
        )
    )
    # Its request is heard of later: until then the timer waits.
    await clock.pass_by(DAY)
    assert await clock.told() == []
    await tell(about(PortCompleted, 9, "COMPLETED", completed_at=now(), partial=False))
    await clock.pass_by(HOUR)
    for place in range(5):
        await tell(of_number(FirstCallReceived, place, 3, "ACTIVE", called_at=now()))
    await clock.pass_by(2 * DAY)
    for place in (5, 6):
        await tell(of_number(FirstCallReceived, place, 3, "ACTIVE", called_at=now()))
    await clock.pass_by(10 * DAY)

    contents = [each["content"] for each in await clock.notices()]
    assert [(each["step"], each["number_count"]) for each in contents] == [
        ("1d", 7),
        ("3d", 2),
    ]
    assert contents[0]["numbers"] == NUMBERS[:5]
    assert contents[1]["numbers"] == NUMBERS[5:7]
    assert await clock.timers() == []


async def test_a_call_that_is_heard_of_before_the_port_leaves_nothing_to_remind_of(
    clock, tell
):
    await tell(of_number(FirstCallReceived, 0, 3, "ACTIVE", called_at=now()))
    await tell(of_number(NumberPortedIn, 0, 2, "AWAITING_FIRST_CALL", ported_at=now()))

    await clock.pass_by(DAY)

    assert await clock.told() == []


@pytest.mark.requirement("S79")
async def test_ported_out_numbers_are_told_week_after_week_until_the_last_is_disabled(
    clock, tell
):
    leaving = {"port_out_id": "po_1", "ported_out_at": now()}
    await tell(*(of_number(NumberPortedOut, place, 5, "PORTED_OUT", **leaving)
                 for place in range(2)))  # fmt: skip
    for _ in range(21):
        await clock.pass_by(DAY)
    disabling = {"disabled_at": now(), "disabled_by": "mem_a"}
    await tell(of_number(NumberDisabled, 0, 6, "DISABLED", **disabling))
    await clock.pass_by(7 * DAY)
    await tell(of_number(NumberDisabled, 1, 6, "DISABLED", **disabling))
    assert await clock.timers() == []
    await clock.pass_by(7 * DAY)

    notices = await clock.notices()
    assert [(each["content"]["step"], each["content"]["number_count"]) for each in notices] == [
        ("1d", 2), ("7d", 2), ("14d", 2), ("21d", 2), ("28d", 1),
    ]  # fmt: skip
    assert {each["subject"] for each in notices} == {"po_1"}
    assert {each["requester_id"] for each in notices} == {None}


@pytest.mark.requirement("S79")
async def test_a_reminder_reaches_the_feeds_and_mails_of_whom_it_is_for(clock, tell, database):
    await people.add_people(database, mem_ada="ADMINISTRATOR", mem_mia="MANAGER")
    leaving = {"port_out_id": "po_1", "ported_out_at": now()}
    await tell(of_number(NumberPortedOut, 0, 5, "PORTED_OUT", **leaving))

    await clock.pass_by(DAY)
    await people.tell(database)

    reminder = ("ported_out_not_disabled", "mem_ada")
    assert reminder in await people.told(database)
    assert await people.mailed(database) == [reminder]


async def test_after_an_outage_what_was_done_meanwhile_is_heard_of_before_it_is_reminded_of(
    clock, tell, database
):
    await people.add_people(database, mem_a="ADMINISTRATOR")
    await tell(sent(), sent(3, "ltr_2", subject="pr_2"))
    await clock.pass_by(3 * DAY + HOUR)
    await people.tell(database)

    await tell(signed(3))
    await people.tell(database, after=timedelta(minutes=16))

    assert await read_rows(
        database,
        "SELECT subject FROM mail_notices JOIN notices USING (notice_id)"
        " WHERE message = 'letter_unsigned' AND recipient = 'mem_a'",
    ) == [("pr_2",)]


async def test_an_answer_to_a_port_out_is_pressed_for_until_somebody_gives_it(clock, tell):
    port_out = {
        "account_id": "acc_a",
        "company_ids": ["co_a", "co_b"],
        "gaining_carrier": "Other Telecom",
        "tracking_numbers": NUMBERS[:2],
    }
    asking = {"received_at": now(), "answer_by": now() + DAY}
    for subject in ("po_1", "po_2"):
        received = PortOutReceived(**port_out, status="RECEIVED", **asking)
        await tell(said(received, subject, 1))
    await clock.pass_by(20 * HOUR)
    answer = PortOutAuthorized(**port_out, status="AUTHORIZED", by_silence=False)
    await tell(said(answer, "po_1", 2))
    await clock.pass_by(3 * HOUR)
    await clock.pass_by(3 * HOUR)

    notices = await clock.notices()
    assert sorted((each["subject"], each["content"]["step"]) for each in notices) == [
        ("po_1", "4h"), ("po_2", "1h"), ("po_2", "4h"),
    ]  # fmt: skip
    assert notices[0]["company_ids"] == ["co_a", "co_b"]
    assert notices[0]["content"]["gaining_carrier"] == "Other Telecom"
    assert notices[0]["content"]["number_count"] == 2


async def test_a_disabled_account_is_told_nothing_and_goes_on_where_it_is(clock, tell):
    standing = {
        "name": "Acme",
        "card_on_file": True,
        "balance_current": True,
        "in_good_standing": True,
        "in_trial": False,
    }
    off = AccountDisabled(**standing, disabled=True, disabled_at=now(), disabled_by="support")
    await tell(sent(), said(off, "acc_a", 1))
    await clock.pass_by(7 * DAY)
    assert await clock.told() == []

    await tell(said(AccountReactivated(**standing), "acc_a", 2))
    await clock.pass_by(5 * DAY)

    assert await clock.told() == [("letter_unsigned", "12d")]


async def test_each_is_reminded_once_though_one_of_two_replicas_is_killed(clock, tell, urls):
    letters = 60
    await tell(*(sent(1, f"ltr_{each}", subject=f"pr_{each}") for each in range(letters)))
    await clock.let_go_by(3 * DAY)
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.notifications.reminding", urls.database_url, stdout=PIPE
    )
    assert victim.stdout is not None
    await victim.stdout.readline()

    survivor = asyncio.create_task(clock.fire())
    await victim.stdout.readline()
    victim.kill()
    await asyncio.gather(survivor, victim.communicate())
    # What the victim held is free once the server has seen its end.
    async with asyncio.timeout(10):
        while len(await clock.notices()) < letters:
            await clock.fire()

    assert await clock.told() == [("letter_unsigned", "3d")] * letters
    assert len(await clock.timers()) == letters
