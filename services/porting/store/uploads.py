"""Uploads in PostgreSQL: what was promised, and whether it came."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from libs.common.database import Connection, Row
from services.porting.domain.documents import Upload, UploadPurpose

_UPLOAD_COLUMNS: Final = """
    id, account_id, purpose, filename, content_type, byte_size, sha256, expires_at, stored_at
"""
_ADD_UPLOAD: Final = """
    INSERT INTO uploads
      (id, account_id, created_by, purpose, filename, content_type, byte_size, sha256, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_FIND_UPLOAD: Final = f"SELECT {_UPLOAD_COLUMNS} FROM uploads WHERE id = $1"
# Only who promised the bytes may use them; support promises for every account.
_FIND_OWN_UPLOAD: Final = f"""
    SELECT {_UPLOAD_COLUMNS}
    FROM uploads
    WHERE id = $1
      AND ($2::text IS NULL OR account_id = $2)
      AND created_by = $3
"""
_MARK_STORED: Final = "UPDATE uploads SET stored_at = $2 WHERE id = $1 AND stored_at IS NULL"
# Uploads that no document has, and that none can have any more.
_FIND_ABANDONED: Final = """
    SELECT u.id
    FROM uploads AS u
    WHERE u.expires_at < $1
      AND coalesce(u.stored_at, u.expires_at) < $1
      AND NOT EXISTS (SELECT FROM documents AS d WHERE d.upload_id = u.id)
    ORDER BY u.expires_at
    LIMIT $2
"""
_REMOVE_UPLOADS: Final = "DELETE FROM uploads WHERE id = ANY($1::text[])"


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
    connection: Connection, upload_id: str, account_id: str | None, created_by: str
) -> Upload | None:
    row = await connection.fetchrow(_FIND_OWN_UPLOAD, upload_id, account_id, created_by)
    return _upload(row) if row else None


async def mark_stored(connection: Connection, upload_id: str, at: datetime) -> None:
    await connection.execute(_MARK_STORED, upload_id, at)


async def find_abandoned_uploads(
    connection: Connection, before: datetime, most: int
) -> list[str]:
    return [row["id"] for row in await connection.fetch(_FIND_ABANDONED, before, most)]


async def remove_uploads(connection: Connection, upload_ids: Sequence[str]) -> None:
    await connection.execute(_REMOVE_UPLOADS, list(upload_ids))


def _upload(row: Row) -> Upload:
    return Upload(**{**dict(row), "purpose": UploadPurpose(row["purpose"])})
