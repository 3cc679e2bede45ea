"""How a change of a port-out is kept: row, facts and history, in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from libs.common.batches import split
from libs.common.caller import Caller
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.common.outbox import record
from libs.common.telemetry import current_trace_id
from libs.contracts.porting_events.port_outs import NUMBERS_PER_EVENT, PortOutFact
from services.porting.domain.history import PortOutHistoryEntry
from services.porting.domain.port_out_reports import AlertKind, Finding
from services.porting.domain.port_outs import PortOut, PortOutEvent, PortOutNumber
from services.porting.store import port_out_history, port_out_numbers, port_outs
from services.porting.store.port_out_reports import PortOutAlert, add_alert
from services.porting.use_cases.access import port_out_not_possible
from services.porting.use_cases.recording import log_facts

PortOutSaid = TypeVar("PortOutSaid", bound=PortOutFact)

_SHOWN_NUMBERS = 20


def move(caller: Caller, port_out: PortOut, event: PortOutEvent) -> PortOut | None:
    """The port-out after it, None where it is ignored. Raises `PortOutNotPossible`."""
    status = port_out.next_status(event)
    if status is None:
        raise port_out_not_possible(caller, port_out)
    if port_out.ignores(event):
        return None
    if status is port_out.status:
        return port_out
    return replace(port_out, status=status, status_since=datetime.now(UTC))


async def say(
    connection: Connection,
    fact: type[PortOutSaid],
    port_out: PortOut,
    numbers: Sequence[PortOutNumber] | None = None,
    **said: Any,
) -> list[PortOutSaid]:
    """About these numbers, or all that do not stay, in as many batches as events' size allows."""
    if numbers is None:
        found = await port_out_numbers.find_port_out_numbers(connection, port_out.id)
        numbers = [number for number in found if number.stays_since is None]
    company_ids = await port_out_numbers.find_companies(connection, port_out.id)
    batches = split(numbers, NUMBERS_PER_EVENT) or [[]]
    return [
        about_numbers(
            fact,
            port_out,
            some,
            company_ids,
            batch=batch,
            of=len(batches),
            **said,
        )
        for batch, some in enumerate(batches, start=1)
    ]


def about_numbers(
    fact: type[PortOutSaid],
    port_out: PortOut,
    numbers: Sequence[PortOutNumber],
    company_ids: Sequence[str],
    **said: Any,
) -> PortOutSaid:
    return fact(
        account_id=port_out.account_id,
        company_ids=list(company_ids),
        status=port_out.status,
        gaining_carrier=port_out.gaining_carrier,
        reference=port_out.reference,
        tracking_numbers=[number.tracking_number for number in numbers],
        **said,
    )


async def save_port_out(
    connection: Connection,
    port_out: PortOut,
    facts: Sequence[PortOutFact],
    *,
    reason: str | None = None,
) -> PortOut:
    """To be called while the port-out's row is locked."""
    version = await record(connection, port_out.id, port_out.version, *facts)
    saved = replace(port_out, version=version)
    await port_outs.save_port_out(connection, saved)
    entries = _entries(port_out, facts, reason)
    await port_out_history.add_entries(connection, saved.id, saved.account_id, entries)
    log_facts(facts, port_out_id=saved.id, status=saved.status, version=version)
    return saved


def _entries(
    port_out: PortOut, facts: Sequence[PortOutFact], reason: str | None
) -> list[PortOutHistoryEntry]:
    """One for each change, at the version of its last batch."""
    now = datetime.now(UTC)
    return [
        PortOutHistoryEntry(
            port_out_id=port_out.id,
            version=version,
            at=now,
            event_type=fact.type,
            status=fact.status,
            number_count=(fact.of - 1) * NUMBERS_PER_EVENT + len(fact.tracking_numbers),
            reason=reason,
            correlation_id=current_trace_id(),
        )
        for version, fact in enumerate(facts, start=port_out.version + 1)
        if fact.batch == fact.of
    ]


async def alert_support(
    connection: Connection,
    kind: AlertKind,
    gaining_carrier: str,
    reference: str,
    *,
    finding: Finding | None = None,
    report_id: str | None = None,
    port_out_id: str | None = None,
    numbers: Sequence[str] = (),
) -> None:
    """Only where every account's rows may be written: by a report, a timer, an event."""
    alert = PortOutAlert(
        id=new_id("poa"),
        kind=kind,
        finding=finding,
        report_id=report_id,
        port_out_id=port_out_id,
        gaining_carrier=gaining_carrier,
        reference=reference,
        tracking_numbers=numbers[:_SHOWN_NUMBERS],
        number_count=len(numbers),
        raised_at=datetime.now(UTC),
    )
    await add_alert(connection, alert)
