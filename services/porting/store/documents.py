"""Documents in PostgreSQL; the bytes themselves are in the file store."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_pages
from services.porting.domain.document_reviews import (
    DocumentFault,
    Marks,
    Review,
    ReviewState,
    Shown,
)
from services.porting.domain.documents import (
    PROOFS,
    Document,
    DocumentKind,
    StoredFile,
)
from services.porting.domain.requests import PortRequest

_DOCUMENT_COLUMNS: Final = """
    d.id, d.port_request_id, d.kind, d.filename, d.content_type, d.byte_size, d.sha256,
    d.attached_at, d.attached_by, d.thumbnail_key, d.text_key, d.page_count, d.review_state,
    d.reviewed_at, d.reviewed_by, d.refusal_code, d.refusal_text, d.account_shown,
    d.address_shown, d.numbers_shown,
    coalesce(d.file_key, 'uploads/' || d.upload_id) AS file_key,
    NOT EXISTS (
      SELECT FROM documents AS newer
      WHERE newer.port_request_id = d.port_request_id
        AND newer.kind = d.kind
        AND newer.id > d.id
    ) AS is_newest
"""
_ADD_DOCUMENT: Final = """
    INSERT INTO documents
      (id, port_request_id, account_id, kind, attached_at, attached_by, upload_id, filename,
       content_type, byte_size, sha256, file_key, thumbnail_key, text_key, page_count)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
# Of proofs together, and of every other kind, whether the newest is refused.
_HAS_REFUSED: Final = """
    SELECT EXISTS (
      SELECT
      FROM (
        SELECT DISTINCT ON (CASE WHEN kind = ANY($2::text[]) THEN '' ELSE kind END)
          review_state
        FROM documents
        WHERE port_request_id = $1
        ORDER BY CASE WHEN kind = ANY($2::text[]) THEN '' ELSE kind END, id DESC
      ) AS newest
      WHERE review_state = 'REFUSED'
    )
"""
# The newest document of the given kinds of each request.
_FIND_NEWEST: Final = f"""
    SELECT {_DOCUMENT_COLUMNS}
    FROM unnest($1::text[]) AS wanted (request_id)
    CROSS JOIN LATERAL (
      SELECT *
      FROM documents
      WHERE port_request_id = wanted.request_id
        AND kind = ANY($2::text[])
      ORDER BY id DESC
      LIMIT 1
    ) AS d
"""
# Of a request that the caller sees: no limit where the account, companies or requester is NULL.
_FIND_SEEN_DOCUMENT: Final = f"""
    SELECT {_DOCUMENT_COLUMNS}
    FROM documents AS d
    JOIN port_requests AS r ON r.id = d.port_request_id
    WHERE d.id = $1
      AND ($2::text IS NULL OR r.account_id = $2)
      AND ($3::text[] IS NULL OR r.company_id = ANY($3))
      AND ($4::text IS NULL OR r.requester_id = $4)
"""
_SAVE_REVIEW: Final = """
    UPDATE documents
    SET review_state = $2, reviewed_at = $3, reviewed_by = $4, refusal_code = $5,
      refusal_text = $6, account_shown = $7, address_shown = $8, numbers_shown = $9
    WHERE id = $1
"""
# The same page of each request's documents of these kinds, the newest first.
DOCUMENTS: Final = Listing(
    f"""
    SELECT document.*
    FROM unnest($1::text[]) AS wanted (request_id)
    CROSS JOIN LATERAL (
      SELECT {_DOCUMENT_COLUMNS}
      FROM documents AS d
      WHERE d.port_request_id = wanted.request_id
        AND ($2::text[] IS NULL OR d.kind = ANY($2)) {{keyset}} {{order}}
    ) AS document
    """,
    parameters=2,
    keys=[Key(column="d.id", kind=str)],
    descending=True,
)


async def add_document(
    connection: Connection,
    request: PortRequest,
    *,
    id: str,
    kind: DocumentKind,
    attached_at: datetime,
    attached_by: str,
    file: StoredFile,
) -> None:
    await connection.execute(
        _ADD_DOCUMENT,
        id,
        request.id,
        request.account_id,
        kind,
        attached_at,
        attached_by,
        file.upload_id,
        file.filename,
        file.content_type,
        file.byte_size,
        file.sha256,
        file.file_key,
        file.thumbnail_key,
        file.text_key,
        file.page_count,
    )


async def save_review(connection: Connection, document_id: str, review: Review) -> None:
    marks = review.marks
    await connection.execute(
        _SAVE_REVIEW,
        document_id,
        review.state,
        review.reviewed_at,
        review.reviewed_by,
        review.refusal_code,
        review.refusal_text,
        marks.account_shown if marks else None,
        marks.address_shown if marks else None,
        marks.numbers_shown if marks else None,
    )


async def find_whether_refused(connection: Connection, request_id: str) -> bool:
    """Whether a refused document has no newer one in its place; any proof stands for any."""
    found: bool = await connection.fetchval(_HAS_REFUSED, request_id, sorted(PROOFS))
    return found


async def find_seen_document(
    connection: Connection,
    document_id: str,
    account_id: str | None,
    company_ids: Sequence[str] | None,
    requester_id: str | None,
) -> Document | None:
    """None where it is unknown, or its request is not for the caller's eyes."""
    row = await connection.fetchrow(
        _FIND_SEEN_DOCUMENT,
        document_id,
        account_id,
        None if company_ids is None else list(company_ids),
        requester_id,
    )
    return _document(row) if row else None


async def find_newest_documents(
    connection: Connection, request_ids: Sequence[str], kinds: Iterable[DocumentKind]
) -> dict[str, Document]:
    """The newest of the kinds of each request; a request without any is missing."""
    rows = await connection.fetch(_FIND_NEWEST, list(request_ids), sorted(kinds))
    return {row["port_request_id"]: _document(row) for row in rows}


async def find_document_pages(
    connection: Connection,
    request_ids: Sequence[str],
    kinds: Iterable[DocumentKind] | None,
    page: Page,
) -> dict[str, Slice[Document]]:
    """The same page of each request's documents; a request without any is missing."""
    pages = await read_pages(
        connection,
        DOCUMENTS,
        page,
        "port_request_id",
        list(request_ids),
        None if kinds is None else sorted(kinds),
    )
    return {request_id: rows.map(_document) for request_id, rows in pages.items()}


def _document(row: Row) -> Document:
    of_review = (
        "review_state", "reviewed_at", "reviewed_by", "refusal_code", "refusal_text",
        "account_shown", "address_shown", "numbers_shown",
    )  # fmt: skip
    values = {key: value for key, value in row.items() if key not in of_review}
    return Document(**{**values, "kind": DocumentKind(row["kind"]), "review": _review(row)})


def _review(row: Row) -> Review:
    marks = None
    if row["account_shown"] is not None:
        marks = Marks(
            account_shown=Shown(row["account_shown"]),
            address_shown=Shown(row["address_shown"]),
            numbers_shown=Shown(row["numbers_shown"]),
        )
    code = row["refusal_code"]
    return Review(
        state=ReviewState(row["review_state"]),
        reviewed_at=row["reviewed_at"],
        reviewed_by=row["reviewed_by"],
        marks=marks,
        refusal_code=DocumentFault(code) if code else None,
        refusal_text=row["refusal_text"],
    )
