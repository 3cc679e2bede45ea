"""Webhook endpoints and their sealed secrets in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page
from libs.common.vault import Sealed
from services.notifications.domain.webhook_endpoints import (
    DisabledReason,
    EndpointState,
    WebhookEndpoint,
)

_COLUMNS: Final = """id, account_id, url, description, event_types, is_ordered, state,
      disabled_reason, disabled_at, failing_since, version, created_at"""
_ADD: Final = """
    INSERT INTO webhook_endpoints
      (id, account_id, url, description, event_types, is_ordered, created_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
# What is deleted is nobody's any more.
_LOCK: Final = f"""
    SELECT {_COLUMNS}
    FROM webhook_endpoints
    WHERE id = $1
      AND account_id = $2
      AND state <> 'DELETED'
    FOR UPDATE
"""
_SAVE: Final = """
    UPDATE webhook_endpoints
    SET url = $2, description = $3, event_types = $4, is_ordered = $5, state = $6,
      disabled_reason = $7, disabled_at = $8, version = $9
    WHERE id = $1
"""
# Whoever enables it has mended it: what was before does not count.
_FORGET_FAILURES: Final = """
    UPDATE webhook_endpoints
    SET failures = 0, failing_since = NULL, rests_until = '-infinity'
    WHERE id = $1
"""
_COUNT: Final = """
    SELECT count(*)
    FROM webhook_endpoints
    WHERE ($1::text IS NULL OR account_id = $1)
      AND state <> 'DELETED'
"""
_FIND: Final = f"""
    SELECT {_COLUMNS}
    FROM webhook_endpoints
    WHERE id = ANY($1::text[])
      AND ($2::text IS NULL OR account_id = $2)
      AND state <> 'DELETED'
"""
# One account's wishes one after another: two at once would both find a place left.
_LOCK_ACCOUNT: Final = (
    "SELECT pg_advisory_xact_lock(hashtext('webhook endpoints'), hashtext($1))"
)
ENDPOINTS: Final = Listing(
    f"""
    SELECT {_COLUMNS}
    FROM webhook_endpoints
    WHERE ($1::text IS NULL OR account_id = $1)
      AND state <> 'DELETED'
      {{keyset}}
    {{order}}
    """,
    parameters=1,
    keys=(Key(column="id", kind=str),),
)
_FIND_LAST_NUMBER: Final = """
    SELECT coalesce(max(number), 0)
    FROM webhook_secrets
    WHERE endpoint_id = $1
"""
_ADD_SEALED: Final = """
    INSERT INTO webhook_secrets (endpoint_id, number, account_id, key_id, box)
    VALUES ($1, $2, $3, $4, $5)
"""
# Two sign at most: the last one a while longer, those before it no more.
_END_SECRETS: Final = """
    UPDATE webhook_secrets
    SET ends_at = CASE
      WHEN ends_at IS NULL THEN $2
      ELSE least(ends_at, now())
    END
    WHERE endpoint_id = $1
"""
_DELETE_SECRETS: Final = "DELETE FROM webhook_secrets WHERE endpoint_id = $1"
STATEMENTS: Final = (
    _ADD,
    _LOCK,
    _SAVE,
    _FORGET_FAILURES,
    _COUNT,
    _FIND,
    _LOCK_ACCOUNT,
    *ENDPOINTS,
    _FIND_LAST_NUMBER,
    _ADD_SEALED,
    _END_SECRETS,
    _DELETE_SECRETS,
)


async def lock_account(connection: Connection, account_id: str) -> None:
    await connection.execute(_LOCK_ACCOUNT, account_id)


async def add_endpoint(
    connection: Connection,
    *,
    endpoint_id: str,
    account_id: str,
    url: str,
    description: str,
    event_types: Sequence[str],
    is_ordered: bool,
    created_by: str,
) -> None:
    await connection.execute(
        _ADD,
        endpoint_id,
        account_id,
        url,
        description,
        list(event_types),
        is_ordered,
        created_by,
    )


async def lock_endpoint(
    connection: Connection, endpoint_id: str, account_id: str
) -> WebhookEndpoint | None:
    row = await connection.fetchrow(_LOCK, endpoint_id, account_id)
    return read_endpoint(row) if row else None


async def save_endpoint(connection: Connection, endpoint: WebhookEndpoint) -> None:
    await connection.execute(
        _SAVE,
        endpoint.id,
        endpoint.url,
        endpoint.description,
        list(endpoint.event_types),
        endpoint.is_ordered,
        endpoint.state,
        endpoint.disabled_reason,
        endpoint.disabled_at,
        endpoint.version,
    )


async def forget_failures(connection: Connection, endpoint_id: str) -> None:
    await connection.execute(_FORGET_FAILURES, endpoint_id)


async def count_endpoints(connection: Connection, account_id: str | None) -> int:
    """Of every account where none is given."""
    count: int = await connection.fetchval(_COUNT, account_id)
    return count


async def find_endpoints(
    connection: Connection, ids: Sequence[str], account_id: str | None
) -> dict[str, WebhookEndpoint]:
    rows = await connection.fetch(_FIND, ids, account_id)
    return {row["id"]: read_endpoint(row) for row in rows}


async def find_page(
    connection: Connection, account_id: str | None, page: Page
) -> Slice[WebhookEndpoint]:
    return (await read_page(connection, ENDPOINTS, page, account_id)).map(read_endpoint)


async def find_last_secret(connection: Connection, endpoint_id: str) -> int:
    """Its number; 0 where there is none yet."""
    number: int = await connection.fetchval(_FIND_LAST_NUMBER, endpoint_id)
    return number


async def add_secret(
    connection: Connection, endpoint_id: str, number: int, account_id: str, sealed: Sealed
) -> None:
    await connection.execute(
        _ADD_SEALED, endpoint_id, number, account_id, sealed.key_id, sealed.box
    )


async def end_secrets(connection: Connection, endpoint_id: str, ends_at: datetime) -> None:
    await connection.execute(_END_SECRETS, endpoint_id, ends_at)


async def delete_secrets(connection: Connection, endpoint_id: str) -> None:
    await connection.execute(_DELETE_SECRETS, endpoint_id)


def read_endpoint(row: Row) -> WebhookEndpoint:
    reason = row["disabled_reason"]
    return WebhookEndpoint(
        id=row["id"],
        account_id=row["account_id"],
        url=row["url"],
        description=row["description"],
        event_types=tuple(row["event_types"]),
        is_ordered=row["is_ordered"],
        state=EndpointState(row["state"]),
        disabled_reason=DisabledReason(reason) if reason else None,
        disabled_at=row["disabled_at"],
        failing_since=row["failing_since"],
        version=row["version"],
        created_at=row["created_at"],
    )
