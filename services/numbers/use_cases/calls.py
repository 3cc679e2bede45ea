"""Calls that reached us: the first of a number, the first after it left, those for nobody."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from libs.common.database import Connection, after_commit
from libs.contracts.number_events import CallAfterPortOut, FirstCallReceived
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.calls import judge_time
from services.numbers.domain.tracking_numbers import TrackingNumber
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
    first_calls, alerts = [], []
    for each in called:
        before, after = each.number, each.receive(told[each.number.phone_number])
        if after.called_after_port_out_at != before.called_after_port_out_at:
            alerts.append(after)
        elif after is not before:
            first_calls.append(after)
    await save_and_record(connection, first_calls, _first_call_received)
    await save_and_record(connection, alerts, _call_after_port_out)
    _log(first_calls, alerts)
    ours = {each.number.phone_number for each in called}
    others = {number: times for number, times in told.items() if number not in ours}
    if others:
        await store.count_unknown_calls(connection, others)


def _first_call_received(number: TrackingNumber) -> FirstCallReceived:
    assert number.first_called_at is not None
    return FirstCallReceived(**public_state(number), called_at=number.first_called_at)


def _call_after_port_out(number: TrackingNumber) -> CallAfterPortOut:
    assert number.port_out_id is not None
    assert number.called_after_port_out_at is not None
    return CallAfterPortOut(
        **public_state(number),
        port_out_id=number.port_out_id,
        called_at=number.called_after_port_out_at,
    )


def _log(first_calls: Sequence[TrackingNumber], alerts: Sequence[TrackingNumber]) -> None:
    if first_calls:
        log_change("numbers.first_call_received", first_calls)
    if alerts:
        known = {"count": len(alerts), "number_ids": [number.id for number in alerts[:10]]}
        after_commit(
            lambda: log.warning(
                "numbers that left are still called here",
                extra={"action": "numbers.called_after_port_out", **known},
            )
        )
