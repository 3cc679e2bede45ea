"""Documents of a draft."""

from datetime import UTC, datetime

from libs.common.caller import Member
from libs.common.database import Connection
from libs.common.ids import new_id
from services.porting.domain.documents import Document, DocumentKind, Upload
from services.porting.domain.refusals.documents import NumberListNotADocument
from services.porting.domain.requests import PortRequest
from services.porting.store import documents
from services.porting.use_cases.access import lock_own_draft
from services.porting.use_cases.drafts import save_draft


async def attach_document(
    connection: Connection,
    caller: Member,
    request_id: str,
    *,
    kind: DocumentKind,
    upload: Upload,
) -> str:
    """The upload's content type was told by its bytes."""
    if kind is DocumentKind.NUMBER_LIST:
        raise NumberListNotADocument().at("input", "kind")
    request = await lock_own_draft(connection, caller, request_id)
    await add_document(connection, request, kind, upload, caller)
    await save_draft(connection, request)
    return request.id


async def add_document(
    connection: Connection,
    request: PortRequest,
    kind: DocumentKind,
    upload: Upload,
    attached_by: Member,
) -> None:
    document = Document(
        id=new_id("doc"),
        port_request_id=request.id,
        kind=kind,
        filename=upload.filename,
        content_type=upload.content_type,
        byte_size=upload.byte_size,
        sha256=upload.sha256,
        attached_at=datetime.now(UTC),
        attached_by=attached_by.member_id,
    )
    await documents.add_document(connection, request.account_id, upload.id, document)
