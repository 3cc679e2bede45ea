"""The log of status changes: appended by one writer, read by log_id."""

from collections.abc import Sequence
from typing import Any, Final

from libs.common.caller import Caller
from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page, write_cursor
from libs.common.sight import NOTHING, sight_of
from services.notifications.domain.status_changes import (
    LoggedChange,
    StatusChange,
    SubjectKind,
)
from services.notifications.domain.visibility import Watch

_COLUMNS = """log_id, event_id, type, subject, subject_kind, sequence, account_id, company_ids,
      requester_id, status, occurred_at, traceparent, port_request_id, status_before, is_late"""

# One writer at a time. A statement of its own: the next one sees what the last writer committed.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('portline status log'))"

# The newest status of each subject that its customer was told before.
_FIND_STATUSES = """
    SELECT subject, status
    FROM unnest($1::text[]) AS asked (subject)
    CROSS JOIN LATERAL (
      SELECT status
      FROM status_changes
      WHERE status_changes.subject = asked.subject
        AND status_changes.subject_kind <> 'desk'
      ORDER BY sequence DESC
      LIMIT 1
    ) AS newest
"""

# Appends what is new, in the order given, numbered without a gap; answers the new rows.
_ADD = f"""
    WITH arrived AS (
      SELECT *
      FROM unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::text[],
        $8::text[], $9::text[], $10::timestamptz[], $11::text[], $12::text[], $13::text[]
      ) WITH ORDINALITY AS arrived (
        event_id, type, subject, subject_kind, sequence, account_id, company_ids,
        requester_id, status, occurred_at, traceparent, port_request_id, status_before, place
      )
    ),
    fresh AS (
      SELECT arrived.*, row_number() OVER (ORDER BY place) AS step,
        EXISTS (
          SELECT
          FROM status_changes AS newer
          WHERE newer.subject = arrived.subject
            AND newer.sequence > arrived.sequence
            AND (newer.subject_kind <> 'desk' OR arrived.subject_kind = 'desk')
        ) AS is_late
      FROM arrived
      WHERE NOT EXISTS (
        SELECT
        FROM status_changes AS told
        WHERE told.subject = arrived.subject
          AND told.sequence = arrived.sequence
      )
    ),
    advanced AS (
      UPDATE status_log
      SET last_log_id = last_log_id + (SELECT count(*) FROM fresh)
      RETURNING last_log_id - (SELECT count(*) FROM fresh) AS before
    )
    INSERT INTO status_changes ({_COLUMNS})
    SELECT advanced.before + step, event_id, type, subject, subject_kind, sequence, account_id,
      string_to_array(company_ids, ','), requester_id, status, occurred_at, traceparent,
      port_request_id, CASE WHEN NOT is_late THEN status_before END, is_late
    FROM fresh, advanced
    RETURNING {_COLUMNS}
"""

_FIND_LAST_LOG_ID = "SELECT last_log_id FROM status_log"

# Everything after a log_id, for the replicas' feeds.
_FIND_AFTER = f"""
    SELECT {_COLUMNS}
    FROM status_changes
    WHERE log_id > $1
    ORDER BY log_id
    LIMIT $2
"""

# What a caller may see of what was asked; $10 leaves late ones out. Which numbers came by a
# request is for who sees every request.
_SEEN = """
    subject_kind = ANY($1::text[])
      AND ($2::text IS NULL OR account_id = $2)
      AND ($3::text IS NULL OR account_id = $3)
      AND ($4::text[] IS NULL OR company_ids && $4)
      AND ($5::text IS NULL OR company_ids @> ARRAY[$5])
      AND ($6::text IS NULL OR subject_kind <> 'port_request' OR requester_id = $6)
      AND (
        $7::text IS NULL
        OR subject = $7
        OR port_request_id = $7 AND $4 IS NULL AND $6 IS NULL
      )
      AND ($8::text IS NULL OR subject = $8)
      AND ($9::text[] IS NULL OR status = ANY($9) OR status_before = ANY($9))
      AND NOT (is_late AND $10)"""

_KEYS: Final = (Key(column="log_id", kind=int),)

CHANGES: Final = Listing(
    f"""
    SELECT {_COLUMNS}
    FROM status_changes
    WHERE {_SEEN}
      {{keyset}}
    {{order}}
    """,
    parameters=10,
    keys=_KEYS,
)

# Of each subject only its newest of those that are asked for.
_NEWEST_CHANGES: Final = Listing(
    f"""
    SELECT {_COLUMNS}
    FROM status_changes
    WHERE {_SEEN}
      AND NOT EXISTS (
        SELECT
        FROM status_changes AS newer
        WHERE newer.subject = status_changes.subject
          AND newer.sequence > status_changes.sequence
          AND newer.subject_kind = ANY($1)
          AND ($9 IS NULL OR newer.status = ANY($9) OR newer.status_before = ANY($9))
      )
      {{keyset}}
    {{order}}
    """,
    parameters=10,
    keys=_KEYS,
)

