"""Which event starts what in porting."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from libs.common.consumer import Consumes, Ignored, Projection, Reaction
from libs.common.database import Connection
from libs.common.events import Event, Fact
from libs.contracts.billing_events import (
    BillingPeriodClosed,
    BillingPeriodMovedBack,
    BillingPeriodOpened,
)
from libs.contracts.number_events import (
    AccountChanged,
    AccountDisabled,
    AccountReactivated,
    AccountState,
    CallAfterPortOut,
    CompanyChanged,
    FirstCallReceived,
    MemberChanged,
    NumberChanged,
    NumberDisabled,
    NumberFact,
    NumberPortedIn,
    NumberPortedOut,
    NumberPortingOut,
    NumberPortOutCancelled,
    NumberQuarantined,
    NumberReleased,
    NumberRestored,
    NumberReturned,
    NumbersPreconfigured,
    PortOutDisablingChanged,
    PreconfigurationRefused,
)
from libs.contracts.porting_events.port_outs import PortOutReported, PortOutWithdrawn
from libs.contracts.topology import PORTING_EVENTS, PORTING_REPORTS
from services.porting.domain.port_out_reports import MAY_BE_COMING, Report, clean_name
from services.porting.store import copies
from services.porting.store.copies import InventoryNumber
from services.porting.store.port_out_surroundings import note_administrator_changes
from services.porting.use_cases.carrier import note_first_call, note_preconfigured
from services.porting.use_cases.faults import note_preconfiguration_refused
from services.porting.use_cases.port_out_checklists import (
    note_number_disabled,
    note_number_released,
    note_number_restored,
)
from services.porting.use_cases.port_out_reports import note_withdrawn, receive_report

F = TypeVar("F", bound=Fact)

# `numbers` and a carrier speak on two queues: what the one said may be worked a little later.
_LAG: Final = timedelta(seconds=3)


class NumbersMayBeComingError(Exception):
    """A fault, so that the report is worked again: all its tries together take longer."""


async def _copy_accounts(connection: Connection, events: Sequence[Event]) -> None:
    await copies.copy_accounts(
        connection,
        [(event.subject, event.sequence, _fact(event, AccountState)) for event in events],
    )


async def _copy_companies(connection: Connection, events: Sequence[Event]) -> None:
    await copies.copy_companies(
        connection,
        [(event.subject, event.sequence, _fact(event, CompanyChanged)) for event in events],
    )


async def _copy_members(connection: Connection, events: Sequence[Event]) -> None:
    await note_administrator_changes(
        connection,
        [(event.subject, event.time, _fact(event, MemberChanged)) for event in events],
    )
    await copies.copy_members(
        connection,
        [(event.subject, event.sequence, _fact(event, MemberChanged)) for event in events],
    )


async def _copy_numbers(connection: Connection, events: Sequence[Event]) -> None:
    await copies.copy_numbers(
        connection,
        [_copy_of(event, _fact(event, NumberFact)) for event in events],
    )


async def _copy_preconfigured(connection: Connection, events: Sequence[Event]) -> None:
    facts = [(event.subject, _fact(event, NumbersPreconfigured)) for event in events]
    await copies.copy_numbers(
        connection,
        [
            InventoryNumber(
                number_id=number.number_id,
                account_id=fact.account_id,
                company_id=number.company_id,
                tracking_number=number.tracking_number,
                state="PRECONFIGURED",
                port_request_id=port_request_id,
                version=0,
            )
            for port_request_id, fact in facts
            for number in fact.numbers
        ],
    )


async def _note_preconfigured(connection: Connection, event: Event) -> None:
    fact = _fact(event, NumbersPreconfigured)
    await note_preconfigured(
        connection,
        event.subject,
        {number.line_id: number.number_id for number in fact.numbers},
        is_last=fact.batch == fact.of,
        review=fact.review,
    )


async def _note_refused(connection: Connection, event: Event) -> None:
    fact = _fact(event, PreconfigurationRefused)
    await note_preconfiguration_refused(
        connection,
        event.subject,
        {line.line_id: line.code for line in fact.lines},
        review=fact.review,
    )


async def _note_first_call(connection: Connection, event: Event) -> None:
    fact = _fact(event, FirstCallReceived)
    if fact.port_request_id is not None:
        await note_first_call(
            connection, fact.port_request_id, fact.tracking_number, fact.called_at
        )


async def _note_disabled(connection: Connection, event: Event) -> None:
    fact = _fact(event, NumberDisabled)
    await note_number_disabled(connection, event.subject, fact.disabled_at, fact.disabled_by)


async def _note_restored(connection: Connection, event: Event) -> None:
    await note_number_restored(connection, event.subject)


async def _note_released(connection: Connection, event: Event) -> None:
    await note_number_released(connection, event.subject, event.time)


async def _receive_report(connection: Connection, event: Event) -> None:
    fact = _fact(event, PortOutReported)
    report = Report.of(
        gaining_carrier=fact.gaining_carrier,
        reference=fact.reference,
        version=fact.report_version,
        numbers=fact.tracking_numbers,
        answer_by=fact.answer_by,
        account_identifier=fact.account_identifier,
    )
    _, answers = await receive_report(connection, report)
    # A carrier whose clock is fast is not waited for: its report would end as a dead message.
    is_fresh = timedelta() <= datetime.now(UTC) - event.time < _LAG
    if is_fresh and any(answer.finding in MAY_BE_COMING for answer in answers):
        raise NumbersMayBeComingError


async def _note_withdrawn(connection: Connection, event: Event) -> None:
    fact = _fact(event, PortOutWithdrawn)
    await note_withdrawn(
        connection, clean_name(fact.gaining_carrier), clean_name(fact.reference)
    )


def _fact(event: Event, kind: type[F]) -> F:
    assert isinstance(event.fact, kind)
    return event.fact


def _copy_of(event: Event, fact: NumberFact) -> InventoryNumber:
    return InventoryNumber(
        number_id=event.subject,
        account_id=fact.account_id,
        company_id=fact.company_id,
        tracking_number=fact.tracking_number,
        state=fact.state,
        port_request_id=fact.port_request_id,
        version=event.sequence,
    )


CONSUMES: Final = (
    Consumes(
        queue=PORTING_EVENTS.name,
        subscriptions=(
            Projection(
                facts=(AccountChanged, AccountDisabled, AccountReactivated),
                apply=_copy_accounts,
            ),
            Projection(facts=(CompanyChanged,), apply=_copy_companies),
            Projection(facts=(MemberChanged,), apply=_copy_members),
            Projection(
                facts=(
                    NumberChanged,
                    NumberPortedIn,
                    NumberPortingOut,
                    NumberPortOutCancelled,
                    NumberPortedOut,
                    NumberReturned,
                    NumberQuarantined,
                    CallAfterPortOut,
                ),
                apply=_copy_numbers,
            ),
            Reaction(
                fact=NumbersPreconfigured,
                keep=_copy_preconfigured,
                react=_note_preconfigured,
            ),
            Reaction(fact=PreconfigurationRefused, react=_note_refused),
            Reaction(fact=FirstCallReceived, keep=_copy_numbers, react=_note_first_call),
            Reaction(fact=NumberDisabled, keep=_copy_numbers, react=_note_disabled),
            Reaction(fact=NumberRestored, keep=_copy_numbers, react=_note_restored),
            Reaction(fact=NumberReleased, keep=_copy_numbers, react=_note_released),
            Ignored(
                facts=(
                    PortOutDisablingChanged,
                    BillingPeriodOpened,
                    BillingPeriodMovedBack,
                    BillingPeriodClosed,
                )
            ),
        ),
    ),
    Consumes(
        queue=PORTING_REPORTS.name,
        subscriptions=(
            Reaction(fact=PortOutReported, react=_receive_report),
            Reaction(fact=PortOutWithdrawn, react=_note_withdrawn),
        ),
    ),
)
