"""Calls that reached us: the first of a number, the first after it left, those for nobody."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from libs.common.database import Connection
from libs.contracts.number_events import CallAfterPortOut, FirstCallReceived, NumberFact
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.calls import judge_time
from services.numbers.domain.tracking_numbers import NumberState, TrackingNumber
from services.numbers.store import calls as store
from services.numbers.use_cases.tracking_numbers import (
    log_change,
    public_state,
    save_and_record,
)

log = logging.getLogger(__name__)


async def receive_calls(
    connection: Connection,
    phone_numbers: Sequence[PhoneNumber],
    called_at: Sequence[datetime],
) -> None:
    """The first call, by anyone (S65), makes a number active once (S66).

    The first after it left alerts, once for each port-out (S78). Calls for numbers that ring
    nowhere are counted. All others, nearly all, change nothing and write nothing.
    """
    unusual = await store.find_unusual(connection, set(phone_numbers))
    if not unusual:
        return
    now = datetime.now(UTC)
    told: dict[PhoneNumber, list[datetime]] = {}
    for number, at in zip(phone_numbers, called_at, strict=True):
        if number in unusual:
            told.setdefault(number, []).append(judge_time(at, now))
    called = await store.lock_called_numbers(connection, told)
    after = ((each.number, each.receive(told[each.number.phone_number])) for each in called)
    changed = [new for old, new in after if new is not old]
    await save_and_record(connection, changed, _tell)
    _log(changed)
    ours = {each.number.phone_number for each in called}
    others = {number: times for number, times in told.items() if number not in ours}
    if others:
        await store.count_unknown_calls(connection, others)


def _tell(number: TrackingNumber) -> NumberFact:
    if number.state is NumberState.PORTED_OUT:
        assert number.port_out_id is not None
        assert number.called_after_port_out_at is not None
        return CallAfterPortOut(
            **public_state(number),
            port_out_id=number.port_out_id,
            called_at=number.called_after_port_out_at,
        )
    assert number.first_called_at is not None
    return FirstCallReceived(**public_state(number), called_at=number.first_called_at)


def _log(changed: Sequence[TrackingNumber]) -> None:
    left = [number for number in changed if number.state is NumberState.PORTED_OUT]
    if len(changed) > len(left):
        log_change(
            "numbers.first_call_received", [each for each in changed if each not in left]
        )
    if left:
        log.warning(
            "numbers that left are still called here",
            extra={
                "action": "numbers.call_after_port_out",
                "count": len(left),
                "number_ids": [number.id for number in left[:10]],
            },
        )
