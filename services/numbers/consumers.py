"""Which event starts which use case."""

from collections.abc import Sequence
from typing import Final, TypeVar

from libs.common.consumer import Consumes, Projection, Reaction, Report
from libs.common.database import Connection
from libs.common.events import Event, Fact
from libs.contracts.number_reports import CallReceived, StandingChanged
from libs.contracts.porting_events.lines import (
    LinesCancelled,
    LinesNotPortable,
    LinesPorted,
    LinesReadied,
    LinesReverted,
)
from libs.contracts.porting_events.port_outs import (
    PortOutAuthorized,
    PortOutCancelled,
    PortOutConfirmed,
    PortOutDisputed,
    PortOutDisputeRefused,
    PortOutPorted,
    PortOutReceived,
    PortOutRejected,
    PortOutReturned,
)
from libs.contracts.porting_events.requests import (
    PortCancelled,
    PortCompleted,
    PortDeclined,
    PortExpired,
    PortSubmitted,
    ReviewStarted,
)
from libs.contracts.topology import NUMBERS_EVENTS, NUMBERS_REPORTS, NUMBERS_STANDINGS
from services.numbers.domain.accounts import Standing
from services.numbers.use_cases.calls import receive_calls
from services.numbers.use_cases.ports_under_way import (
    find_going_numbers,
    keep_leaving_numbers,
    keep_port_requests,
)
from services.numbers.use_cases.preconfigurations import announce_lines, preconfigure_numbers
from services.numbers.use_cases.returns import cancel_port_out, take_back_numbers
from services.numbers.use_cases.standings import note_standing
from services.numbers.use_cases.tracking_numbers import (
    finish_port_out,
    port_in_numbers,
    release_numbers,
    revert_numbers,
    start_port_out,
)

AnyFact = TypeVar("AnyFact", bound=Fact)


async def _keep_lines(connection: Connection, events: Sequence[Event]) -> None:
    for event in events:
        await announce_lines(
            connection, event.subject, event.sequence, _fact(event, LinesReadied)
        )


async def _preconfigure(connection: Connection, event: Event) -> None:
    review = _fact(event, ReviewStarted)
    await preconfigure_numbers(connection, event.subject, review.account_id, event.sequence)


async def _port_in(connection: Connection, event: Event) -> None:
    ported = _fact(event, LinesPorted)
    await port_in_numbers(
        connection, ported.account_id, {line.line_id: line.ported_at for line in ported.lines}
    )


async def _release_cancelled(connection: Connection, event: Event) -> None:
    cancelled = _fact(event, LinesCancelled)
    await release_numbers(
        connection,
        cancelled.account_id,
        [line.line_id for line in cancelled.lines],
        event.time,
    )


async def _release_unportable(connection: Connection, event: Event) -> None:
    unportable = _fact(event, LinesNotPortable)
    await release_numbers(
        connection,
        unportable.account_id,
        [line.line_id for line in unportable.lines],
        event.time,
    )


async def _revert(connection: Connection, event: Event) -> None:
    reverted = _fact(event, LinesReverted)
    await revert_numbers(
        connection,
        reverted.account_id,
        [line.line_id for line in reverted.lines],
        reverted_at=event.time,
    )


async def _start_port_out(connection: Connection, event: Event) -> None:
    port_out = _fact(event, PortOutAuthorized)
    leaving = await find_going_numbers(connection, event)
    await start_port_out(connection, port_out.account_id, event.subject, leaving)


async def _finish_port_out(connection: Connection, event: Event) -> None:
    port_out = _fact(event, PortOutPorted)
    gone = await find_going_numbers(connection, event)
    await finish_port_out(
        connection, port_out.account_id, event.subject, gone, port_out.ported_out_at
    )


async def _cancel_port_out(connection: Connection, event: Event) -> None:
    port_out = _fact(event, PortOutCancelled)
    await cancel_port_out(
        connection, port_out.account_id, event.subject, port_out.tracking_numbers
    )


async def _take_back(connection: Connection, event: Event) -> None:
    port_out = _fact(event, PortOutReturned)
    await take_back_numbers(
        connection,
        port_out.account_id,
        event.subject,
        port_out.tracking_numbers,
        port_out.returned_at,
    )


async def _receive_calls(connection: Connection, events: Sequence[Event]) -> None:
    calls = [_fact(event, CallReceived) for event in events]
    await receive_calls(
        connection,
        [call.tracking_number for call in calls],
        [call.called_at for call in calls],
    )


async def _note_standing(connection: Connection, event: Event) -> None:
    said = _fact(event, StandingChanged)
    standing = Standing(
        card_on_file=said.card_on_file,
        balance_current=said.balance_current,
        in_good_standing=said.in_good_standing,
        in_trial=said.in_trial,
        changed_at=said.changed_at,
        sequence=event.sequence,
    )
    await note_standing(connection, event.subject, standing)


def _fact(event: Event, kind: type[AnyFact]) -> AnyFact:
    assert isinstance(event.fact, kind)
    return event.fact


CONSUMES: Final = (
    Consumes(
        queue=NUMBERS_EVENTS.name,
        subscriptions=(
            Projection(
                facts=(PortSubmitted, PortDeclined, PortCancelled, PortExpired, PortCompleted),
                apply=keep_port_requests,
            ),
            Projection(
                facts=(
                    PortOutReceived,
                    PortOutRejected,
                    PortOutDisputed,
                    PortOutDisputeRefused,
                    PortOutConfirmed,
                ),
                apply=keep_leaving_numbers,
            ),
            Projection(facts=(LinesReadied,), apply=_keep_lines),
            Reaction(fact=ReviewStarted, react=_preconfigure),
            Reaction(fact=LinesPorted, react=_port_in),
            Reaction(fact=LinesCancelled, react=_release_cancelled),
            Reaction(fact=LinesNotPortable, react=_release_unportable),
            Reaction(fact=LinesReverted, react=_revert),
            Reaction(fact=PortOutAuthorized, keep=keep_leaving_numbers, react=_start_port_out),
            Reaction(fact=PortOutCancelled, keep=keep_leaving_numbers, react=_cancel_port_out),
            Reaction(fact=PortOutPorted, keep=keep_leaving_numbers, react=_finish_port_out),
            Reaction(fact=PortOutReturned, keep=keep_leaving_numbers, react=_take_back),
        ),
    ),
    Consumes(
        queue=NUMBERS_REPORTS.name,
        subscriptions=(Report(fact=CallReceived, apply=_receive_calls),),
    ),
    Consumes(
        queue=NUMBERS_STANDINGS.name,
        subscriptions=(Reaction(fact=StandingChanged, react=_note_standing),),
    ),
)
