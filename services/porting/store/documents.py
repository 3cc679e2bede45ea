"""Uploads and documents in PostgreSQL; the bytes themselves are in the file store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from libs.common.database import Connection, Row
from services.porting.domain.documents import Document, DocumentKind, Upload, UploadPurpose

_UPLOAD_COLUMNS: Final = """
    id, account_id, purpose, filename, content_type, byte_size, sha256, expires_at, stored_at
"""
_DOCUMENT_COLUMNS: Final = """
    id, port_request_id, kind, filename, content_type, byte_size, sha256, attached_at, attached_by
"""
_ADD_UPLOAD: Final = """
    INSERT INTO uploads
      (id, account_id, created_by, purpose, filename, content_type, byte_size, sha256, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_FIND_UPLOAD: Final = f"SELECT {_UPLOAD_COLUMNS} FROM uploads WHERE id = $1"
# Only who promised the bytes may use them.
_FIND_OWN_UPLOAD: Final = f"""
    SELECT {_UPLOAD_COLUMNS}
    FROM uploads
    WHERE id = $1
      AND account_id = $2
      AND created_by = $3
"""
_MARK_STORED: Final = "UPDATE uploads SET stored_at = $2 WHERE id = $1 AND stored_at IS NULL"
_ADD_DOCUMENT: Final = """
    INSERT INTO documents
      (id, port_request_id, account_id, upload_id, kind, filename, content_type, byte_size,
       sha256, attached_at, attached_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_FIND_DOCUMENTS: Final = f"""
    SELECT {_DOCUMENT_COLUMNS}
    FROM documents
    WHERE port_request_id = ANY($1::text[])
    ORDER BY id DESC
"""


async def add_upload(connection: Connection, upload: Upload, created_by: str) -> None:
    await connection.execute(
        _ADD_UPLOAD,
        upload.id,
        upload.account_id,
        created_by,
        upload.purpose,
        upload.filename,
        upload.content_type,
        upload.byte_size,
        upload.sha256,
        upload.expires_at,
    )


async def find_upload(connection: Connection, upload_id: str) -> Upload | None:
    row = await connection.fetchrow(_FIND_UPLOAD, upload_id)
    return _upload(row) if row else None


async def find_own_upload(
    connection: Connection, upload_id: str, account_id: str, created_by: str
) -> Upload | None:
    row = await connection.fetchrow(_FIND_OWN_UPLOAD, upload_id, account_id, created_by)
    return _upload(row) if row else None


async def mark_stored(connection: Connection, upload_id: str, at: datetime) -> None:
    await connection.execute(_MARK_STORED, upload_id, at)


async def add_document(
    connection: Connection, account_id: str, upload_id: str, document: Document
) -> None:
    await connection.execute(
        _ADD_DOCUMENT,
        document.id,
        document.port_request_id,
        account_id,
        upload_id,
        document.kind,
        document.filename,
        document.content_type,
        document.byte_size,
        document.sha256,
        document.attached_at,
        document.attached_by,
    )


async def find_documents(
    connection: Connection, request_ids: Sequence[str]
) -> dict[str, list[Document]]:
    """Of each request, the newest first."""
    found: dict[str, list[Document]] = {request_id: [] for request_id in request_ids}
    for row in await connection.fetch(_FIND_DOCUMENTS, list(request_ids)):
        document = Document(**{**dict(row), "kind": DocumentKind(row["kind"])})
        found[document.port_request_id].append(document)
    return found


def _upload(row: Row) -> Upload:
    return Upload(**{**dict(row), "purpose": UploadPurpose(row["purpose"])})
