"""Uploads and documents in PostgreSQL; the bytes themselves are in the file store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_pages
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
_FIND_KINDS: Final = "SELECT DISTINCT kind FROM documents WHERE port_request_id = $1"
# The same page of each request's documents, the newest first.
DOCUMENTS: Final = Listing(
    f"""
    SELECT document.*
    FROM unnest($1::text[]) AS wanted (request_id)
    CROSS JOIN LATERAL (
      SELECT {_DOCUMENT_COLUMNS}
      FROM documents
      WHERE port_request_id = wanted.request_id {{keyset}} {{order}}
    ) AS document
    """,
    parameters=1,
    keys=[Key(column="id", kind=str)],
    descending=True,
)


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


async def find_document_kinds(connection: Connection, request_id: str) -> set[DocumentKind]:
    rows = await connection.fetch(_FIND_KINDS, request_id)
    return {DocumentKind(row["kind"]) for row in rows}


async def find_document_pages(
    connection: Connection, request_ids: Sequence[str], page: Page
) -> dict[str, Slice[Document]]:
    """The same page of each request's documents; a request without any is missing."""
    pages = await read_pages(connection, DOCUMENTS, page, "port_request_id", list(request_ids))
    return {request_id: rows.map(_document) for request_id, rows in pages.items()}


def _document(row: Row) -> Document:
    return Document(**{**dict(row), "kind": DocumentKind(row["kind"])})


def _upload(row: Row) -> Upload:
    return Upload(**{**dict(row), "purpose": UploadPurpose(row["purpose"])})
