"""How a change is kept: row, facts and history at the next version, in one transaction."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from pydantic_core import to_json

from libs.common.batches import split
from libs.common.database import Connection, after_commit
from libs.common.events import MAX_EVENT_BYTES, Fact
from libs.common.telemetry import current_trace_id
from libs.common.timers import set_timer
from libs.contracts.porting_events.base import LINES_PER_EVENT, LineBatchFact, PortRequestFact
from services.porting.domain.idling import FIRST_LOOK, IDLES
from services.porting.domain.requests import FINAL, LineCounts, PortRequest
from services.porting.store import history, pins
from services.porting.store.lines import Line
from services.porting.store.request_changes import save_request

log = logging.getLogger(__name__)

IDLE_DUE: Final = "idle_due"
_BYTES_FOR_LINES: Final = MAX_EVENT_BYTES - 16_384

RequestFact = TypeVar("RequestFact", bound=PortRequestFact)
Batch = TypeVar("Batch", bound=LineBatchFact)


async def save(
    connection: Connection,
    request: PortRequest,
    *facts: PortRequestFact,
    reason: str | None = None,
    is_touch: bool = True,
) -> PortRequest:
    """To be called while the request's row is locked.

    Each fact is an event and a row of the history; who acts is known to the transaction. What
    touches a request starts its idle clock anew.
    """
    now = datetime.now(UTC)
    saved = replace(request, version=request.version + len(facts))
    await save_request(
        connection,
        saved,
        facts,
        at=now,
        reason=reason,
        correlation_id=current_trace_id(),
        is_touch=is_touch,
    )
    if saved.sent_at is not None or saved.status in FINAL:
        await pins.forget_pins(connection, saved.id)
    if is_touch and saved.status in IDLES:
        await set_timer(connection, IDLE_DUE, saved.id, now + FIRST_LOOK)
    log_facts(facts, port_request_id=saved.id, status=saved.status, version=saved.version)
    return saved


async def act_as(connection: Connection, actor: str) -> None:
    """For the rest of the transaction: such as `carrier:emulator` for a carrier's own word."""
    await history.set_actor(connection, actor)


def about(
    fact: type[RequestFact], request: PortRequest, counts: LineCounts, **said: Any
) -> RequestFact:
    """The fact with the request's public state after it."""
    return fact(
        account_id=request.account_id,
        company_id=request.company_id,
        requester_id=request.requester_id,
        name=request.name,
        status=request.status,
        line_counts={state.value: count for state, count in counts.items() if count},
        **said,
    )


def batches_about(
    fact: type[Batch],
    request: PortRequest,
    counts: LineCounts,
    lines: Sequence[Line],
    part: Callable[[Line], BaseModel],
    **said: Any,
) -> list[Batch]:
    """The lines of one transition in their request's order, in as many facts as events have room for."""
    in_order = sorted(lines, key=lambda line: line.id)
    batches = _split_to_fit([part(line) for line in in_order])
    return [
        about(fact, request, counts, batch=batch, of=len(batches), lines=parts, **said)
        for batch, parts in enumerate(batches, start=1)
    ]


def _halve_until_it_fits(parts: Sequence[BaseModel]) -> list[Sequence[BaseModel]]:
    if len(parts) == 1 or len(to_json(parts)) <= _BYTES_FOR_LINES:
        return [parts]
    middle = len(parts) // 2
    return [*_halve_until_it_fits(parts[:middle]), *_halve_until_it_fits(parts[middle:])]


def _split_to_fit(parts: Sequence[BaseModel]) -> list[Sequence[BaseModel]]:
    """At most 500 in each, and no more bytes than leave room for the rest of the event."""
    return [
        fitting
        for batch in split(parts, LINES_PER_EVENT)
        for fitting in _halve_until_it_fits(batch)
    ]


def log_facts(facts: Sequence[Fact], **known: object) -> None:
    """One line for each, once they are committed: ids and states, never what is in them."""

    def log_all() -> None:
        for fact in facts:
            log.info(
                "porting went on", extra={"action": fact.type.rpartition(".v")[0], **known}
            )

    after_commit(log_all)
