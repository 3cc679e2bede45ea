"""What is due at carriers: told once under its key, then looked after until it is over.

Nothing here calls a carrier: the worker takes what is due in one transaction, tells it in none,
and keeps the answer in another. Whatever dies between them, the lease ends and it is told again
under the same key, which the carrier takes once.
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from libs.common.database import Connection, savepoint
from libs.common.ids import made_at
from libs.common.vault import Vault
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.carriers import Cancellation, Order, Telling
from services.porting.domain.letter_pages import pages_of
from services.porting.domain.letters import Letter, Subscriber
from services.porting.domain.lines import WITH_A_CARRIER
from services.porting.integrations.carriers.protocol import (
    Answer,
    ByHand,
    Heard,
    OrderState,
    Taken,
    TurnedDown,
)
from services.porting.store import carrier_orders, letters, requests, told_messages
from services.porting.store.told_messages import Told
from services.porting.use_cases.carrier_messages import receive
from services.porting.use_cases.pins import find_pin_for_carrier
from services.porting.use_cases.recording import act_as

log = logging.getLogger(__name__)

NOT_CONFIRMED: Final = "NOT_CONFIRMED"
NOTHING_LEFT: Final = "NOTHING_LEFT"
# With the longest delay of an hour that is more than a day.
_TRIES: Final = 30
_LONGEST_DELAY: Final = timedelta(hours=1)
# After so many looks without a change a person is told that a carrier took it and did nothing.
_LOOKS_BEFORE_DOUBT: Final = 5


@dataclass(frozen=True, kw_only=True)
class Pace:
    """`lease` outlasts the slowest answer; the delays grow with every try, and with every look."""

    lease: timedelta = timedelta(seconds=60)
    first_retry: timedelta = timedelta(seconds=1)
    first_look: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Errand:
    """An order to tell, or an order to look at; neither where it ended as it was taken."""

    told: Told
    order: Cancellation | None = None
    looks: bool = False


async def take_errand(
    connection: Connection, carrier: str, pace: Pace, vault: Vault | None = None
) -> Errand | None:
    """What is due next, with all that the carrier must be told. None where nothing is due.

    Without a vault no PIN is told: the desk is shown it when somebody types it in.
    """
    told = await told_messages.lock_next_told(connection, carrier, pace.lease)
    if told is None:
        return None
    if vault is not None:
        await act_as(connection, f"carrier:{carrier}")
    try:
        async with savepoint(connection):
            return await _prepare(connection, told, vault)
    except Exception as fault:
        if connection.is_closed():
            raise
        log.exception(
            "an order could not be assembled", extra={"action": "carrier_order.not_assembled"}
        )
        await note_unreachable(connection, told, type(fault).__name__, pace)
        return Errand(told=told)


async def _prepare(connection: Connection, told: Told, vault: Vault | None) -> Errand:
    found = await requests.find_requests(connection, [told.port_request_id], None, None, None)
    is_over = found[told.port_request_id].is_final
    if is_over and (told.state == "sent" or told.kind is not Telling.CANCELLATION):
        await told_messages.end_telling(connection, told, "done")
        return Errand(told=told)
    if told.state == "sent":
        return Errand(told=told, looks=True)
    order = await _assemble(connection, told, vault)
    if order is None:
        await told_messages.end_telling(connection, told, "done", reason=NOTHING_LEFT)
        return Errand(told=told)
    return Errand(told=told, order=order)


async def note_answer(
    connection: Connection,
    told: Told,
    answer: Answer,
    carrier: str,
    pace: Pace,
    vault: Vault | None,
) -> None:
    match answer:
        case Taken():
            await told_messages.mark_sent(
                connection, told, answer.sent, answer.last_modified, pace.first_look
            )
        case ByHand():
            await told_messages.end_telling(connection, told, "by_hand")
        case TurnedDown():
            await told_messages.end_telling(
                connection, told, "refused", reason=answer.rejection.code, raw=answer.sent
            )
            heard = Heard(message=answer.rejection, raw=answer.answer)
            await receive(connection, carrier, heard, vault)
    _log(told, "carrier.told", answer=type(answer).__name__)


async def note_unreachable(
    connection: Connection, told: Told, reason: str, pace: Pace
) -> None:
    """Again later; after the last try it is a person's."""
    if told.state == "waiting" and told.attempts >= _TRIES:
        await told_messages.end_telling(connection, told, "dead", reason=reason)
        _log(told, "carrier.given_up", level=logging.ERROR, reason=reason)
        return
    delay = _grown(pace.first_retry, told.attempts)
    await told_messages.postpone(connection, told, reason, delay)
    _log(told, "carrier.not_reached", level=logging.WARNING, reason=reason)


