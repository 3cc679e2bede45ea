"""Making a document of an uploaded file: looked at in a child process, then kept beside it.

It is read and looked at before the transaction that attaches it: none waits for either.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Final

from libs.common.caller import Member, Support
from libs.common.child_process import (
    ChildCrashed,
    ChildFailed,
    ChildProcesses,
    LimitExceeded,
    Limits,
)
from libs.common.database import Database
from libs.contracts.refusals import FileRefusal
from services.porting.document_intake.findings import (
    INSPECTION,
    PDF,
    PREVIEW,
    FileFault,
    Inspection,
    Preview,
    content_type_of,
    read_inspection,
    read_preview,
)
from services.porting.domain.documents import StoredFile, Upload, UploadPurpose
from services.porting.domain.refusals.documents import (
    FileActive,
    FileAmbiguous,
    FileEncrypted,
    FileTooComplex,
    FileTypeNotAllowed,
    FileUnreadable,
    FileWithAttachments,
    UploadUnknown,
)
from services.porting.integrations.files import Files, Part, digest, file_key
from services.porting.use_cases.documents import lock_request_for_documents
from services.porting.use_cases.uploads import find_stored_upload

log = logging.getLogger(__name__)

_MEGABYTE: Final = 1024 * 1024
INSPECTION_LIMITS: Final = Limits(memory_bytes=768 * _MEGABYTE, cpu_s=12, wall_s=14)
PREVIEW_LIMITS: Final = Limits(memory_bytes=768 * _MEGABYTE, cpu_s=6, wall_s=6)

_REFUSALS: Final[Mapping[FileFault, type[FileRefusal]]] = {
    FileFault.UNREADABLE: FileUnreadable,
    FileFault.ENCRYPTED: FileEncrypted,
    FileFault.ACTIVE_CONTENT: FileActive,
    FileFault.ATTACHMENTS: FileWithAttachments,
    FileFault.AMBIGUOUS: FileAmbiguous,
    FileFault.TOO_COMPLEX: FileTooComplex,
}


class DocumentIntake:
    """Of many that ask for the same upload at once, one does the work and all are answered."""

    def __init__(self, files: Files, children: ChildProcesses) -> None:
        self._files = files
        self._children = children
        self._at_work: dict[str, asyncio.Task[StoredFile]] = {}

    async def take_in(
        self, database: Database, caller: Member | Support, *, request_id: str, upload_id: str
    ) -> StoredFile:
        """Once more does the same once more."""
        async with database.transaction(caller) as connection:
            request = await lock_request_for_documents(connection, caller, request_id)
            upload = await find_stored_upload(
                connection, caller, upload_id, UploadPurpose.DOCUMENT
            )
            if upload.account_id != request.account_id:
                raise UploadUnknown().at("input", "uploadId")
        work = self._at_work.get(upload.id)
        if work is None:
            work = asyncio.create_task(_take_in(self._files, self._children, upload))
            self._at_work[upload.id] = work
            work.add_done_callback(partial(self._forget, upload.id))
        return await asyncio.shield(work)

    def _forget(self, upload_id: str, work: asyncio.Task[StoredFile]) -> None:
        """Also where nobody is left to be answered."""
        del self._at_work[upload_id]
        if not work.cancelled():
            work.exception()


async def _take_in(files: Files, children: ChildProcesses, upload: Upload) -> StoredFile:
    content = await files.get(upload.id)
    content_type = content_type_of(content)
    if content_type is None:
        raise FileTypeNotAllowed(upload.filename).at("input", "uploadId")
    found = await _inspect(children, content)
    if found.fault:
        log.info(
            "a file was refused",
            extra={"action": "file.refused", "upload_id": upload.id, "fault": found.fault},
        )
        refused = _REFUSALS[found.fault](filename=upload.filename, content_type=content_type)
        raise refused.at("input", "uploadId")
    preview = Preview(thumbnail=found.thumbnail)
    if content_type == PDF:
        preview = await _preview(children, content, upload.id)
    return await _keep(files, upload, content_type, found, preview)


async def _inspect(children: ChildProcesses, content: bytes) -> Inspection:
    """What breaks a parser, or costs too much to look at, is refused like the file that it is."""
    try:
        return read_inspection(await children.run(INSPECTION, content, INSPECTION_LIMITS))
    except LimitExceeded:
        return Inspection(fault=FileFault.TOO_COMPLEX)
    except ChildCrashed:
        return Inspection(fault=FileFault.UNREADABLE)


async def _preview(children: ChildProcesses, content: bytes, upload_id: str) -> Preview:
    """A convenience: a document is taken without it too."""
    try:
        return read_preview(await children.run(PREVIEW, content, PREVIEW_LIMITS))
    except ChildFailed as failed:
        log.warning(
            "a document has no preview",
            extra={"action": "preview.failed", "upload_id": upload_id, "reason": str(failed)},
        )
        return Preview()


async def _keep(
    files: Files, upload: Upload, content_type: str, found: Inspection, preview: Preview
) -> StoredFile:
    """A picture is kept as it was drawn anew; what was sent is shown to nobody."""
    shown_key, content = file_key(upload.id), found.file
    if content:
        shown_key = file_key(upload.id, Part.PICTURE)
        await files.write(shown_key, content)
    thumbnail_key = text_key = None
    if preview.thumbnail:
        thumbnail_key = file_key(upload.id, Part.THUMBNAIL)
        await files.write(thumbnail_key, preview.thumbnail)
    if preview.text.strip():
        text_key = file_key(upload.id, Part.TEXT)
        await files.write(text_key, preview.text.encode())
    return StoredFile(
        upload_id=upload.id,
        filename=upload.filename,
        content_type=content_type,
        byte_size=len(content) or upload.byte_size,
        sha256=await digest(content) if content else upload.sha256,
        file_key=shown_key,
        thumbnail_key=thumbnail_key,
        text_key=text_key,
        page_count=found.page_count,
    )