# Counts from a log_id on, and no further than $12.
_COUNT_SEEN = f"""
    SELECT count(*)
    FROM (
      SELECT
      FROM status_changes
      WHERE {_SEEN}
        AND log_id > $11
      LIMIT $12
    ) AS seen
"""

STATEMENTS: Final = (
    _LOCK,
    _FIND_STATUSES,
    _ADD,
    _FIND_LAST_LOG_ID,
    _FIND_AFTER,
    *CHANGES,
    *_NEWEST_CHANGES,
    _COUNT_SEEN,
)


async def lock_log(connection: Connection) -> None:
    """Until the transaction ends nobody else appends."""
    await connection.execute(_LOCK)


async def find_statuses(
    connection: Connection, subjects: Sequence[str]
) -> dict[str, str | None]:
    rows = await connection.fetch(_FIND_STATUSES, subjects)
    return {row["subject"]: row["status"] for row in rows}


async def add_changes(
    connection: Connection, changes: Sequence[StatusChange]
) -> list[LoggedChange]:
    """To be called under `lock_log`; answers those that are new, in the log's order."""
    rows = await connection.fetch(
        _ADD,
        [change.event_id for change in changes],
        [change.type for change in changes],
        [change.subject for change in changes],
        [change.subject_kind for change in changes],
        [change.sequence for change in changes],
        [change.account_id for change in changes],
        [",".join(change.company_ids) for change in changes],
        [change.requester_id for change in changes],
        [change.status for change in changes],
        [change.occurred_at for change in changes],
        [change.traceparent for change in changes],
        [change.port_request_id for change in changes],
        [change.status_before for change in changes],
    )
    return sorted(map(_read, rows), key=lambda change: change.log_id)


async def find_last_log_id(connection: Connection) -> int:
    log_id: int = await connection.fetchval(_FIND_LAST_LOG_ID)
    return log_id


async def find_after(connection: Connection, log_id: int, limit: int) -> list[LoggedChange]:
    """Everybody's: for the feeds of our replicas alone."""
    return [_read(row) for row in await connection.fetch(_FIND_AFTER, log_id, limit)]


async def find_page(
    connection: Connection, caller: Caller, watch: Watch, page: Page
) -> Slice[LoggedChange]:
    """History as the caller may see it, late changes among the others."""
    seen = _seen(caller, watch, with_late=True)
    return (await read_page(connection, CHANGES, page, *seen)).map(_read)


async def count_seen(connection: Connection, caller: Caller, watch: Watch) -> int:
    seen = _seen(caller, watch, with_late=True)
    count: int = await connection.fetchval(_COUNT_SEEN, *seen, 0, None)
    return count


async def find_missed(
    connection: Connection,
    caller: Caller,
    watch: Watch,
    *,
    after: int,
    limit: int,
    only_newest: bool,
) -> list[LoggedChange]:
    """What a stream that came as far as `after` is to be told next, in the log's order."""
    listing = _NEWEST_CHANGES if only_newest else CHANGES
    seen = _seen(caller, watch, with_late=False)
    rows = await read_page(connection, listing, Page(size=limit, after=(after,)), *seen)
    return list(rows.map(_read).rows)


async def count_missed(
    connection: Connection, caller: Caller, watch: Watch, *, after: int, limit: int
) -> int:
    """Counts no further than `limit`."""
    seen = _seen(caller, watch, with_late=False)
    count: int = await connection.fetchval(_COUNT_SEEN, *seen, after, limit)
    return count


def _seen(caller: Caller, watch: Watch, *, with_late: bool) -> tuple[Any, ...]:
    sight = sight_of(caller) or NOTHING
    return (
        list(watch.kinds),
        sight.account_id,
        watch.account_id,
        sight.company_ids,
        watch.company_id,
        sight.requester_id,
        watch.port_request_id,
        watch.subject,
        None if watch.statuses is None else list(watch.statuses),
        not with_late,
    )


def cursor_of(change: LoggedChange) -> str:
    return write_cursor([change.log_id])


def _read(row: Row) -> LoggedChange:
    return LoggedChange(
        log_id=row["log_id"],
        event_id=row["event_id"],
        type=row["type"],
        subject=row["subject"],
        subject_kind=SubjectKind(row["subject_kind"]),
        sequence=row["sequence"],
        account_id=row["account_id"],
        company_ids=tuple(row["company_ids"]),
        requester_id=row["requester_id"],
        status=row["status"],
        occurred_at=row["occurred_at"],
        traceparent=row["traceparent"],
        port_request_id=row["port_request_id"],
        status_before=row["status_before"],
        is_late=row["is_late"],
    )
