"""Taking number lists in: they become lines.

Each is read first, and taken in by a transaction of its own: none waits for the file store.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from libs.common.caller import Member
from libs.common.database import Connection, Database
from libs.contracts.company_names import company_key
from libs.contracts.refusals import refuse_all
from services.porting.csv_intake.lines import (
    ReadRow,
    Rules,
    forwarded_to_fault,
    loop_fault,
    read_lines,
    taken_fault,
)
from services.porting.domain.documents import DocumentKind, Upload, UploadPurpose
from services.porting.domain.refusals.lines import RowFault
from services.porting.domain.refusals.support_cases import offer_case
from services.porting.integrations.files import Files
from services.porting.store import copies
from services.porting.store import lines as line_store
from services.porting.store.lines import NewLine
from services.porting.use_cases.access import lock_own_draft
from services.porting.use_cases.documents import add_document
from services.porting.use_cases.drafts import save_draft
from services.porting.use_cases.letters import supersede_for_lines
from services.porting.use_cases.uploads import find_stored_upload

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class IntakeLimits:
    most_rows: int
    allow_fictional: bool


@dataclass(frozen=True, kw_only=True)
class NumberList:
    """A file as it was read: `faults` are those that it has by itself."""

    upload: Upload
    rows: Sequence[ReadRow]
    faults: Sequence[RowFault]


async def read_number_list(
    database: Database,
    files: Files,
    limits: IntakeLimits,
    caller: Member,
    *,
    request_id: str,
    upload_id: str,
) -> NumberList:
    async with database.transaction(caller) as connection:
        await lock_own_draft(connection, caller, request_id)
        upload = await find_stored_upload(
            connection, caller, upload_id, UploadPurpose.NUMBER_LIST
        )
        names = await copies.find_company_names(connection, caller.account_id)
    rules = Rules(
        most_rows=limits.most_rows,
        allow_fictional=limits.allow_fictional,
        companies={
            company_key(name): company_id
            for company_id, name in names.items()
            if caller.has_company(company_id)
        },
    )
    content = await files.get(upload_id)
    rows, faults = await asyncio.to_thread(read_lines, content, rules)
    return NumberList(upload=upload, rows=rows, faults=faults)


async def accept_lines(
    connection: Connection, caller: Member, request_id: str, numbers: NumberList
) -> str:
    """The file's lines replace the draft's; a refused file changes nothing (S44)."""
    faults = [*numbers.faults, *await _find_taken(connection, numbers.rows)]
    if faults:
        log.info(
            "a number list was refused",
            extra={
                "action": "refuse_number_list",
                "port_request_id": request_id,
                "rows": len(numbers.rows),
                "faults": len(faults),
            },
        )
    faults.sort(key=lambda fault: fault.row)
    refuse_all([*faults, *offer_case(faults)])
    added = [row.line for row in numbers.rows if row.line]
    return await replace_lines(connection, caller, request_id, added, numbers.upload)


async def _find_taken(connection: Connection, rows: Sequence[ReadRow]) -> list[RowFault]:
    """Numbers that we, or another request, have; and forwarding that would loop (S24, S25)."""
    tracking = {row.tracking_number for row in rows if row.tracking_number}
    forwarding = {row.forwarding_number for row in rows if row.forwarding_number} - tracking
    taken = await line_store.find_taken_numbers(connection, sorted(tracking | forwarding))
    forwarded_to = await line_store.find_forwarded_to(connection, sorted(tracking))

    def find_faults(row: ReadRow) -> Iterator[RowFault]:
        if row.tracking_number in taken:
            yield taken_fault(row, is_ours=taken[row.tracking_number])
        if row.tracking_number in forwarded_to:
            yield forwarded_to_fault(row)
        if row.forwarding_number in taken and row.forwarding_number in forwarding:
            yield loop_fault(row)

    return [fault for row in rows for fault in find_faults(row)]


async def replace_lines(
    connection: Connection,
    caller: Member,
    request_id: str,
    added: Sequence[NewLine],
    upload: Upload,
) -> str:
    """The accepted file's numbers are the draft's numbers now; the file is kept with it."""
    request = await lock_own_draft(connection, caller, request_id)
    await line_store.replace_lines(connection, request.id, request.account_id, added)
    request = await supersede_for_lines(connection, request)
    await add_document(connection, request, DocumentKind.NUMBER_LIST, upload, caller)
    await save_draft(connection, request)
    return request.id
