"""A port request's lines become numbers that ring, before its losing carrier is asked."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from libs.common import outbox
from libs.common.batches import split
from libs.common.database import Connection, after_commit
from libs.common.ids import new_id
from libs.contracts.number_events import (
    NumbersPreconfigured,
    PreconfigurationRefused,
    PreconfiguredNumber,
    RefusedLine,
)
from libs.contracts.porting_events.lines import LinesReadied
from services.numbers.domain.preconfigurations import AnnouncedLine, FaultyLine
from services.numbers.store import preconfigurations as store
from services.numbers.store.account_changes import hold_account
from services.numbers.store.preconfigurations import AddedNumber

log = logging.getLogger(__name__)

_NUMBERS_PER_EVENT: Final = 500
_REASONS_NAMED: Final = 500


async def announce_lines(
    connection: Connection, port_request_id: str, sequence: int, readied: LinesReadied
) -> None:
    lines = [
        AnnouncedLine(
            line_id=line.line_id,
            number_id=new_id("num"),
            phone_number=line.tracking_number,
            forwarding_number=line.forwarding_number,
            name=line.name,
            source=line.source,
            company_id=line.company_id,
        )
        for line in readied.lines
    ]
    await store.add_announced_lines(
        connection,
        port_request_id,
        sequence,
        lines,
        batch=readied.batch,
        batches=readied.of,
    )


async def preconfigure_numbers(
    connection: Connection, port_request_id: str, account_id: str, review: int
) -> None:
    """All lines or none; `review` is the sequence of the event that started it.

    Raises `LinesMissingError`: a fault, because porting announces the lines first.
    """
    before = await store.lock_preconfiguration(connection, port_request_id, account_id)
    if before.review >= review:
        return
    faulty, faulty_count = await store.find_faulty_lines(
        connection,
        port_request_id,
        review,
        account_id,
        account_is_disabled=await hold_account(connection, account_id),
        most=_REASONS_NAMED,
    )
    facts: Sequence[NumbersPreconfigured | PreconfigurationRefused]
    if faulty_count:
        facts = [_refusal(account_id, review, faulty, faulty_count)]
    else:
        added = await store.add_preconfigured_numbers(
            connection, port_request_id, review, account_id
        )
        facts = _batches(account_id, review, added)
    await store.delete_announced_lines(connection, port_request_id, review)
    version = await outbox.record(connection, port_request_id, before.version, *facts)
    await store.save_preconfiguration(
        connection, replace(before, version=version, review=review)
    )
    action = "numbers.preconfiguration_refused" if faulty_count else "numbers.preconfigured"
    known = {"port_request_id": port_request_id, "refused_count": faulty_count}
    after_commit(
        lambda: log.info("preconfiguration answered", extra={"action": action, **known})
    )


def _refusal(
    account_id: str, review: int, faulty: Sequence[FaultyLine], faulty_count: int
) -> PreconfigurationRefused:
    return PreconfigurationRefused(
        account_id=account_id,
        review=review,
        refused_count=faulty_count,
        lines=[
            RefusedLine(
                line_id=line.line_id, tracking_number=line.phone_number, code=line.fault
            )
            for line in faulty
        ],
    )


def _batches(
    account_id: str, review: int, added: Sequence[AddedNumber]
) -> list[NumbersPreconfigured]:
    batches = split(added, _NUMBERS_PER_EVENT)
    return [
        NumbersPreconfigured(
            account_id=account_id,
            review=review,
            batch=batch,
            of=len(batches),
            numbers=[
                # Out of our own rows: to check 50,000 of them again takes half a second.
                PreconfiguredNumber.model_construct(
                    number_id=number.number_id,
                    line_id=number.line_id,
                    tracking_number=number.phone_number,
                    company_id=number.company_id,
                )
                for number in numbers
            ],
        )
        for batch, numbers in enumerate(batches, start=1)
    ]
