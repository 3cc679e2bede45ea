"""What carriers are told, in PostgreSQL: once for each version of an order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from libs.common.database import Connection
from libs.common.ids import new_id
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.carriers import Telling
from services.porting.domain.lines import LineState


@dataclass(frozen=True, kw_only=True)
class Told:
    """An outgoing message: `state` is `waiting` until the carrier took it, then `sent`."""

    id: str
    kind: Telling
    reference: str
    order_version: int
    port_request_id: str
    numbers: Sequence[str]
    state: str
    attempts: int
    last_modified: str | None
    is_confirmed: bool


@dataclass(frozen=True, kw_only=True)
class ToldOrder:
    """To which request of which account an order belongs."""

    port_request_id: str
    account_id: str


# Of the numbers that were to be told those that the request has, in these states or in any.
_FIND_NUMBERS_LEFT: Final = """
    SELECT tracking_number
    FROM lines
    WHERE port_request_id = $1
      AND tracking_number = ANY($2::text[])
      AND ($3::text[] IS NULL OR state = ANY($3))
    ORDER BY id
"""
# Lines of one carrier order stand under its id, those of none under the request's.
_FIND_ORDERS_OF: Final = """
    SELECT coalesce(carrier_order_id, port_request_id) AS reference,
      array_agg(tracking_number ORDER BY id) AS numbers
    FROM lines
    WHERE port_request_id = $1
      AND tracking_number = ANY($2::text[])
    GROUP BY 1
    ORDER BY 1
"""
_FIND_NUMBERS_OF: Final = """
    SELECT tracking_number
    FROM lines
    WHERE port_request_id = $1
      AND coalesce(carrier_order_id, port_request_id) = $2
    ORDER BY id
"""
_TELL: Final = """
    INSERT INTO carrier_messages
      (id, direction, kind, reference, order_version, port_request_id, account_id, numbers)
    VALUES ($1, 'OUT', $2, $3, $4, $5, $6, $7)
"""
# The next thing to tell, or to look after: due, and nothing of its order waits before it.
_CLAIM_TOLD: Final = """
    WITH next AS (
      SELECT id
      FROM carrier_messages AS head
      WHERE direction = 'OUT'
        AND state IN ('waiting', 'sent')
        AND next_attempt_at <= clock_timestamp()
        AND NOT EXISTS (
          SELECT FROM carrier_messages AS earlier
          WHERE earlier.direction = 'OUT'
            AND earlier.reference = head.reference
            AND earlier.order_version < head.order_version
            AND earlier.state = 'waiting'
        )
      ORDER BY next_attempt_at
      LIMIT 1
      FOR UPDATE SKIP LOCKED
    )
    UPDATE carrier_messages AS message
    SET carrier = $1, attempts = attempts + 1, next_attempt_at = clock_timestamp() + $2::interval
    FROM next
    WHERE message.id = next.id
    RETURNING message.id, kind, reference, order_version, port_request_id, numbers, state,
      attempts, last_modified, confirmed_at IS NOT NULL AS is_confirmed
"""
# Taken by the carrier: from now on it is looked at until the order is over.
_MARK_SENT: Final = """
    UPDATE carrier_messages
    SET state = 'sent', raw = $2, last_modified = $3, attempts = 0, reason = NULL,
      next_attempt_at = clock_timestamp() + $4::interval
    WHERE id = $1
      AND state = 'waiting'
"""
# Nothing more will be done for it; unless another worker was faster with it.
_END: Final = """
    UPDATE carrier_messages
    SET state = $2, reason = $3, raw = coalesce($4, raw), next_attempt_at = NULL
    WHERE id = $1
      AND state = $5
"""
# What was told before about the order is looked after with the newer word.
_END_EARLIER: Final = """
    UPDATE carrier_messages
    SET state = 'done', next_attempt_at = NULL
    WHERE direction = 'OUT'
      AND reference = $1
      AND order_version < $2
      AND state = 'sent'
