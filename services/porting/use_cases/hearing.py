"""What carriers said: worked in their order, by the use cases that the desk has, too."""

import logging
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, assert_never

from libs.common.caller import Login, Support
from libs.common.database import Connection, savepoint
from libs.contracts.refusals import Refusal, Refused, StateRefusal
from services.porting.domain.carriers import (
    TAKEN_BACK,
    Accepted,
    ActivationStarted,
    Cancelled,
    CarrierMessage,
    ConflictRaised,
    FirmDateGiven,
    Ported,
    Rejected,
)
from services.porting.domain.lines import LineEvent, is_refused
from services.porting.domain.rejections import OTHER
from services.porting.store import heard_messages, lines, requests, told_messages
from services.porting.store.heard_messages import Waiting
from services.porting.use_cases import carrier
from services.porting.use_cases.activating import start_activation
from services.porting.use_cases.cancelling import record_cancellation
from services.porting.use_cases.faults import record_fault
from services.porting.use_cases.recording import act_as

log = logging.getLogger(__name__)

OVERTAKEN: Final = "OVERTAKEN"
CHANGES_NOTHING: Final = "CHANGES_NOTHING"
# What a word means for a line; one that is missing here is judged by its use case.
_EVENTS: Final[Mapping[str, LineEvent]] = {
    "FIRM_DATE": LineEvent.APPROVED,
    "REJECTED": LineEvent.REJECTED,
    "CONFLICT": LineEvent.CONFLICT_RAISED,
    "ACTIVATION": LineEvent.ACTIVATION_STARTED,
    "PORTED": LineEvent.PORTED,
}
# A day that our calendar does not know as one of theirs is taken, and shown with its warning.
_OWN_WORD: Final = "The carrier said so itself."
_CANCELLED_UNASKED: Final = "The carrier cancelled the order by itself."
_TRIES: Final = 5
_FIRST_DELAY_S: Final = 0.5


async def work_next(connection: Connection) -> bool:
    """Answers whether there was one. Its effect and its mark are one transaction."""
    waiting = await heard_messages.lock_next_heard(connection)
    if waiting is None:
        return False
    try:
        async with savepoint(connection):
            state, reason = await _work(connection, waiting)
    except (Refusal, Refused) as refused:
        # A refusal is a decision, not a retry: the desk sees it with its code.
        state, reason = _read_refusal(refused)
        await heard_messages.mark_worked(connection, waiting, state, reason)
        _log(waiting, state, reason)
    except Exception as fault:
        if connection.is_closed():
            raise
        await _mark_failed(connection, waiting, fault)
    else:
        await heard_messages.mark_worked(connection, waiting, state, reason)
        _log(waiting, state, reason)
    return True


async def _work(connection: Connection, waiting: Waiting) -> tuple[str, str | None]:
    """How it ended, and why."""
    message = waiting.message
    before = await requests.lock_request(connection, waiting.port_request_id)
    assert before is not None
    numbers = await _find_numbers(connection, waiting)
    if not numbers:
        return "ignored", OVERTAKEN
    numbers = await _only_possible(connection, waiting, numbers)
    await act_as(connection, f"carrier:{waiting.carrier}")
    if not await _apply(connection, waiting, message, numbers):
        return "noted", None
    after = await requests.lock_request(connection, waiting.port_request_id)
    assert after is not None
    if after.version == before.version:
        return "ignored", CHANGES_NOTHING
    return "applied", None


async def _apply(
    connection: Connection,
    waiting: Waiting,
    message: CarrierMessage,
    numbers: Sequence[str],
) -> bool:
    """By what the desk would call; false for what changes nothing by its nature."""
    caller = _caller_of(waiting.carrier)
    request_id = waiting.port_request_id
    match message:
        case FirmDateGiven():
            await carrier.record_firm_date(
                connection,
                caller,
                request_id,
                message.firm_date,
                numbers,
                override_reason=_OWN_WORD,
            )
        case Ported():
            await carrier.record_ported(
                connection, caller, request_id, message.ported_at, numbers
            )
        case Rejected() | ConflictRaised():
            event = _EVENTS[message.kind]
            await record_fault(
                connection,
                caller,
                request_id,
                event,
                code=message.code,
                carrier_text=message.text,
                numbers=numbers,
            )
        case ActivationStarted():
            await start_activation(connection, caller, request_id, numbers)
        case Cancelled():
            await _apply_cancellation(connection, caller, request_id, numbers)
        case Accepted():
            return False
        case _:
            assert_never(message)
    return True


