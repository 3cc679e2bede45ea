"""Where files are sent to: a signed link takes one file, checked against what was promised."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from libs.common.database import Database
from libs.common.graphql.errors import ErrorCode, log_fault, sentence_and_code
from services.porting.domain.documents import Upload
from services.porting.integrations.files import Files, UploadLinks, digest
from services.porting.store import documents

log = logging.getLogger(__name__)

# Nobody reads it: whoever sent the file has gone.
_GONE = 499
_SLOWEST_UPLOAD_S = 120


def file_routes(
    database: Database, files: Files, links: UploadLinks, origins: Sequence[str] = ()
) -> list[BaseRoute]:
    """`origins` are those of pages that may send files from another origin than ours."""

    async def receive(request: Request) -> Response:
        try:
            return await _receive_upload(request, database, files, links)
        except ClientDisconnect:
            return Response(status_code=_GONE)
        except Exception as fault:  # noqa: BLE001 - the edge: masked here, told in the log
            log_fault(fault)
            sentence, code = sentence_and_code(fault)
            return _refuse(503 if code is ErrorCode.UNAVAILABLE else 500, code, sentence)

    from_pages = Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["PUT"],
        allow_headers=["content-type"],
    )
    upload = Route("/{upload_id}", receive, methods=["PUT"])
    return [Mount("/uploads", routes=[upload], middleware=[from_pages])]


async def _receive_upload(
    request: Request, database: Database, files: Files, links: UploadLinks
) -> Response:
    upload_id = request.path_params["upload_id"]
    if not links.is_good(
        upload_id,
        request.query_params.get("expires", ""),
        request.query_params.get("signature", ""),
    ):
        return _refuse(403, "LINK_NOT_VALID", "The link is wrong or has expired.")
    async with database.working() as connection:
        upload = await documents.find_upload(connection, upload_id)
    if upload is None:
        return _refuse(404, "UPLOAD_NOT_FOUND", "There is no such upload.")
    if upload.stored_at is not None:
        return _refuse(409, "ALREADY_UPLOADED", "This link has been used.")
    try:
        async with asyncio.timeout(_SLOWEST_UPLOAD_S):
            content = await _read(request, upload)
    except TimeoutError:
        return _refuse(408, "UPLOAD_TOO_SLOW", "The file did not arrive in time.")
    if content is None or await digest(content) != upload.sha256:
        return _refuse(400, "CHECKSUM_MISMATCH", "These are not the bytes that were promised.")
    await files.put(upload_id, content)
    async with database.working() as connection:
        await documents.mark_stored(connection, upload_id, datetime.now(UTC))
    log.info(
        "a file was stored",
        extra={"action": "store_upload", "upload_id": upload_id, "bytes": len(content)},
    )
    return Response(status_code=204)


async def _read(request: Request, upload: Upload) -> bytes | None:
    """None for more or fewer bytes than were promised, and never more than those in memory."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > upload.byte_size:
            return None
    return bytes(content) if len(content) == upload.byte_size else None


def _refuse(status: int, code: str, message: str) -> Response:
    if status < 500:  # noqa: PLR2004 - a fault is told by its own line
        log.info("a file was refused", extra={"action": "refuse_upload", "code": code})
    return JSONResponse({"code": code, "message": message}, status_code=status)