"""
_POSTPONE: Final = """
    UPDATE carrier_messages
    SET reason = $2, next_attempt_at = clock_timestamp() + $3::interval,
      attempts = CASE WHEN $4 THEN 0 ELSE attempts END
    WHERE id = $1
      AND state = $5
"""
_LOCK_TOLD: Final = "SELECT FROM carrier_messages WHERE id = $1 FOR UPDATE"
_CONFIRM: Final = """
    UPDATE carrier_messages
    SET confirmed_at = clock_timestamp(), reason = NULL
    WHERE direction = 'OUT'
      AND reference = $1
      AND order_version = $2
      AND state = 'sent'
      AND confirmed_at IS NULL
"""
_FIND_ORDER: Final = """
    SELECT port_request_id, account_id
    FROM carrier_messages
    WHERE direction = 'OUT'
      AND reference = $1
      AND carrier = $2
    ORDER BY order_version
    LIMIT 1
"""


async def find_orders_of(
    connection: Connection, request_id: str, numbers: Sequence[str]
) -> dict[str, list[str]]:
    """The numbers, by the reference of the order that they are in."""
    rows = await connection.fetch(_FIND_ORDERS_OF, request_id, list(numbers))
    return {row["reference"]: row["numbers"] for row in rows}


async def find_numbers_of(
    connection: Connection, request_id: str, reference: str
) -> list[str]:
    """All numbers of an order."""
    rows = await connection.fetch(_FIND_NUMBERS_OF, request_id, reference)
    return [row["tracking_number"] for row in rows]


async def find_numbers_left(
    connection: Connection, told: Told, states: Iterable[LineState] | None
) -> list[PhoneNumber]:
    """Of `told` those that are in one of these states; None means any."""
    rows = await connection.fetch(
        _FIND_NUMBERS_LEFT,
        told.port_request_id,
        list(told.numbers),
        None if states is None else sorted(states),
    )
    return [PhoneNumber(row["tracking_number"]) for row in rows]


async def add_telling(
    connection: Connection,
    kind: Telling,
    *,
    reference: str,
    order_version: int,
    port_request_id: str,
    account_id: str,
    numbers: Sequence[str],
) -> None:
    await connection.execute(
        _TELL,
        new_id("cms"),
        kind,
        reference,
        order_version,
        port_request_id,
        account_id,
        list(numbers),
    )


async def lock_next_told(
    connection: Connection, carrier: str, lease: timedelta
) -> Told | None:
    """Due again after `lease`, should this process die."""
    row = await connection.fetchrow(_CLAIM_TOLD, carrier, lease)
    return Told(**{**dict(row), "kind": Telling(row["kind"])}) if row else None


async def mark_sent(
    connection: Connection, told: Told, sent: str, last_modified: str, look_after: timedelta
) -> None:
    await connection.execute(_END_EARLIER, told.reference, told.order_version)
    await connection.execute(_MARK_SENT, told.id, sent, last_modified, look_after)


async def end_telling(
    connection: Connection,
    told: Told,
    state: str,
    *,
    reason: str | None = None,
    raw: str | None = None,
) -> None:
    await connection.execute(_END, told.id, state, reason, raw, told.state)


async def postpone(
    connection: Connection,
    told: Told,
    reason: str | None,
    delay: timedelta,
    *,
    anew: bool = False,
) -> None:
    """`anew` counts its attempts from none again."""
    await connection.execute(_POSTPONE, told.id, reason, delay, anew, told.state)


async def lock_told(connection: Connection, told: Told) -> None:
    await connection.execute(_LOCK_TOLD, told.id)


async def confirm(connection: Connection, reference: str, order_version: int) -> None:
    """The carrier has shown that this version reached it."""
    await connection.execute(_CONFIRM, reference, order_version)


async def find_order(connection: Connection, carrier: str, reference: str) -> ToldOrder | None:
    """None where that carrier was never told of it."""
    row = await connection.fetchrow(_FIND_ORDER, reference, carrier)
    return ToldOrder(**dict(row)) if row else None
