"""What nobody needs any more is forgotten."""

import pytest

from libs.common.housekeeping import every_hour, forget
from libs.common.ids import new_event_id


@pytest.fixture
async def receive(database):
    async def add(state, days):
        async with database.working() as connection:
            await connection.execute(
                "INSERT INTO inbox "
                "(event_id, source, subject, sequence, type, state, body, received_at) "
                "VALUES ($1, '/sample', $2, 1, 'sample.changed.v1', $3, '{}', "
                "clock_timestamp() - make_interval(days => $4))",
                new_event_id(),
                f"{state}-{days}",
                state,
                days,
            )

    return add


async def test_only_what_was_applied_more_than_a_week_ago_is_forgotten(database, receive):
    for state in ("applied", "pending", "dead"):
        for days in (6, 8):
            await receive(state, days)

    await forget(database)

    async with database.working() as connection:
        rows = await connection.fetch("SELECT subject FROM inbox ORDER BY subject")
    assert [row["subject"] for row in rows] == [
        "applied-6", "dead-6", "dead-8", "pending-6", "pending-8",
    ]  # fmt: skip


async def test_idempotency_keys_are_kept_for_a_week(database):
    async with database.working() as connection:
        await connection.executemany(
            "INSERT INTO idempotency_keys (owner, mutation, key, fingerprint, result, created_at)"
            " VALUES ('acc_1', 'create', $1, '', '{}',"
            " clock_timestamp() - make_interval(days => $2))",
            [("young", 6), ("old", 8)],
        )

    await forget(database)

    async with database.working() as connection:
        assert await connection.fetchval(
            "SELECT string_agg(key, '') FROM idempotency_keys"
        ) == ("young")


async def test_what_is_out_of_reach_is_cleaned_an_hour_later(monkeypatch):
    monkeypatch.setattr("libs.common.housekeeping._EVERY_S", 0)
    tries = iter([ConnectionError("away"), None, KeyError("a fault")])

    async def clean() -> None:
        if fault := next(tries):
            raise fault

    with pytest.raises(KeyError):
        await every_hour(clean)


async def test_what_operators_did_is_kept_for_its_time_and_an_unfinished_replay_longer(
    database,
):
    async with database.working() as connection:
        await connection.execute(
            """
            INSERT INTO dropped_events
              (event_id, source, subject, sequence, type, body, fault, attempts, received_at, why,
              released, dropped_at)
            SELECT gen_random_uuid(), '/sample', days, 1, 'x', '{}', '', 5, now(), 'noise', 0,
              now() - days * interval '1 day'
            FROM generate_series(89, 91, 2) AS days;
            INSERT INTO replays (queue, keeps_ids, requested_at, finished_at)
            SELECT 'sample.events', false, now(), now() - days * interval '1 day'
            FROM unnest(ARRAY[89, 91, NULL]) AS days;
            INSERT INTO operator_acts (act, events, acted_at)
            SELECT 'redriven', 1, now() - days * interval '1 day'
            FROM generate_series(360, 370, 10) AS days
            """
        )

    await forget(database)

    async with database.working() as connection:
        left = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM dropped_events), (SELECT count(*) FROM replays), "
            "(SELECT count(*) FROM operator_acts)"
        )
    assert tuple(left) == (1, 2, 1)
