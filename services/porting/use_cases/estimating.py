"""What other services are told of an estimate: the last day of its window."""

from datetime import date

from libs.common.database import Connection
from services.porting.domain.estimates import estimate_port_in, read_clock
from services.porting.domain.losing_carriers import find_losing_carrier
from services.porting.store.estimates import find_estimate_grounds


async def find_estimated_by(connection: Connection, request_id: str) -> date | None:
    """The window alone, also where lines have dates. None where nothing can be promised."""
    grounds = await find_estimate_grounds(connection, [request_id], None)
    ground = grounds.get(request_id)
    clock = read_clock(ground.received) if ground else None
    if ground is None or clock is None:
        return None
    return estimate_port_in(
        clock,
        line_count=ground.line_count,
        carriers=[find_losing_carrier(name) for name in ground.carriers],
    ).last_day
