"""The losing carrier's part: sent, firm date, ported; and the first call, which outruns its word."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Literal

from libs.common.caller import Caller
from libs.common.database import Connection
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.lines import (
    ApprovedLine,
    LinesApproved,
    LinesPorted,
    PortedLine,
)
from libs.contracts.porting_events.requests import (
    FirmDateChanged,
    LinesPreconfigured,
    PortSentToCarrier,
)
from services.porting.domain.carriers import Telling
from services.porting.domain.faults import ClosedBy
from services.porting.domain.judgements import find_fault_of_time, is_out_of_reach
from services.porting.domain.letters import FAILED
from services.porting.domain.lines import NEXT_STATES, LineEvent, states_before
from services.porting.domain.refusals.letters import LetterFailed, LetterNotSigned
from services.porting.domain.refusals.lines import TimeTooEarly
from services.porting.domain.refusals.requests import NotPreconfigured
from services.porting.domain.requests import LineCounts, PortRequest, PortRequestStatus
from services.porting.store import (
    carrier_orders,
    faults,
    letters,
    line_states,
    lines,
    requests,
)
from services.porting.store.lines import Line
from services.porting.use_cases.access import lock_own_request, request_not_possible
from services.porting.use_cases.activating import set_activation_timer
from services.porting.use_cases.carrier_messages import tell_carrier
from services.porting.use_cases.carrier_orders import (
    choose_orders_to_send,
    propose_carrier_orders,
)
from services.porting.use_cases.deriving import day_of, derive_and_save, lock_for
from services.porting.use_cases.estimating import find_estimated_by
from services.porting.use_cases.firm_dates import judge_granted_date
from services.porting.use_cases.recording import about, batches_about, save
from services.porting.use_cases.reviewing import answers_present_review

log = logging.getLogger(__name__)


async def note_preconfigured(
    connection: Connection,
    request_id: str,
    number_ids: dict[str, str],
    *,
    is_last: bool,
    review: int | None,
) -> None:
    """`numbers` says that these lines (line id to number id) ring through from now on.

    They do, whichever review it answers; only an answer to the present one lets the request go.
    """
    request = await requests.lock_request(connection, request_id)
    if request is None:
        return
    await lines.link_numbers(connection, number_ids)
    if not is_last or request.preconfigured_at is not None or request.is_final:
        return
    if not await answers_present_review(connection, request.id, review):
        return
    counts = await lines.count_lines(connection, request_id)
    ready = replace(request, preconfigured_at=datetime.now(UTC))
    await propose_carrier_orders(connection, ready)
    estimated_by = await find_estimated_by(connection, request_id)
    said = about(LinesPreconfigured, ready, counts, estimated_by=estimated_by)
    await save(connection, ready, said)


async def send_to_carrier(
    connection: Connection,
    caller: Caller,
    request_id: str,
    order_ids: Sequence[str] | None = None,
) -> str:
    """All carrier orders that are not sent, or the named ones."""
    request = await lock_own_request(connection, caller, request_id)
    if request.status is not PortRequestStatus.IN_REVIEW and request.sent_at is None:
        raise await request_not_possible(connection, caller, request)
    if request.preconfigured_at is None:
        raise NotPreconfigured().at("input", "portRequestId")
    orders = await choose_orders_to_send(connection, request, order_ids)
    if not orders:
        raise await request_not_possible(connection, caller, request)
    await _refuse_unsigned(connection, request)
    now = datetime.now(UTC)
    before = states_before(LineEvent.SENT)
    lines_sent = await carrier_orders.send_lines(connection, request_id, orders, before, now)
    estimated_by = await find_estimated_by(connection, request_id)
    said = {"sent_at": now, "carrier_order_ids": orders, "estimated_by": estimated_by}
    sent = await derive_and_save(
        connection,
        replace(request, sent_at=request.sent_at or now),
        lambda derived, counts: [about(PortSentToCarrier, derived, counts, **said)],
    )
    numbers = [line.tracking_number for line in lines_sent]
    await tell_carrier(connection, Telling.ORDER, sent, numbers)
    # A first call happens once: what rang here during the review has had it.
    if called := await line_states.find_called(connection, request_id):
        ported = await line_states.port_lines(
            connection,
            request_id,
            now,
            states_before(LineEvent.CALLED),
            called,
            evidence="first_call",
        )
        await _save_ported(connection, sent, ported, "first_call")
    return request.id


async def _refuse_unsigned(connection: Connection, request: PortRequest) -> None:
    """The rest of a part-sent request may have waited until its letter grew too old."""
    letter = await letters.find_standing_letter(connection, request.id)
    if letter is None or letter.is_signed:
        return
    fault = LetterFailed() if letter.state in FAILED else LetterNotSigned()
    raise fault.at("portRequest", "letter")


async def record_firm_date(
    connection: Connection,
    caller: Caller,
    request_id: str,
    firm_date: date,
    numbers: Sequence[str] | None,
    override_reason: str | None = None,
) -> str:
    """Of all lines, or of the named ones. Late and doubled words change nothing.

    So what is told again is judged by nobody: its day may be over by now.
    """
    request = await lock_for(LineEvent.APPROVED, connection, caller, request_id, numbers)
    dated, replaced = await line_states.date_lines(
        connection,
        request_id,
        firm_date,
        NEXT_STATES[LineEvent.APPROVED],
        NEXT_STATES[LineEvent.FIRM_DATE_CHANGED],
        numbers,
    )
    if not dated and not is_out_of_reach(firm_date, datetime.now(UTC)):
        return request.id
    warnings = await judge_granted_date(
        connection, request_id, firm_date, numbers, override_reason
    )
    approved = [moved.line for moved in dated]
    await faults.close_faults_of_lines(
        connection,
        request_id,
        [line.id for line in approved],
        ClosedBy.APPROVED,
        datetime.now(UTC),
    )
    dated_numbers = [line.tracking_number for line in approved]
    days = await line_states.find_firm_days(connection, request_id, dated_numbers)
    activates_at = min((day.starts_at for day in days), default=None)
    latest = await line_states.find_latest_firm_day(connection, request_id)
    status_before = request.status

    def tell(now: PortRequest, counts: LineCounts) -> list[PortRequestFact]:
        said: list[PortRequestFact] = [
            *batches_about(
                LinesApproved,
                now,
                counts,
                approved,
                _approved_line,
                firm_date=firm_date,
                activates_at=activates_at,
                warnings=warnings,
                override_reason=override_reason,
            )
        ]
        if replaced and now.status is status_before:
            said.append(about(FirmDateChanged, now, counts, **day_of(latest)))
        return said

    instead = f" instead of {', '.join(map(str, replaced))}" if replaced else ""
    because = f" {override_reason}" if override_reason else ""
    await derive_and_save(
        connection,
        request,
        tell,
        reason=f"The firm date is {firm_date}{instead}.{because}",
    )
    await set_activation_timer(connection, request_id)
    return request.id


async def record_ported(
    connection: Connection,
    caller: Caller,
    request_id: str,
    ported_at: datetime,
    numbers: Sequence[str] | None,
) -> str:
    """The carrier says so. Where a call was first, the instant may only move back."""
    request = await lock_for(LineEvent.PORTED, connection, caller, request_id, numbers)
    if fault := find_fault_of_time(ported_at, datetime.now(UTC)):
        raise fault.at("input", "portedAt")
    if request.sent_at is not None and ported_at < request.sent_at:
        raise TimeTooEarly().at("input", "portedAt")
    ported = await line_states.port_lines(
        connection,
        request_id,
        ported_at,
        states_before(LineEvent.PORTED),
        numbers,
        evidence="carrier",
    )
    await _save_ported(connection, request, ported, "carrier")
    return request.id


async def note_first_call(
    connection: Connection, request_id: str, tracking_number: str, called_at: datetime
) -> None:
    """A call reached us, so the number is here, whatever the carrier has said so far.

    Porting alone decides the port's instant, and `numbers` keeps what it is told: the earlier
    of the carrier's stated time and the first call, but never before the request was sent. A
    call that came before that is of a line that nobody had been asked for; it counts from then.
    """
    request = await requests.lock_request(connection, request_id)
    if request is None or request.sent_at is None:
        return
    ported = await line_states.port_lines(
        connection,
        request.id,
        max(called_at, request.sent_at),
        states_before(LineEvent.CALLED),
        [tracking_number],
        evidence="first_call",
    )
    if any(line.firm_date is None for line in ported):
        log.warning(
            "a number rings here before the losing carrier gave a date",
            extra={"action": "line.called_early", "port_request_id": request.id},
        )
    await _save_ported(connection, request, ported, "first_call")


async def _save_ported(
    connection: Connection,
    request: PortRequest,
    ported: Sequence[Line],
    evidence: Literal["carrier", "first_call"],
) -> None:
    if not ported:
        return
    await faults.close_faults_of_lines(
        connection,
        request.id,
        [line.id for line in ported],
        ClosedBy.PORTED,
        datetime.now(UTC),
    )
    await derive_and_save(
        connection,
        request,
        lambda now, counts: batches_about(
            LinesPorted, now, counts, ported, lambda line: _ported_line(line, evidence)
        ),
    )


def _approved_line(line: Line) -> ApprovedLine:
    return ApprovedLine(line_id=line.id, tracking_number=line.tracking_number)


def _ported_line(line: Line, evidence: Literal["carrier", "first_call"]) -> PortedLine:
    assert line.ported_at is not None
    return PortedLine(
        line_id=line.id,
        tracking_number=line.tracking_number,
        ported_at=line.ported_at,
        evidence=evidence,
    )
