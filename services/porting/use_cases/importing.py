"""Taking uploaded files in: number lists become lines, other files become documents."""

import asyncio
from dataclasses import dataclass

import filetype

from libs.common.caller import Member
from libs.common.database import Connection, Database
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.csv_intake import (
    NumberedLine,
    Rules,
    loop_fault,
    read_lines,
    taken_fault,
)
from services.porting.domain.documents import DOCUMENT_TYPES, DocumentKind, UploadPurpose
from services.porting.domain.refusals import FileTypeNotAllowed
from services.porting.integrations.files import Files
from services.porting.store import copies
from services.porting.store import lines as line_store
from services.porting.use_cases.access import lock_own_draft
from services.porting.use_cases.drafts import attach_document, replace_lines
from services.porting.use_cases.uploads import find_stored_upload


@dataclass(frozen=True, kw_only=True)
class IntakeLimits:
    most_rows: int
    allow_fictional: bool


async def import_lines(
    database: Database,
    files: Files,
    limits: IntakeLimits,
    caller: Member,
    *,
    request_id: str,
    upload_id: str,
) -> str:
    """The file's lines replace the draft's; a refused file changes nothing (S44).

    Two transactions with the reading of the file between them: none waits for the file store.
    """
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
            name.casefold(): company_id
            for company_id, name in names.items()
            if caller.has_company(company_id)
        },
    )
    content = await files.get(upload_id)
    numbered, faults = await asyncio.to_thread(read_lines, content, rules)
    async with database.transaction(caller) as connection:
        refuse_all([*faults, *await _find_taken(connection, numbered)])
        return await replace_lines(
            connection, caller, request_id, [each.line for each in numbered], upload
        )


async def import_document(
    database: Database,
    files: Files,
    caller: Member,
    *,
    request_id: str,
    upload_id: str,
    kind: DocumentKind,
) -> str:
    """What the file is, its first bytes say, not its name."""
    async with database.transaction(caller) as connection:
        await lock_own_draft(connection, caller, request_id)
        upload = await find_stored_upload(
            connection, caller, upload_id, UploadPurpose.DOCUMENT
        )
    content_type = filetype.guess_mime(await files.get(upload_id))
    if content_type not in DOCUMENT_TYPES:
        raise FileTypeNotAllowed().at("input", "uploadId")
    async with database.transaction(caller) as connection:
        return await attach_document(
            connection, caller, request_id, kind=kind, upload=upload, content_type=content_type
        )


async def _find_taken(connection: Connection, numbered: list[NumberedLine]) -> list[Refusal]:
    """Numbers that we, or another request, have; and forwarding numbers that are such (S24, S25)."""
    candidates = {each.line.tracking_number for each in numbered} | {
        each.line.forwarding_number for each in numbered
    }
    taken = await line_store.find_taken_numbers(connection, sorted(candidates))
    faults: list[Refusal] = []
    for each in numbered:
        if each.line.tracking_number in taken:
            faults.append(taken_fault(each, is_ours=taken[each.line.tracking_number]))
        if each.line.forwarding_number in taken:
            faults.append(loop_fault(each))
    return faults
