"""What was told long ago, to people and to receivers, forgotten in PostgreSQL."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from libs.common.database import Connection
from services.notifications.domain.mails import BOUNCES_COUNT_FOR
from services.notifications.domain.reminders import ENDED_REQUESTS, OF_OPEN_REQUESTS
from services.notifications.domain.webhook_facts import EVENTS_KEPT

# So long feeds show it and support looks after its mail. What is told again after it is too old.
_SHOWN_FOR: Final = timedelta(days=365)
# Much longer than a fact may be under way, or a request stands still.
_KEPT: Final = timedelta(days=180)
# Later by more than a transaction lasts: nobody asks for an event again while it goes.
_EVENTS_GO_AFTER: Final = EVENTS_KEPT + timedelta(days=1)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{each}'" for each in sorted(names))


# With their entries of feeds.
_FORGET_NOTICES: Final = """
    DELETE FROM notices
    WHERE notice_id IN (
      SELECT notice_id
      FROM notices
      WHERE state <> 'pending' AND due_at < $1
      ORDER BY due_at
      LIMIT $2
    )
"""
_FORGET_MAILS: Final = """
    DELETE FROM mails
    WHERE mail_id IN (
      SELECT mail_id
      FROM mails
      WHERE made_at < $1 AND state NOT IN ('queued', 'sending')
      ORDER BY made_at
      LIMIT $2
    )
"""
_FORGET_PARTS: Final = """
    DELETE FROM notice_parts
    WHERE ctid = ANY(ARRAY(
      SELECT ctid
      FROM notice_parts
      WHERE gathered_at < $1
      ORDER BY gathered_at
      LIMIT $2
    ))
"""
_FORGET_AWAITED: Final = """
    DELETE FROM awaited
    WHERE thing IN (
      SELECT thing
      FROM awaited
      WHERE NOT is_waiting AND heard_at < $1
      ORDER BY heard_at
      LIMIT $2
    )
"""
# Those that have ended, unless their numbers still wait for something. What else of them waits,
# such as a letter that nobody took back, is never told any more.
_FORGET_REQUESTS: Final = f"""
    WITH ended AS (
      SELECT port_request_id
      FROM reminded_requests AS r
      WHERE status IN ({_listed(ENDED_REQUESTS)})
        AND heard_at < $1
        AND NOT EXISTS (
          SELECT
          FROM awaited
          WHERE awaited.subject = r.port_request_id
            AND is_waiting
            AND message NOT IN ({_listed(OF_OPEN_REQUESTS)})
        )
      ORDER BY heard_at
      LIMIT $2
    ),
    untold AS (
      DELETE FROM awaited
      WHERE subject IN (SELECT port_request_id FROM ended)
        AND is_waiting
    )
    DELETE FROM reminded_requests
    WHERE port_request_id IN (SELECT port_request_id FROM ended)
"""
# Those that count no more; where nothing is sent any more stays known.
_FORGET_BOUNCES: Final = """
    DELETE FROM bouncing_addresses
    WHERE address IN (
      SELECT address
      FROM bouncing_addresses
      WHERE suppressed_at IS NULL AND last_bounced_at < $1
      LIMIT $2
    )
"""
# With what waits of them at an endpoint that nobody has enabled since. What was asked for again,
# or waited until now, stays as long as it is on its way or in the log.
_FORGET_WEBHOOK_EVENTS: Final = """
    WITH old AS (
      SELECT id
      FROM webhook_events AS e
      WHERE occurred_at < $1
        AND NOT EXISTS (
          SELECT
          FROM webhook_deliveries AS d
          JOIN webhook_endpoints AS its ON its.id = d.endpoint_id
          WHERE d.event_id = e.id
            AND (
              coalesce(d.finished_at, d.created_at) >= $1
              OR d.state = 'PENDING' AND its.state = 'ENABLED'
            )
        )
      ORDER BY occurred_at
      LIMIT $2
    ),
    unsent AS (
      DELETE FROM webhook_deliveries
      WHERE event_id IN (SELECT id FROM old)
    )
    DELETE FROM webhook_events
    WHERE id IN (SELECT id FROM old)
"""
FORGETTING: Final = (
    (_FORGET_NOTICES, _SHOWN_FOR),
    (_FORGET_MAILS, _SHOWN_FOR),
    (_FORGET_PARTS, _KEPT),
    (_FORGET_AWAITED, _KEPT),
    (_FORGET_REQUESTS, _KEPT),
    (_FORGET_BOUNCES, BOUNCES_COUNT_FOR),
    (_FORGET_WEBHOOK_EVENTS, _EVENTS_GO_AFTER),
)
STATEMENTS: Final = tuple(statement for statement, _ in FORGETTING)


async def forget_some(
    connection: Connection, statement: str, before: datetime, limit: int
) -> int:
    """How many went."""
    _, _, gone = (await connection.execute(statement, before, limit)).partition(" ")
    return int(gone)
