"""Documents of a request: attached to a draft, or in place of what was refused."""

from datetime import UTC, datetime
from typing import Final

from libs.common.caller import Member, Support
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.common.sight import sight_of
from libs.contracts.porting_events.documents import DocumentAttached
from libs.contracts.refusals import Refusal
from services.porting.domain.documents import (
    ATTACHABLE,
    Document,
    DocumentKind,
    StoredFile,
    Upload,
    is_withheld,
)
from services.porting.domain.refusals.documents import (
    LetterFromSupport,
    NumberListNotADocument,
    ReplacementMissing,
)
from services.porting.domain.requests import PortRequest
from services.porting.integrations.files import file_key
from services.porting.store import documents, lines
from services.porting.store.hidden_lines import find_mixed_requests
from services.porting.use_cases.access import (
    lock_own_request,
    request_not_possible,
)
from services.porting.use_cases.drafts import save_draft
from services.porting.use_cases.recording import about, save

# Our people have no names outside.
_SUPPORT: Final = "support"


async def find_document(
    connection: Connection, caller: Member | Support, document_id: str
) -> Document | None:
    """To open it: None where it is unknown, or it or its request is not for the caller's eyes."""
    sight = sight_of(caller)
    assert sight is not None
    document = await documents.find_seen_document(
        connection, document_id, sight.account_id, sight.company_ids, sight.requester_id
    )
    if document is None or sight.company_ids is None or not isinstance(caller, Member):
        return document
    mixed = await find_mixed_requests(
        connection, [document.port_request_id], sight.company_ids
    )
    is_hidden = is_withheld(document, caller.member_id, is_mixed=bool(mixed))
    return None if is_hidden else document


async def find_faults_of_documents(
    connection: Connection, request: PortRequest
) -> list[Refusal]:
    """What was refused must be replaced before the request can go on."""
    if await documents.find_whether_refused(connection, request.id):
        return [ReplacementMissing().at("portRequest", "documents")]
    return []


async def lock_request_for_documents(
    connection: Connection, caller: Member | Support, request_id: str
) -> PortRequest:
    request = await lock_own_request(connection, caller, request_id)
    if request.status not in ATTACHABLE:
        raise await request_not_possible(connection, caller, request)
    return request


async def attach_document(
    connection: Connection,
    caller: Member | Support,
    request_id: str,
    *,
    kind: DocumentKind,
    file: StoredFile,
) -> str:
    """The newest of its kind counts; those before stay with the request (S63).

    The letter that a country asks for comes from support, and nothing else does (S11).
    """
    if kind is DocumentKind.NUMBER_LIST:
        raise NumberListNotADocument().at("input", "kind")
    if (kind is DocumentKind.LETTER) is not isinstance(caller, Support):
        raise LetterFromSupport().at("input", "kind")
    request = await lock_request_for_documents(connection, caller, request_id)
    attached_at = datetime.now(UTC)
    attached_by = caller.member_id if isinstance(caller, Member) else _SUPPORT
    document_id = await keep_document(
        connection, request, kind, file, attached_by, attached_at
    )
    if request.is_draft:
        await save_draft(connection, request)
        return request.id
    counts = await lines.count_lines(connection, request.id)
    attached = about(
        DocumentAttached,
        request,
        counts,
        document_id=document_id,
        kind=kind,
        attached_at=attached_at,
        attached_by=attached_by,
    )
    await save(connection, request, attached)
    return request.id


async def add_document(
    connection: Connection,
    request: PortRequest,
    kind: DocumentKind,
    upload: Upload,
    attached_by: Member,
) -> None:
    """An upload as it was sent."""
    await keep_document(
        connection,
        request,
        kind,
        file_as_sent(upload),
        attached_by.member_id,
        datetime.now(UTC),
    )


def file_as_sent(upload: Upload) -> StoredFile:
    return StoredFile(
        upload_id=upload.id,
        filename=upload.filename,
        content_type=upload.content_type,
        byte_size=upload.byte_size,
        sha256=upload.sha256,
        file_key=file_key(upload.id),
    )


async def keep_document(
    connection: Connection,
    request: PortRequest,
    kind: DocumentKind,
    file: StoredFile,
    attached_by: str,
    attached_at: datetime,
) -> str:
    document_id = new_id("doc")
    await documents.add_document(
        connection,
        request,
        id=document_id,
        kind=kind,
        attached_at=attached_at,
        attached_by=attached_by,
        file=file,
    )
    return document_id
