"""Requests that nobody touches: their owner is warned, then they end, or what is faulty of them."""

from datetime import UTC, datetime, timedelta
from typing import Final

from libs.common.database import Connection
from libs.common.timers import set_timer
from libs.contracts.porting_events.lines import LinesCancelled
from libs.contracts.porting_events.requests import PortExpired, PortExpiring
from services.porting.domain.faults import ClosedBy
from services.porting.domain.idling import IdleLimits, is_warning_due, next_look
from services.porting.domain.lines import FAULTY, NEXT_STATES, LineEvent, LineState
from services.porting.domain.requests import PortRequest, PortRequestStatus
from services.porting.store import faults, line_states, lines, requests
from services.porting.use_cases.cancelling import stop_lines
from services.porting.use_cases.deriving import named
from services.porting.use_cases.recording import IDLE_DUE, about, batches_about, save

_SOON: Final = timedelta(hours=1)
# What is not sent yet waits for us, not for its requester.
_FAULTY_ENDS: Final = {state: NEXT_STATES[LineEvent.DROPPED][state] for state in FAULTY}
_REASON: Final = "Nobody has touched it for too long."


async def look_at_idle_request(
    connection: Connection, request_id: str, limits: IdleLimits
) -> None:
    """Its timer is due. Whoever is changing it now makes it busy: it is looked at later."""
    request = await requests.lock_request_if_free(connection, request_id)
    now = datetime.now(UTC)
    if request is None:
        await set_timer(connection, IDLE_DUE, request_id, now + _SOON)
        return
    idle_since = await requests.find_idle_since(connection, request_id)
    ends_at = limits.end_of(request, idle_since)
    if ends_at is None:
        return
    if now >= ends_at:
        await _end(connection, request)
        return
    if is_warning_due(ends_at, now):
        counts = await lines.count_lines(connection, request_id)
        said = about(PortExpiring, request, counts, expires_at=ends_at)
        await save(connection, request, said, is_touch=False)
    await set_timer(connection, IDLE_DUE, request_id, next_look(ends_at, now))


async def _end(connection: Connection, request: PortRequest) -> None:
    if request.sent_at is not None:
        await stop_lines(connection, request, _FAULTY_ENDS, ClosedBy.EXPIRED, reason=_REASON)
        return
    moved = await line_states.move_by(connection, request.id, NEXT_STATES[LineEvent.DROPPED])
    known = [each.line for each in moved if each.before is not LineState.ADDED]
    now = datetime.now(UTC)
    await faults.close_all_faults(connection, request.id, ClosedBy.EXPIRED, now)
    counts = await lines.count_lines(connection, request.id)
    expired = request.moved_to(PortRequestStatus.EXPIRED, now)
    await save(
        connection,
        expired,
        *batches_about(LinesCancelled, expired, counts, known, named),
        about(PortExpired, expired, counts, expired_at=now),
        reason=_REASON,
    )