async def note_state(
    connection: Connection,
    told: Told,
    shown: OrderState,
    carrier: str,
    pace: Pace,
    vault: Vault | None,
) -> None:
    """What the carrier shows. Its 200 was no promise: a change or an error is."""
    await told_messages.lock_told(connection, told)
    news = [await receive(connection, carrier, heard, vault) for heard in shown.said]
    if shown.last_modified != told.last_modified:
        await told_messages.confirm(connection, told.reference, told.order_version)
    elif not told.is_confirmed and told.attempts == _LOOKS_BEFORE_DOUBT:
        _log(told, "carrier.not_confirmed", level=logging.WARNING)
    if shown.is_over:
        await told_messages.end_telling(connection, told, "done")
        return
    is_in_doubt = (
        shown.last_modified == told.last_modified
        and not told.is_confirmed
        and told.attempts >= _LOOKS_BEFORE_DOUBT
    )
    delay = pace.first_look if any(news) else _grown(pace.first_look, told.attempts)
    reason = NOT_CONFIRMED if is_in_doubt else None
    await told_messages.postpone(connection, told, reason, delay, anew=any(news))


async def _assemble(
    connection: Connection, told: Told, vault: Vault | None
) -> Cancellation | None:
    """None where the carrier is to have nothing of it any more."""
    numbers = await _numbers_of(connection, told)
    if not numbers:
        return None
    if told.kind is Telling.CANCELLATION:
        return Cancellation(
            reference=told.reference, version=told.order_version, numbers=numbers
        )
    letter = await _find_letter(connection, told, numbers)
    pin = None
    if vault is not None:
        pin = await find_pin_for_carrier(connection, told.port_request_id, vault, numbers[0])
    return Order(
        reference=told.reference,
        version=told.order_version,
        numbers=numbers,
        letter_reference=letter.id,
        subscriber=await _find_subscriber(connection, told, letter, numbers),
        pin=pin,
    )


async def _find_letter(
    connection: Connection, told: Told, numbers: Sequence[PhoneNumber]
) -> Letter:
    """A line that was corrected may have one of its own."""
    of_lines = await letters.find_line_letters(connection, told.port_request_id)
    if len(numbers) == 1 and numbers[0] in of_lines:
        return of_lines[numbers[0]]
    standing = await letters.find_letters(connection, [told.port_request_id])
    return standing[told.port_request_id]


async def _find_subscriber(
    connection: Connection, told: Told, letter: Letter, numbers: Sequence[PhoneNumber]
) -> Subscriber:
    """With the carrier and account as the desk put the order together, or a newer letter says."""
    found = await carrier_orders.find_carrier_orders(connection, [told.port_request_id], None)
    for order in found.get(told.port_request_id, []):
        if order.id == told.reference and order.created_at >= made_at(letter.id):
            return replace(
                letter.subscriber,
                losing_carrier=order.key.losing_carrier,
                account_number=order.key.losing_account,
                billing_number=order.key.billing_number,
            )
    lines_on_it = await letters.find_letter_lines(connection, told.port_request_id, numbers[0])
    [page] = pages_of(letter, lines_on_it)
    return replace(
        letter.subscriber,
        losing_carrier=page.losing_carrier,
        account_number=page.account_number,
        billing_number=page.billing_number,
    )


async def _numbers_of(connection: Connection, told: Told) -> tuple[PhoneNumber, ...]:
    """Those that the carrier is to have still, or of a cancellation those it is to give up."""
    states = None if told.kind is Telling.CANCELLATION else WITH_A_CARRIER
    return tuple(await told_messages.find_numbers_left(connection, told, states))


def _grown(first: timedelta, attempts: int) -> timedelta:
    times = 2.0 ** min(attempts - 1, 16) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
    return min(first * times, _LONGEST_DELAY)


def _log(told: Told, action: str, *, level: int = logging.INFO, **known: str) -> None:
    log.log(
        level,
        "a carrier is told something",
        extra={
            "action": action,
            "port_request_id": told.port_request_id,
            "reference": told.reference,
            "order_version": told.order_version,
            "kind": told.kind.value,
            **known,
        },
    )
