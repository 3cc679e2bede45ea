"""What carriers said, in PostgreSQL: once for each id, worked in the carrier's order."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field, TypeAdapter

from libs.common.database import Connection
from libs.common.ids import new_id
from services.porting.domain.carriers import TAKEN_BACK, CarrierMessage
from services.porting.store.told_messages import ToldOrder

_MESSAGE: Final[TypeAdapter[CarrierMessage]] = TypeAdapter(
    Annotated[CarrierMessage, Field(discriminator="kind")]
)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """An incoming message in its turn."""

    id: str
    carrier: str
    port_request_id: str
    message: CarrierMessage
    attempts: int


_HEAR: Final = """
    INSERT INTO carrier_messages
      (id, direction, kind, carrier, reference, order_version, message_id, port_request_id,
       account_id, numbers, said, said_at, raw, state, reason)
    VALUES ($1, 'IN', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT DO NOTHING
"""
# The same message again: listed, and ignored.
_COUNT_AGAIN: Final = """
    UPDATE carrier_messages
    SET times = times + 1
    WHERE direction = 'IN'
      AND carrier = $1
      AND message_id = $2
"""
# The next message to work: the first, as its carrier spoke, of those that wait for its order.
_CLAIM_HEARD: Final = """
    SELECT id, carrier, port_request_id, said, attempts
    FROM carrier_messages AS head
    WHERE direction = 'IN'
      AND state = 'waiting'
      AND next_attempt_at <= clock_timestamp()
      AND NOT EXISTS (
        SELECT FROM carrier_messages AS earlier
        WHERE earlier.direction = 'IN'
          AND earlier.reference = head.reference
          AND earlier.state = 'waiting'
          AND (earlier.said_at, earlier.seq) < (head.said_at, head.seq)
      )
    ORDER BY said_at, seq
    LIMIT 1
    FOR UPDATE SKIP LOCKED
"""
# What stands against a message: a correction told since the version that it answers, or a later
# word that took effect. A row without numbers is about the whole order.
_FIND_OVERTAKING: Final = """
    SELECT numbers
    FROM carrier_messages
    WHERE reference = $1
      AND (
        (direction = 'OUT' AND kind = 'SUPPLEMENT' AND order_version > $2)
        OR (
          direction = 'IN' AND carrier = $3 AND state = 'applied' AND said_at > $4
          AND kind = ANY($5::text[])
        )
      )
"""
_MARK_WORKED: Final = """
    UPDATE carrier_messages
    SET state = $2, reason = $3, attempts = $4,
      next_attempt_at = CASE WHEN $2 = 'waiting' THEN clock_timestamp() + $5::interval END
    WHERE id = $1
"""


async def add_heard(
    connection: Connection,
    carrier: str,
    message: CarrierMessage,
    raw: str,
    order: ToldOrder | None,
    reason: str | None,
) -> bool:
    """Answers whether it is new; with a `reason` it is kept as ignored."""
    status = await connection.execute(
        _HEAR,
        new_id("cms"),
        message.kind,
        carrier,
        message.reference,
        message.version,
        message.message_id,
        order.port_request_id if order else None,
        order.account_id if order else None,
        None if message.numbers is None else list(message.numbers),
        _MESSAGE.dump_json(message).decode(),
        message.said_at,
        raw,
        "ignored" if reason else "waiting",
        reason,
    )
    return status.endswith(" 1")


async def count_again(connection: Connection, carrier: str, message_id: str) -> None:
    await connection.execute(_COUNT_AGAIN, carrier, message_id)


async def lock_next_heard(connection: Connection) -> Waiting | None:
    row = await connection.fetchrow(_CLAIM_HEARD)
    if row is None:
        return None
    return Waiting(
        id=row["id"],
        carrier=row["carrier"],
        port_request_id=row["port_request_id"],
        message=_MESSAGE.validate_json(row["said"]),
        attempts=row["attempts"],
    )


async def find_overtaken(
    connection: Connection, carrier: str, message: CarrierMessage
) -> frozenset[str] | None:
    """The numbers of which the message is no longer true; None means all of the order."""
    rows = await connection.fetch(
        _FIND_OVERTAKING,
        message.reference,
        message.version,
        carrier,
        message.said_at,
        sorted(TAKEN_BACK),
    )
    if any(row["numbers"] is None for row in rows):
        return None
    return frozenset(number for row in rows for number in row["numbers"])


async def mark_worked(
    connection: Connection,
    waiting: Waiting,
    state: str,
    reason: str | None = None,
    *,
    attempts: int = 0,
    delay: timedelta = timedelta(0),
) -> None:
    await connection.execute(_MARK_WORKED, waiting.id, state, reason, attempts, delay)
