"""A port request saved with what tells of the change: row, events and history in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import orjson

from libs.common.database import Connection
from libs.common.outbox import ADD_EVENTS, columns_of, number_facts
from libs.contracts.porting_events.base import PortRequestFact
from services.porting.domain.requests import PortRequest

# An entry of the history has its event's version and type ($4, $5). Who acts is a setting of the
# transaction; where nothing is said, it is nobody in particular. The row has what the port desk's
# queue sorts and filters by; a draft is not in the queue.
_SAVE: Final = f"""
    WITH told AS ({ADD_EVENTS}),
    noted AS (
      INSERT INTO history
        (port_request_id, account_id, actor, at, reason, correlation_id, version, event_type,
         status, line_counts, is_internal)
      SELECT $8, $9, coalesce(nullif(current_setting('app.actor', true), ''), 'system'), $10,
        $11, $12, entry.*
      FROM unnest($4::integer[], $5::text[], $13::text[], $14::jsonb[], $15::boolean[])
        AS entry
    )
    UPDATE port_requests
    SET version = $16, status = $17, status_since = $18, warnings_acknowledged_at = $19,
      warnings_acknowledged_by = $20, submitted_at = $21, submitted_by = $22,
      authorized_at = $23, authorized_by = $24, preconfigured_at = $25, sent_at = $26,
      completed_at = $27, fault_code = $28, fault_waiting_on = $29, fault_remedy = $30,
      idle_since = CASE WHEN $31 THEN clock_timestamp() ELSE idle_since END,
      waiting_on = CASE
        WHEN $32 = 'LOSING_CARRIER' AND counted.unsent > 0 THEN 'SUPPORT' ELSE $32
      END,
      requested_firm_date = $33, claimed_by = $34, claimed_at = $35, name = $36,
      company_id = $37, warnings_acknowledged = $38, declined_at = $39, declined_by = $40,
      decline_reason = $41, line_count = counted.lines, unsent_count = counted.unsent,
      earliest_firm_date = coalesce(counted.firm_date, 'infinity'),
      losing_carriers = ordered.losing_carriers, countries = ordered.countries
    FROM (
      SELECT count(*) AS lines, count(*) FILTER (WHERE state = 'READY') AS unsent,
        min(firm_date) FILTER (WHERE state IN ('APPROVED', 'ACTIVATING')) AS firm_date
      FROM lines
      WHERE port_request_id = $8 AND $17 <> 'DRAFT'
    ) AS counted, (
      SELECT coalesce(array_agg(DISTINCT losing_carrier_key), '{{}}') AS losing_carriers,
        coalesce(array_agg(DISTINCT country), '{{}}') AS countries
      FROM carrier_orders
      WHERE port_request_id = $8
    ) AS ordered
    WHERE id = $8
"""


async def save_request(
    connection: Connection,
    request: PortRequest,
    facts: Sequence[PortRequestFact],
    *,
    at: datetime,
    reason: str | None,
    correlation_id: str | None,
    is_touch: bool,
) -> None:
    """`request` has the version of the last of `facts` already."""
    events = number_facts(request.id, request.version - len(facts), facts, at)
    await connection.execute(
        _SAVE,
        *columns_of(events),
        request.id,
        request.account_id,
        at,
        reason,
        correlation_id,
        [fact.status for fact in facts],
        [orjson.dumps(fact.line_counts).decode() for fact in facts],
        [fact.is_internal for fact in facts],
        request.version,
        request.status,
        request.status_since,
        request.warnings_acknowledged_at,
        request.warnings_acknowledged_by,
        request.submitted_at,
        request.submitted_by,
        request.authorized_at,
        request.authorized_by,
        request.preconfigured_at,
        request.sent_at,
        request.completed_at,
        request.fault_code,
        request.fault_waiting_on,
        request.fault_remedy,
        is_touch,
        # What is unsent is counted anew by the statement.
        request.turn_with(unsent_count=0)[0],
        request.requested_firm_date,
        request.claimed_by,
        request.claimed_at,
        request.name,
        request.company_id,
        request.warnings_acknowledged,
        request.declined_at,
        request.declined_by,
        request.decline_reason,
    )
