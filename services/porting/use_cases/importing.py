"""Taking number lists in: they become lines.

Each is read first, and taken in by a transaction of its own: none waits for the file store.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from libs.common.caller import Member
from libs.common.child_process import ChildProcesses
from libs.common.database import Connection, Database
from libs.common.sight import NOTHING, sight_of
from libs.common.vault import Vault
from libs.contracts.company_names import company_key
from libs.contracts.refusals import refuse_all
from services.porting.domain.documents import DocumentKind, Upload, UploadPurpose
from services.porting.domain.line_rules import NewLine
from services.porting.domain.refusals.lines import NumbersOfOthers
from services.porting.domain.refusals.support_cases import offer_case
from services.porting.integrations.files import Files
from services.porting.list_intake.number_lists import (
    NumberListReading,
    Rules,
    find_faults_with_others,
    read_number_list,
)
from services.porting.list_intake.tables import Unreadable
from services.porting.list_intake.workbooks import is_workbook, read_workbook
from services.porting.store import copies, obstacles
from services.porting.store import lines as line_store
from services.porting.store.hidden_lines import find_mixed_requests
from services.porting.use_cases.access import lock_own_draft
from services.porting.use_cases.documents import add_document
from services.porting.use_cases.drafts import save_draft
from services.porting.use_cases.letters import supersede_for_lines
from services.porting.use_cases.pins import keep_pins_of_lines
from services.porting.use_cases.uploads import find_stored_upload

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class IntakeLimits:
    most_rows: int
    allow_fictional: bool


@dataclass(frozen=True, kw_only=True)
class NumberList:
    """A file as it was read: its faults are those that it has by itself."""

    upload: Upload
    reading: NumberListReading


async def read_upload(
    database: Database,
    files: Files,
    children: ChildProcesses,
    limits: IntakeLimits,
    caller: Member,
    *,
    request_id: str,
    upload_id: str,
) -> NumberList:
    """Reads a number list, CSV or XLSX; it takes no part of the event loop's time."""
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
    if is_workbook(content):
        try:
            content = await read_workbook(children, content)
        except Unreadable as unreadable:
            reading = NumberListReading()
            reading.faults.add([unreadable.fault])
            return NumberList(upload=upload, reading=reading)
    reading = await asyncio.to_thread(read_number_list, content, rules)
    return NumberList(upload=upload, reading=reading)


async def accept_lines(
    connection: Connection,
    caller: Member,
    vault: Vault,
    request_id: str,
    numbers: NumberList,
) -> str:
    """The file's lines replace the draft's; a refused file changes nothing (S44)."""
    reading = numbers.reading
    await _compare_with_others(connection, reading)
    faults = reading.faults
    if faults.count:
        log.info(
            "a number list was refused",
            extra={
                "action": "number_list.refused",
                "port_request_id": request_id,
                "rows": len(reading.rows),
                "faults": faults.count,
            },
        )
    told = faults.tell()
    refuse_all([*told, *offer_case(told)])
    added = [row.line for row in reading.rows if row.line]
    return await replace_lines(connection, caller, vault, request_id, added, numbers.upload)


async def _compare_with_others(connection: Connection, reading: NumberListReading) -> None:
    """Numbers that we, or another request, have; and forwarding that would loop (S24, S25)."""
    taken = {
        **await obstacles.find_taken_numbers(connection, reading.tracking),
        **await obstacles.find_taken_numbers(connection, reading.outside),
    }
    forwarded_to = await obstacles.find_forwarded_to(connection, reading.tracking)
    if taken or forwarded_to:
        found = find_faults_with_others(
            reading.rows,
            taken=taken,
            forwarded_to=forwarded_to,
            outside=set(reading.outside),
        )
        await asyncio.to_thread(reading.faults.add, found)


async def replace_lines(
    connection: Connection,
    caller: Member,
    vault: Vault,
    request_id: str,
    added: Sequence[NewLine],
    upload: Upload,
) -> str:
    """The accepted file's numbers are the draft's numbers now; the file is kept with it."""
    request = await lock_own_draft(connection, caller, request_id)
    companies = (sight_of(caller) or NOTHING).company_ids
    if await find_mixed_requests(connection, [request.id], companies):
        raise NumbersOfOthers().at("input", "portRequestId")
    await line_store.replace_lines(connection, request.id, request.account_id, added)
    await keep_pins_of_lines(connection, request, vault, added)
    request = await supersede_for_lines(connection, request)
    await add_document(connection, request, DocumentKind.NUMBER_LIST, upload, caller)
    await save_draft(connection, request)
    return request.id
