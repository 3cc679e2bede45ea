"""Who of the port desk works on a request; what it waits for, it waits for all the same."""

from dataclasses import replace
from datetime import UTC, datetime

from libs.common.caller import Support
from libs.common.database import Connection
from libs.contracts.porting_events.desk import PortClaimed, PortReleased
from services.porting.domain.refusals.desk import ClaimedByAnother
from services.porting.domain.requests import PortRequest
from services.porting.store import lines
from services.porting.use_cases.access import lock_own_request, request_not_possible
from services.porting.use_cases.recording import about, save


async def claim_request(
    connection: Connection, caller: Support, request_id: str, *, take_over: bool
) -> str:
    """To claim what one has already changes nothing."""
    request = await lock_own_request(connection, caller, request_id)
    me = caller.login.subject
    if not request.is_open:
        raise await request_not_possible(connection, caller, request)
    if request.claimed_by == me:
        return request.id
    if not take_over:
        _refuse_anothers(request, me)
    counts = await lines.count_lines(connection, request.id)
    claimed = replace(request, claimed_by=me, claimed_at=datetime.now(UTC))
    fact = about(PortClaimed, claimed, counts, claimed_by=me, taken_from=request.claimed_by)
    await save(connection, claimed, fact, is_touch=False)
    return request.id


async def release_request(
    connection: Connection, caller: Support, request_id: str, *, take_over: bool
) -> str:
    """To release what nobody has changes nothing."""
    request = await lock_own_request(connection, caller, request_id)
    me = caller.login.subject
    if request.claimed_by is None:
        return request.id
    if not take_over:
        _refuse_anothers(request, me)
    counts = await lines.count_lines(connection, request.id)
    released = replace(request, claimed_by=None, claimed_at=None)
    fact = about(PortReleased, released, counts, released_by=me)
    await save(connection, released, fact, is_touch=False)
    return request.id


def _refuse_anothers(request: PortRequest, me: str) -> None:
    if request.claimed_by not in (None, me):
        raise ClaimedByAnother(request.claimed_by).at("input", "portRequestId")
