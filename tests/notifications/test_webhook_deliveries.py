"""Deliveries from the database to receivers on this machine, with a worker between them."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from libs.common.database import Database
from services.notifications.domain.webhook_deliveries import SCHEDULE
from services.notifications.domain.webhook_endpoints import EndpointWish
from services.notifications.store import webhook_deliveries, webhook_endpoints, webhook_lanes
from services.notifications.use_cases.webhook_deliveries import (
    forget_deliveries,
    record_deliveries,
)
from services.notifications.use_cases.webhook_endpoints import (
    JudgedWish,
    Named,
    update_endpoint,
)
from services.notifications.use_cases.webhook_sending import end_lane, note, take_lanes
from services.notifications.workers import webhooks as worker_room
from tests.databases import read_rows
from tests.notifications.callers import member
from tests.notifications.facts import approved, first_call, member_changed, submitted
from tests.notifications.receivers import Received, answer, hang, receiving
from tests.notifications.webhooks import (
    RULES,
    add_endpoint,
    make_worker,
    pass_time,
    sending,
    tell,
    wait_until,
    wait_until_idle,
)

COUNT_DELIVERED = "SELECT count(*) FROM webhook_deliveries WHERE state = 'DELIVERED'"
COUNT_ATTEMPTS = "SELECT count(*) FROM webhook_attempts"


def paths(received: list[Received]) -> list[str]:
    return sorted(each.path for each in received)


async def test_every_statement_can_be_prepared(database: Database) -> None:
    async with database.working() as connection:
        for store in (webhook_endpoints, webhook_deliveries, webhook_lanes):
            for statement in store.STATEMENTS:
                await connection.prepare(statement)


async def test_what_happens_reaches_every_endpoint_that_wants_it_signed(database) -> None:
    async with receiving() as receiver, sending(database) as worker:
        _, secret = await add_endpoint(database, receiver.url("/all"))
        await add_endpoint(
            database, receiver.url("/approved"), types=["porting.port_approved.v1"]
        )
        await add_endpoint(database, receiver.url("/other"), by=member(account="acc_b"))
        told = submitted()
        assert await tell(database, told, approved(), member_changed())
        worker.wake()

        received = await receiver.wait_for(3)
        await wait_until(database, COUNT_DELIVERED, 3)

    assert paths(received) == ["/all", "/all", "/approved"]
    first = next(each for each in received if "port_submitted" in each.body)
    assert Webhook(secret).verify(first.body, first.headers)["data"]["event_id"] == str(
        told.id
    )


async def test_what_is_told_again_is_sent_once(database: Database) -> None:
    async with receiving() as receiver:
        await add_endpoint(database, receiver.url())
        assert await tell(database, submitted(), submitted())
        # The same versions under new ids, as a replay of the bus tells them.
        assert not await tell(database, submitted())
        async with sending(database):
            await wait_until(database, COUNT_DELIVERED, 1)
            await wait_until_idle(database)

    assert len(receiver.received) == 1


async def test_an_endpoint_gets_nothing_of_what_was_before_it(database: Database) -> None:
    await tell(database, submitted())
    await add_endpoint(database, "http://127.0.0.1:9/")
    now = replace(submitted("pr_now"), time=datetime.now(UTC))

    async with database.working() as connection:
        # An old one is told for the first time, as when a copy is filled.
        assert not await record_deliveries(connection, [submitted(), approved()])
        assert not await record_deliveries(connection, [member_changed()])
        assert await record_deliveries(connection, [now])


async def test_a_failure_is_tried_again_under_the_same_id(database: Database) -> None:
    async with receiving(answer(500, "not now")) as receiver, sending(database) as worker:
        await add_endpoint(database, receiver.url())
        await tell(database, submitted())
        worker.wake()
        await wait_until(database, COUNT_ATTEMPTS, 1)
        await wait_until_idle(database)
        receiver.behave = answer(204)
        await pass_time(database, timedelta(seconds=6))
        worker.wake()
        await wait_until(database, COUNT_DELIVERED, 1)

    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    logged = await read_rows(
        database,
        "SELECT number, status_code, fault, excerpt FROM webhook_attempts ORDER BY number",
    )
    assert logged == [(1, 500, "STATUS", "not now"), (2, 204, None, None)]


async def test_after_a_crash_between_post_and_note_it_is_sent_again_under_the_same_id(
    database, monkeypatch
) -> None:
    async def crash(*_given) -> None:
        raise ZeroDivisionError

    async with receiving() as receiver:
        await add_endpoint(database, receiver.url())
        await tell(database, submitted())
        monkeypatch.setattr(worker_room, "note", crash)
        with suppress(ExceptionGroup, ZeroDivisionError):
            await make_worker().run(database)
        assert await read_rows(database, COUNT_ATTEMPTS) == [(0,)]
        monkeypatch.undo()
        await pass_time(database, timedelta(minutes=2))
        async with sending(database):
            await wait_until(database, COUNT_DELIVERED, 1)

    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_two_workers_send_nothing_twice(database: Database) -> None:
    async with receiving() as receiver:
        for place in range(5):
            await add_endpoint(database, receiver.url(f"/{place}"))
        await tell(database, *(submitted(f"pr_{place}") for place in range(20)))
        async with sending(database), sending(database):
            await wait_until(database, COUNT_DELIVERED, 100)
            await wait_until_idle(database)

    assert len(receiver.received) == 100
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 100


async def test_who_answers_gone_is_disabled_and_its_administrators_are_told(database) -> None:
    async with receiving(answer(410)) as receiver, sending(database) as worker:
        endpoint_id, _ = await add_endpoint(database, receiver.url())
        await tell(database, submitted(), approved())
        worker.wake()
        await wait_until(
            database,
            "SELECT state || disabled_reason FROM webhook_endpoints",
            "DISABLEDGONE",
        )

    assert len(receiver.received) == 1
    notices = await read_rows(
        database, "SELECT message, subject, account_id, content ->> 'reason' FROM notices"
    )
    assert notices == [("webhook_disabled", endpoint_id, "acc_a", "GONE")]
    assert not await tell(database, first_call())


async def test_what_the_whole_schedule_did_not_deliver_is_given_up_and_its_endpoint_disabled(
    database,
) -> None:
    async with receiving(answer(503)) as receiver, sending(database) as worker:
        await add_endpoint(database, receiver.url())
        await tell(database, submitted())
        for number, pause in enumerate(SCHEDULE, 1):
            await pass_time(database, 1.1 * pause + timedelta(minutes=1))
            worker.wake()
            await wait_until(database, COUNT_ATTEMPTS, number)
            await wait_until_idle(database)

    assert len(receiver.received) == len(SCHEDULE)
    rows = await read_rows(
        database,
        """
        SELECT d.state, d.attempts, e.state, e.disabled_reason
        FROM webhook_deliveries AS d
        JOIN webhook_endpoints AS e ON e.id = d.endpoint_id
        """,
    )
    assert rows == [("FAILED", 10, "DISABLED", "FAILING")]
    told = await read_rows(database, "SELECT content ->> 'reason' FROM notices")
    assert told == [("FAILING",)]


async def test_a_dead_receiver_holds_up_nobody_and_has_one_connection(database) -> None:
    events = [submitted(f"pr_{place}") for place in range(5)]
    async with receiving(hang) as dead, receiving() as living:
        dead_id, _ = await add_endpoint(database, dead.url())
        for place in range(20):
            await add_endpoint(database, living.url(f"/{place}"))
        await tell(database, *events)
        async with sending(database) as worker:
            await wait_until(database, COUNT_DELIVERED, 100)
            # What comes while it hangs is sent to the others all the same.
            await tell(database, approved("pr_0"))
            worker.wake()
            await wait_until(database, COUNT_DELIVERED, 120)
            tried = await read_rows(
                database,
                "SELECT DISTINCT attempts FROM webhook_deliveries WHERE endpoint_id = $1",
                dead_id,
            )

    assert (dead.connections, len(dead.received)) == (1, 1)
    assert tried == [(0,)]


async def test_an_endpoint_that_fails_is_tried_with_one_and_opened_by_its_success(
    database,
) -> None:
    async with receiving(answer(500)) as receiver, sending(database) as worker:
        await add_endpoint(database, receiver.url())
        await tell(database, *(submitted(f"pr_{place}") for place in range(9)))
        for number in (1, 2, 3):
            worker.wake()
            await wait_until(database, COUNT_ATTEMPTS, number)
            await wait_until_idle(database)
            # Until it has rested nothing is sent.
            worker.wake()
            await asyncio.sleep(0.05)
            assert len(receiver.received) == number
            await pass_time(database, timedelta(minutes=1, seconds=1))
        receiver.behave = answer(204)
        worker.wake()
        await wait_until(database, COUNT_DELIVERED, 9)
        await wait_until_idle(database)

    rows = await read_rows(database, "SELECT failures, failing_since FROM webhook_endpoints")
    assert rows == [(0, None)]


async def test_in_order_the_next_of_a_subject_waits_for_the_former(database) -> None:
    async def refuse_first(received: Received, writer) -> None:
        behave = answer(500 if "port_submitted" in received.body else 204)
        await behave(received, writer)

    async with receiving(refuse_first) as receiver, sending(database) as worker:
        await add_endpoint(database, receiver.url(), ordered=True)
        await tell(database, submitted("pr_1"), approved("pr_1"), approved("pr_2"))
        worker.wake()
        await wait_until(database, COUNT_ATTEMPTS, 1)
        await wait_until_idle(database)
        await pass_time(database, timedelta(minutes=2))
        worker.wake()
        await wait_until(database, COUNT_ATTEMPTS, 3)
        await wait_until_idle(database)
        sent = [each.body for each in receiver.received]
        assert not any("port_approved" in each and "pr_1" in each for each in sent)
        receiver.behave = answer(204)
        await pass_time(database, timedelta(hours=30))
        worker.wake()
        await wait_until(database, COUNT_DELIVERED, 3)

    last = [each.body for each in receiver.received if '"pr_1"' in each.body][-2:]
    assert "port_submitted" in last[0]
    assert "port_approved" in last[1]


async def test_an_address_that_is_not_public_by_then_is_an_attempt_that_failed(
    database,
) -> None:
    async with receiving() as within, sending(database) as worker:
        await add_endpoint(database, within.url())
        async with database.working() as connection:
            await connection.execute(
                "UPDATE webhook_endpoints SET url = 'https://10.0.0.7/hook'"
            )
        await tell(database, submitted())
        worker.wake()
        await wait_until(database, COUNT_ATTEMPTS, 1)

    logged = await read_rows(database, "SELECT fault, status_code FROM webhook_attempts")
    assert logged == [("ADDRESS_NOT_ALLOWED", None)]


async def test_a_secret_that_no_key_opens_is_our_fault_and_said(database, caplog) -> None:
    async with receiving() as receiver, sending(database) as worker:
        await add_endpoint(database, receiver.url())
        async with database.working() as connection:
            await connection.execute("UPDATE webhook_secrets SET key_id = 'lost'")
        await tell(database, submitted())
        worker.wake()
        await wait_until(database, COUNT_ATTEMPTS, 1)

    assert await read_rows(database, "SELECT fault FROM webhook_attempts") == [
        ("SECRET_LOST",)
    ]
    assert receiver.connections == 0


async def test_our_own_fault_fails_one_attempt_and_ends_nothing(
    database, monkeypatch, caplog
) -> None:
    async with receiving() as receiver, sending(database) as worker:
        await add_endpoint(database, receiver.url())
        await tell(database, submitted())
        with monkeypatch.context() as patch:
            patch.setattr(worker_room, "sign", None)
            worker.wake()
            await wait_until(database, COUNT_ATTEMPTS, 1)
            await wait_until_idle(database)
        await pass_time(database, timedelta(seconds=6))
        worker.wake()
        await wait_until(database, COUNT_DELIVERED, 1)

    faults = await read_rows(database, "SELECT fault FROM webhook_attempts ORDER BY number")
    assert faults == [("INTERNAL",), (None,)]


async def test_a_lane_that_breaks_rests_and_breaks_no_other(
    database, monkeypatch, caplog
) -> None:
    async with receiving() as receiver, sending(database) as worker:
        await add_endpoint(database, receiver.url("/broken"))
        await add_endpoint(database, receiver.url("/other"))
        await tell(database, submitted())
        open_line = worker.poster.open

        def break_one(url):
            if url.target == "/broken":
                raise ZeroDivisionError
            return open_line(url)

        monkeypatch.setattr(worker.poster, "open", break_one)
        worker.wake()
        await wait_until(database, COUNT_DELIVERED, 1)
        resting = "SELECT count(*) FROM webhook_endpoints WHERE rests_until > now()"
        await wait_until(database, resting, 1)

    assert paths(receiver.received) == ["/other"]
    assert "a lane has ended early" in caplog.text


async def test_a_database_that_is_away_for_a_while_costs_time_and_nothing_else(
    database, caplog
) -> None:
    away = AwayAtFirst(database, times=2)
    async with receiving() as receiver:
        await add_endpoint(database, receiver.url())
        await tell(database, submitted())
        async with sending(away) as worker:
            worker.wake()
            async with asyncio.timeout(5):
                while away.times:
                    worker.wake()
                    await asyncio.sleep(0.01)
            # Away once more when there is something to note.
            await receiver.wait_for(1)
            await wait_until(database, COUNT_DELIVERED, 1)

    assert len(receiver.received) == 1
    assert "webhooks lost the database" in caplog.text


class AwayAtFirst:
    """A database that cannot be reached so many times."""

    def __init__(self, database: Database, *, times: int) -> None:
        self.database, self.times = database, times

    def working(self):
        if self.times:
            self.times -= 1
            raise OSError("nobody there")
        return self.database.working()


async def test_what_cannot_be_noted_at_once_is_noted_later(database, monkeypatch) -> None:
    faults = iter([OSError("gone"), None, None, None])
    noted = worker_room.note

    async def note_late(*given) -> None:
        if fault := next(faults, None):
            raise fault
        await noted(*given)

    monkeypatch.setattr(worker_room, "note", note_late)
    monkeypatch.setattr(worker_room, "_PAUSE_S", 0.01)
    async with receiving() as receiver, sending(database):
        await add_endpoint(database, receiver.url())
        await tell(database, submitted())
        await wait_until(database, COUNT_DELIVERED, 1)

    assert len(receiver.received) == 1


async def test_a_worker_that_is_stopped_leaves_its_endpoints_to_the_next(database) -> None:
    async with receiving(hang) as receiver:
        await add_endpoint(database, receiver.url())
        await tell(database, submitted())
        async with sending(database):
            await receiver.wait_for(1)

    await wait_until_idle(database)
    assert await read_rows(database, COUNT_ATTEMPTS) == [(0,)]


async def test_who_is_disabled_meanwhile_is_told_of_once(database: Database) -> None:
    async with receiving(answer(410)) as receiver:
        await add_endpoint(database, receiver.url())
        await tell(database, submitted())

        async def disable(received: Received, writer) -> None:
            async with database.working() as connection:
                await connection.execute(
                    """
                    UPDATE webhook_endpoints
                    SET state = 'DISABLED', disabled_reason = 'BY_ADMINISTRATOR',
                      disabled_at = now()
                    """
                )
            await answer(410)(received, writer)

        receiver.behave = disable
        async with sending(database):
            await wait_until(database, COUNT_ATTEMPTS, 1)
            await wait_until_idle(database)

    assert await read_rows(database, "SELECT message FROM notices") == []


async def test_what_was_tried_at_the_former_url_says_nothing_about_the_new_one(
    database,
) -> None:
    async with receiving() as receiver, receiving() as mended:
        endpoint_id, _ = await add_endpoint(database, receiver.url())
        await tell(database, submitted())

        async def mend(received: Received, writer) -> None:
            by = member()
            wish = EndpointWish(
                url=mended.url(), description=None, event_types=None, is_ordered=None
            )
            async with database.transaction(by) as connection:
                await update_endpoint(
                    connection,
                    by,
                    Named(endpoint_id=endpoint_id),
                    JudgedWish(wish=wish, rules=RULES, fault=None),
                )
            await answer(410)(received, writer)

        receiver.behave = mend
        async with sending(database) as worker:
            await wait_until(database, COUNT_ATTEMPTS, 1)
            await wait_until_idle(database)
            await pass_time(database, timedelta(seconds=6))
            worker.wake()
            await wait_until(database, COUNT_DELIVERED, 1)

    assert len(mended.received) == 1
    assert await read_rows(
        database, "SELECT state, failures, failing_since FROM webhook_endpoints"
    ) == [("ENABLED", 0, None)]


async def test_whose_lease_ran_out_releases_nobody_elses(database: Database) -> None:
    await add_endpoint(database, "http://127.0.0.1:9/")
    await tell(database, submitted())
    lanes = []
    for _ in range(2):
        async with database.working() as connection:
            lanes += await take_lanes(connection, most=1, most_probes=0, deliveries=1)
            await connection.execute(
                "UPDATE webhook_endpoints SET leased_until = now() WHERE $1", len(lanes) == 1
            )
    late, present = lanes
    async with database.working() as connection:
        await note(connection, [], [end_lane(late, [], datetime.now(UTC))])

    assert await read_rows(database, "SELECT leased_until FROM webhook_endpoints") == [
        (present.leased_until,)
    ]


async def test_what_is_signed_and_sealed_stands_nowhere_in_the_open(database, caplog) -> None:
    async with receiving(answer(500)) as receiver, sending(database) as worker:
        _, secret = await add_endpoint(database, receiver.url())
        await tell(database, submitted())
        worker.wake()
        await wait_until(database, COUNT_ATTEMPTS, 1)
        tables = await read_rows(
            database,
            """
            SELECT tablename
            FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'schema_migrations'
            """,
        )
        kept = [
            str(row)
            for (table,) in tables
            for row in await read_rows(database, f"SELECT t::text FROM {table} AS t")
        ]

    bare = secret.removeprefix("whsec_")
    assert not [row for row in kept if bare in row]
    assert bare not in caplog.text


async def test_the_log_forgets_what_ended_long_ago_and_tells_nothing_twice_all_the_same(
    database,
) -> None:
    async with receiving() as receiver:
        await add_endpoint(database, receiver.url())
        await tell(database, submitted(), approved())
        async with sending(database):
            await wait_until(database, COUNT_DELIVERED, 2)
            await wait_until_idle(database)
        async with database.working() as connection:
            await connection.execute(
                """
                UPDATE webhook_deliveries
                SET finished_at = finished_at - interval '31 days'
                WHERE sequence = 1
                """
            )
        await forget_deliveries(database)
        assert not await tell(database, submitted())

    assert await read_rows(database, COUNT_DELIVERED) == [(1,)]
    assert await read_rows(database, COUNT_ATTEMPTS) == [(1,)]