async def _apply_cancellation(
    connection: Connection, caller: Support, request_id: str, numbers: Sequence[str]
) -> None:
    """One that nobody asked for is a rejection: the order is gone, and somebody must act.

    Lines that have ended, or were asked back, do not hide the others of their order.
    """
    states = await lines.find_states(connection, request_id, numbers)
    unasked = [
        number
        for number in numbers
        if number in states and is_refused(LineEvent.CANCELLED, states[number])
    ]
    if unasked:
        await record_fault(
            connection,
            caller,
            request_id,
            LineEvent.REJECTED,
            code=OTHER.name,
            carrier_text=_CANCELLED_UNASKED,
            numbers=unasked,
        )
    if asked := [number for number in numbers if number not in unasked]:
        await record_cancellation(
            connection, caller, request_id, asked, is_confirmed=True, reason=None
        )


async def _find_numbers(connection: Connection, waiting: Waiting) -> list[str]:
    """Of which the message is still true."""
    message = waiting.message
    named = message.numbers or await told_messages.find_numbers_of(
        connection, waiting.port_request_id, message.reference
    )
    if message.kind not in TAKEN_BACK:
        return list(named)
    overtaken = await heard_messages.find_overtaken(connection, waiting.carrier, message)
    if overtaken is None:
        return []
    return [number for number in named if number not in overtaken]


async def _only_possible(
    connection: Connection, waiting: Waiting, numbers: list[str]
) -> list[str]:
    """One line that cannot take the word does not keep it from its sisters."""
    event = _EVENTS.get(waiting.message.kind)
    if event is None:
        return numbers
    states = await lines.find_states(connection, waiting.port_request_id, numbers)
    possible = [
        number
        for number in numbers
        if number in states and not is_refused(event, states[number])
    ]
    return possible or numbers


def _caller_of(carrier_name: str) -> Support:
    """A carrier's word is recorded with the desk's rights, under its own name."""
    login = Login(
        issuer="carriers", subject=carrier_name, expires_at=datetime.max.replace(tzinfo=UTC)
    )
    return Support(login=login)


async def _mark_failed(connection: Connection, waiting: Waiting, fault: Exception) -> None:
    """Kept with its reason, and tried again; it holds back only its own order."""
    attempts = waiting.attempts + 1
    state = "dead" if attempts >= _TRIES else "waiting"
    delay = _FIRST_DELAY_S * 4 ** (attempts - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
    await heard_messages.mark_worked(
        connection,
        waiting,
        state,
        type(fault).__name__,
        attempts=attempts,
        delay=timedelta(seconds=delay),
    )
    log.error(
        "a carrier's message could not be worked",
        exc_info=fault,
        extra={"action": "carrier_message.failed", "message_row": waiting.id, "state": state},
    )


def _read_refusal(refused: Refusal | Refused) -> tuple[str, str]:
    """What the lines' states do not allow came too late or too early, and is ignored."""
    refusals = refused.refusals if isinstance(refused, Refused) else (refused,)
    is_of_state = all(isinstance(each, StateRefusal) for each in refusals)
    return "ignored" if is_of_state else "refused", refusals[0].code.value


def _log(waiting: Waiting, state: str, reason: str | None) -> None:
    log.log(
        logging.WARNING if state == "refused" else logging.INFO,
        "a carrier's message was worked",
        extra={
            "action": "carrier_message.worked",
            "port_request_id": waiting.port_request_id,
            "kind": waiting.message.kind,
            "state": state,
            "reason": reason,
        },
    )
