"""Support cases, their messages and the desk's notes in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page, read_pages
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.support_cases import (
    CaseMessage,
    CaseNote,
    CaseState,
    SupportCase,
)


@dataclass(frozen=True, kw_only=True)
class CaseFilters:
    """None means no limit; `member_id` sees their own cases in whatever company."""

    account_id: str | None
    company_ids: Sequence[str] | None
    requester_id: str | None
    member_id: str | None
    state: str | None = None
    port_request_id: str | None = None


_COLUMNS: Final = """
    id, reference, account_id, company_id, requester_id, port_request_id, made_with_request,
    subject, numbers, state, state_since, opened_at, opened_by, version
"""
_MESSAGE_COLUMNS: Final = """
    id, case_id, written_by, written_by_support, author_name, written_at, body,
    requests_cancellation
"""
_NOTE_COLUMNS: Final = "id, case_id, written_by, written_at, body"
_NEXT_NUMBER: Final = "SELECT nextval('case_numbers')"
_ADD: Final = """
    INSERT INTO support_cases
      (id, reference, account_id, company_id, requester_id, port_request_id, made_with_request,
       subject, numbers, state, state_since, opened_at, opened_by, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
# One case, kept from other writers until the transaction ends.
_LOCK: Final = f"SELECT {_COLUMNS} FROM support_cases WHERE id = $1 FOR UPDATE"
_SAVE: Final = """
    UPDATE support_cases
    SET state = $2, state_since = $3, version = $4
    WHERE id = $1
"""
# The cases about a request are seen by who sees the request's company.
_MOVE: Final = "UPDATE support_cases SET company_id = $2 WHERE port_request_id = $1"
_SIGHT_CONDITION: Final = """
          ($2::text IS NULL OR account_id = $2)
      AND ($3::text[] IS NULL OR company_id = ANY($3) OR requester_id = $5)
      AND ($4::text IS NULL OR requester_id = $4)
"""
# Those of `ids` that the caller may see.
_FIND: Final = f"""
    SELECT {_COLUMNS}
    FROM support_cases
    WHERE id = ANY($1::text[])
      AND {_SIGHT_CONDITION}
"""
# The case that was made with each request, where the caller may see it.
_FIND_OF_REQUESTS: Final = f"""
    SELECT {_COLUMNS}
    FROM support_cases
    WHERE port_request_id = ANY($1::text[])
      AND made_with_request
      AND {_SIGHT_CONDITION}
"""
_FIND_ABOUT: Final = """
    SELECT id, port_request_id
    FROM support_cases
    WHERE id = ANY($1::text[])
"""
_FILTER_CONDITION: Final = """
          ($1::text IS NULL OR account_id = $1)
      AND ($2::text[] IS NULL OR company_id = ANY($2) OR requester_id = $4)
      AND ($3::text IS NULL OR requester_id = $3)
      AND ($5::text IS NULL OR state = $5)
      AND ($6::text IS NULL OR port_request_id = $6)
"""
# Newest first: ids sort by time of making.
SUPPORT_CASES: Final = Listing(
    f"""
    SELECT {_COLUMNS}
    FROM support_cases
    WHERE {_FILTER_CONDITION} {{keyset}} {{order}}
    """,
    parameters=6,
    keys=[Key(column="id", kind=str)],
    descending=True,
)
_COUNT: Final = f"SELECT count(*) FROM support_cases WHERE {_FILTER_CONDITION}"
_ADD_MESSAGE: Final = """
    INSERT INTO case_messages
      (id, case_id, account_id, written_by, written_by_support, author_name, written_at, body,
       requests_cancellation)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_ADD_NOTE: Final = """
    INSERT INTO case_notes (id, case_id, account_id, written_by, written_at, body)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
# The same page of the thread of each of many cases, the oldest message first.
MESSAGES: Final = Listing(
    f"""
    SELECT message.*
    FROM unnest($1::text[]) AS wanted (case_id)
    CROSS JOIN LATERAL (
      SELECT {_MESSAGE_COLUMNS}
      FROM case_messages
      WHERE case_id = wanted.case_id {{keyset}} {{order}}
    ) AS message
    """,
    parameters=1,
    keys=[Key(column="id", kind=str)],
)
NOTES: Final = Listing(
    f"""
    SELECT note.*
    FROM unnest($1::text[]) AS wanted (case_id)
    CROSS JOIN LATERAL (
      SELECT {_NOTE_COLUMNS}
      FROM case_notes
      WHERE case_id = wanted.case_id {{keyset}} {{order}}
    ) AS note
    """,
    parameters=1,
    keys=[Key(column="id", kind=str)],
)


async def next_number(connection: Connection) -> int:
    """Never the same twice; a transaction that fails leaves a gap."""
    number: int = await connection.fetchval(_NEXT_NUMBER)
    return number


async def add_case(connection: Connection, case: SupportCase) -> None:
    await connection.execute(
        _ADD,
        case.id,
        case.reference,
        case.account_id,
        case.company_id,
        case.requester_id,
        case.port_request_id,
        case.made_with_request,
        case.subject,
        list(case.numbers),
        case.state,
        case.state_since,
        case.opened_at,
        case.opened_by,
        case.version,
    )


async def lock_case(connection: Connection, case_id: str) -> SupportCase | None:
    row = await connection.fetchrow(_LOCK, case_id)
    return _case(row) if row else None


async def save_case(connection: Connection, case: SupportCase) -> None:
    await connection.execute(_SAVE, case.id, case.state, case.state_since, case.version)


async def move_cases(connection: Connection, request_id: str, company_id: str) -> None:
    """All of them, also those of others about a request that is the caller's own."""
    await connection.execute(_MOVE, request_id, company_id)


async def find_cases(
    connection: Connection, ids: Sequence[str], seen: CaseFilters
) -> dict[str, SupportCase]:
    rows = await connection.fetch(_FIND, list(ids), *_sight(seen))
    return {row["id"]: _case(row) for row in rows}


async def find_requests_of_cases(
    connection: Connection, case_ids: Sequence[str]
) -> dict[str, str | None]:
    """The request that each case is about, if any."""
    rows = await connection.fetch(_FIND_ABOUT, list(case_ids))
    return {row["id"]: row["port_request_id"] for row in rows}


async def find_cases_of_requests(
    connection: Connection, request_ids: Sequence[str], seen: CaseFilters
) -> dict[str, SupportCase]:
    """By the request's id."""
    rows = await connection.fetch(_FIND_OF_REQUESTS, list(request_ids), *_sight(seen))
    return {row["port_request_id"]: _case(row) for row in rows}


async def find_case_page(
    connection: Connection, filters: CaseFilters, page: Page
) -> Slice[SupportCase]:
    rows = await read_page(
        connection,
        SUPPORT_CASES,
        page,
        *_sight(filters),
        filters.state,
        filters.port_request_id,
    )
    return rows.map(_case)


async def count_cases(connection: Connection, filters: CaseFilters) -> int:
    count: int = await connection.fetchval(
        _COUNT, *_sight(filters), filters.state, filters.port_request_id
    )
    return count


async def add_message(connection: Connection, account_id: str, message: CaseMessage) -> None:
    await connection.execute(
        _ADD_MESSAGE,
        message.id,
        message.case_id,
        account_id,
        message.written_by,
        message.written_by_support,
        message.author_name,
        message.written_at,
        message.body,
        message.requests_cancellation,
    )


async def add_note(connection: Connection, account_id: str, note: CaseNote) -> None:
    await connection.execute(
        _ADD_NOTE,
        note.id,
        note.case_id,
        account_id,
        note.written_by,
        note.written_at,
        note.body,
    )


async def find_message_pages(
    connection: Connection, case_ids: Sequence[str], page: Page
) -> dict[str, Slice[CaseMessage]]:
    pages = await read_pages(connection, MESSAGES, page, "case_id", list(case_ids))
    return {
        case_id: rows.map(lambda row: CaseMessage(**dict(row)))
        for case_id, rows in pages.items()
    }


async def find_note_pages(
    connection: Connection, case_ids: Sequence[str], page: Page
) -> dict[str, Slice[CaseNote]]:
    """As support: no other role may read notes."""
    pages = await read_pages(connection, NOTES, page, "case_id", list(case_ids))
    return {
        case_id: rows.map(lambda row: CaseNote(**dict(row))) for case_id, rows in pages.items()
    }


def _sight(seen: CaseFilters) -> tuple[object, ...]:
    return (seen.account_id, seen.company_ids, seen.requester_id, seen.member_id)


def _case(row: Row) -> SupportCase:
    columns = dict(row)
    return SupportCase(
        **{
            **columns,
            "numbers": tuple(PhoneNumber(number) for number in columns["numbers"]),
            "state": CaseState(columns["state"]),
        }
    )
