"""Uploads: a promise of bytes first, then the bytes themselves, checked against the promise."""

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from libs.common.caller import Member, Support, person_of
from libs.common.database import Connection, Database
from libs.common.ids import new_id
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.documents import (
    LARGEST_UPLOAD,
    LONGEST_FILENAME,
    UPLOAD_USABLE,
    Upload,
    UploadPurpose,
)
from services.porting.domain.refusals.documents import (
    ChecksumNotAllowed,
    FileEmpty,
    FilenameNotAllowed,
    FileTooLarge,
    MediaTypeNotAllowed,
    UploadUnknown,
)
from services.porting.integrations.files import Files
from services.porting.store import uploads
from services.porting.use_cases.access import lock_own_request

log = logging.getLogger(__name__)

_LIFETIME: Final = timedelta(minutes=15)
# One that is being attached at its last moment is let be.
_SWEPT_AFTER: Final = UPLOAD_USABLE + timedelta(hours=1)
_SWEPT_AT_ONCE: Final = 200
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,64}")
# Folders, control characters, and marks that turn a name around: gpj.exe shown as exe.jpg.
_NOT_IN_A_NAME: Final = re.compile(
    r"[/\\\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


async def create_upload(
    connection: Connection,
    caller: Member | Support,
    *,
    request_id: str | None = None,
    purpose: UploadPurpose,
    filename: str,
    content_type: str,
    byte_size: int,
    sha256: str,
) -> str:
    """Support sends for the account of a request."""
    if isinstance(caller, Support):
        account_id = (await lock_own_request(connection, caller, request_id or "")).account_id
    else:
        account_id = caller.account_id
    faults: list[Refusal] = []
    name = filename.strip()
    if not 0 < len(name) <= LONGEST_FILENAME or _NOT_IN_A_NAME.search(name):
        faults.append(FilenameNotAllowed().at("input", "filename"))
    media_type = content_type.strip().lower()
    if not _MEDIA_TYPE.fullmatch(media_type):
        faults.append(MediaTypeNotAllowed().at("input", "contentType"))
    if byte_size < 1:
        faults.append(FileEmpty().at("input", "byteSize"))
    if byte_size > LARGEST_UPLOAD:
        faults.append(FileTooLarge(LARGEST_UPLOAD).at("input", "byteSize"))
    if not _SHA256.fullmatch(sha256.lower()):
        faults.append(ChecksumNotAllowed().at("input", "sha256"))
    refuse_all(faults)
    upload = Upload(
        id=new_id("up"),
        account_id=account_id,
        purpose=purpose,
        filename=name,
        content_type=media_type,
        byte_size=byte_size,
        sha256=sha256.lower(),
        expires_at=datetime.now(UTC) + _LIFETIME,
        stored_at=None,
    )
    await uploads.add_upload(connection, upload, person_of(caller))
    return upload.id


async def find_promised_upload(
    connection: Connection, caller: Member | Support, upload_id: str
) -> Upload:
    """One that `create_upload` has answered to this caller."""
    upload = await _find_own(connection, caller, upload_id)
    assert upload is not None
    return upload


async def find_stored_upload(
    connection: Connection, caller: Member | Support, upload_id: str, purpose: UploadPurpose
) -> Upload:
    """Only by who created it, for what it was created for, and within a day."""
    upload = await _find_own(connection, caller, upload_id)
    if (
        upload is None
        or upload.purpose is not purpose
        or upload.stored_at is None
        or upload.stored_at < datetime.now(UTC) - UPLOAD_USABLE
    ):
        raise UploadUnknown().at("input", "uploadId")
    return upload


async def _find_own(
    connection: Connection, caller: Member | Support, upload_id: str
) -> Upload | None:
    account_id = caller.account_id if isinstance(caller, Member) else None
    return await uploads.find_own_upload(connection, upload_id, account_id, person_of(caller))


async def sweep_uploads(database: Database, files: Files) -> None:
    """Uploads that became nothing: the files first, so that no file is left without its row."""
    before = datetime.now(UTC) - _SWEPT_AFTER
    swept = _SWEPT_AT_ONCE
    while swept == _SWEPT_AT_ONCE:
        async with database.working() as connection:
            abandoned = await uploads.find_abandoned_uploads(
                connection, before, _SWEPT_AT_ONCE
            )
        for upload_id in abandoned:
            await files.remove_upload(upload_id)
        async with database.working() as connection:
            await uploads.remove_uploads(connection, abandoned)
        swept = len(abandoned)
        if swept:
            log.info("uploads were swept", extra={"action": "uploads.swept", "count": swept})
