"""The answer to a gaining carrier: an administrator's, support's, or that of silence."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from libs.common.caller import Anonymous, Member, Support
from libs.common.database import Connection
from libs.common.timers import clear_timer, set_timer
from libs.contracts.porting_events.port_outs import (
    PortOutAuthorized,
    PortOutRejected,
    PortOutRejectionProposed,
)
from services.porting.domain.port_out_reasons import (
    PORT_OUT_REASONS,
    PortOutReason,
    find_port_out_reason,
)
from services.porting.domain.port_out_reports import AlertKind
from services.porting.domain.port_outs import (
    LONGEST_AUTHORIZED,
    PortOut,
    PortOutEvent,
    PortOutNumber,
    PortOutStatus,
    review_by_of,
)
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.port_outs import (
    AnswerTimePassed,
    NoteMissing,
    ReasonNotLawful,
)
from services.porting.store import port_out_numbers, port_outs
from services.porting.use_cases.access import lock_own_port_out
from services.porting.use_cases.port_out_recording import (
    alert_support,
    move,
    save_port_out,
    say,
)

ANSWER_DUE: Final = "port_out_answer_due"
REVIEW_DUE: Final = "port_out_review_due"
PORT_DUE: Final = "port_out_port_due"
LONGEST_NOTE: Final = 2000


async def authorize_port_out(connection: Connection, caller: Member, port_out_id: str) -> str:
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    after = move(caller, port_out, PortOutEvent.ADMINISTRATOR_AUTHORIZED)
    if after is not None:
        after = replace(after, authorized_by=caller.member_id)
        await _authorize(connection, after, by_silence=False)
    return port_out_id


async def authorize_by_silence(connection: Connection, port_out_id: str) -> None:
    """The answer-by time has passed: to say nothing never keeps a number from leaving."""
    port_out = await port_outs.lock_port_out(connection, port_out_id)
    if port_out is None:
        return
    after = move(Anonymous(), port_out, PortOutEvent.ANSWER_TIME_PASSED)
    if after is None:
        return
    await _authorize(connection, after, by_silence=True)
    if port_out.status is PortOutStatus.REJECTION_REVIEW:
        await _alert(connection, AlertKind.REVIEW_UNDECIDED, port_out)


async def reject_port_out(
    connection: Connection, caller: Member, port_out_id: str, code: str, note: str | None
) -> str:
    """For a lawful reason alone; support looks at it before the carrier is told."""
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    reason = find_port_out_reason(code)
    if reason is None:
        raise ReasonNotLawful().at("input", "code")
    said = read_note(note, "note", is_needed=reason.needs_note)
    after = move(caller, port_out, PortOutEvent.REJECTION_PROPOSED)
    if after is None:
        return port_out_id
    now = datetime.now(UTC)
    if now >= port_out.answer_by:
        raise AnswerTimePassed().at("input", "portOutId")
    after = replace(
        after,
        rejection_code=reason.code,
        rejection_note=said,
        review_by=review_by_of(port_out.answer_by, now),
    )
    assert after.review_by is not None
    await set_timer(connection, REVIEW_DUE, after.id, after.review_by)
    facts = await say(connection, PortOutRejectionProposed, after, code=reason.code)
    await save_port_out(connection, after, facts, reason=said)
    return port_out_id


async def confirm_rejection(
    connection: Connection, caller: Support, port_out_id: str, note: str | None
) -> str:
    """Support finds the reason true: the carrier is told, and the numbers stay."""
    said = read_note(note, "note", is_needed=False)
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    after = move(caller, port_out, PortOutEvent.REJECTION_CONFIRMED)
    if after is None:
        return port_out_id
    if datetime.now(UTC) >= port_out.answer_by:
        raise AnswerTimePassed().at("input", "portOutId")
    assert after.rejection_code is not None
    await reject(connection, after, PORT_OUT_REASONS[after.rejection_code], reason=said)
    return port_out_id


async def overturn_rejection(
    connection: Connection, caller: Support, port_out_id: str, note: str
) -> str:
    """Support finds that the reason does not hold: the numbers may leave."""
    said = read_note(note, "note", is_needed=True)
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    after = move(caller, port_out, PortOutEvent.REJECTION_OVERTURNED)
    if after is not None:
        await _authorize(connection, after, by_silence=False, overturned=True, reason=said)
    return port_out_id


async def reject(
    connection: Connection, after: PortOut, why: PortOutReason, *, reason: str | None = None
) -> PortOut:
    """None of its numbers leaves; `after` stands as REJECTED."""
    numbers = await port_out_numbers.find_port_out_numbers(connection, after.id)
    await keep_numbers(connection, after, numbers)
    facts = await say(
        connection,
        PortOutRejected,
        after,
        numbers,
        code=why.code,
        is_correctable=why.is_correctable,
    )
    await stop_waiting(connection, after.id)
    rejected = replace(after, leaving_count=0, rejection_code=why.code)
    return await save_port_out(connection, rejected, facts, reason=reason)


async def keep_numbers(
    connection: Connection, port_out: PortOut, numbers: Sequence[PortOutNumber]
) -> None:
    await port_out_numbers.let_numbers_stay(
        connection, port_out.id, numbers, datetime.now(UTC)
    )


async def look_at_review(connection: Connection, port_out_id: str) -> None:
    """Half of the time that support had is over: somebody has to decide now."""
    port_out = await port_outs.lock_port_out(connection, port_out_id)
    if port_out is not None and port_out.status is PortOutStatus.REJECTION_REVIEW:
        await _alert(connection, AlertKind.REVIEW_DUE, port_out)


async def look_at_unported(connection: Connection, port_out_id: str) -> None:
    """The carrier has not taken what it may take: a person asks, nothing ends by itself."""
    port_out = await port_outs.lock_port_out(connection, port_out_id)
    if (
        port_out is not None
        and port_out.leaving_count > 0
        and port_out.status
        in {PortOutStatus.AUTHORIZED, PortOutStatus.SCHEDULED, PortOutStatus.PORTED_OUT}
    ):
        await _alert(connection, AlertKind.NEVER_PORTED, port_out)


def read_note(note: str | None, name: str, *, is_needed: bool) -> str | None:
    said = (note or "").replace("\0", "").strip()
    if len(said) > LONGEST_NOTE:
        raise TextTooLong(LONGEST_NOTE).at("input", name)
    if is_needed and not said:
        raise NoteMissing().at("input", name)
    return said or None


async def _authorize(
    connection: Connection,
    after: PortOut,
    *,
    by_silence: bool,
    overturned: bool = False,
    reason: str | None = None,
) -> None:
    facts = await say(
        connection, PortOutAuthorized, after, by_silence=by_silence, overturned=overturned
    )
    await stop_waiting(connection, after.id)
    await set_timer(connection, PORT_DUE, after.id, datetime.now(UTC) + LONGEST_AUTHORIZED)
    await save_port_out(connection, after, facts, reason=reason)


async def stop_waiting(connection: Connection, port_out_id: str) -> None:
    await clear_timer(connection, ANSWER_DUE, port_out_id)
    await clear_timer(connection, REVIEW_DUE, port_out_id)


async def _alert(connection: Connection, kind: AlertKind, port_out: PortOut) -> None:
    await alert_support(
        connection,
        kind,
        port_out.gaining_carrier,
        port_out.reference,
        port_out_id=port_out.id,
    )
