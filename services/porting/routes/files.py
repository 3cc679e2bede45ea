"""Files sent and documents shown, by signed links; and what carriers call back with.

A link to send takes one file, checked against what was promised. A link to look holds for one
viewer, whose right is asked anew each time.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias
from urllib.parse import quote

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from libs.common.caller import Member, Support, person_of
from libs.common.database import Database
from libs.common.download_links import DownloadLinks, Link, support_named
from libs.common.plain_answers import mask, refuse
from libs.common.vault import Vault
from services.porting.domain.documents import Part, Upload
from services.porting.integrations.carriers.protocol import (
    CallbackRefused,
    CallbackUnreadable,
    Carrier,
)
from services.porting.integrations.files import Files, UploadLinks, digest
from services.porting.store import copies, uploads
from services.porting.use_cases.carrier_messages import receive_call
from services.porting.use_cases.documents import find_document
from services.porting.use_cases.exporting import export_lines

log = logging.getLogger(__name__)

# Nobody reads it: whoever sent the file has gone.
_GONE = 499
_SLOWEST_UPLOAD_S = 120
_LONGEST_CALLBACK = 1_000_000
_SLOWEST_CALLBACK_S = 10

_MEMBER_ID = re.compile(r"mem_[0-9a-z]{1,40}")
# Whatever is in a file: it is not opened in our pages, not run, not kept, not told about.
_SHOWN_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
}

Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


def file_routes(
    database: Database,
    files: Files,
    upload_links: UploadLinks,
    download_links: DownloadLinks,
    origins: Sequence[str] = (),
) -> list[BaseRoute]:
    """`origins` are those of pages from another origin than ours."""

    async def receive(request: Request) -> Response:
        return await _receive_upload(request, database, files, upload_links)

    async def show(request: Request) -> Response:
        return await _show_document(request, database, files, download_links)

    def opened_to_pages(method: str) -> Middleware:
        return Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=[method],
            allow_headers=["content-type"],
        )

    upload = Route("/{upload_id}", _masked(receive), methods=["PUT"])
    document = Route("/{document_id}/{shown}", _masked(show), methods=["GET"])
    return [
        Mount("/uploads", routes=[upload], middleware=[opened_to_pages("PUT")]),
        Mount("/documents", routes=[document], middleware=[opened_to_pages("GET")]),
    ]


def carrier_routes(database: Database, carrier: Carrier, vault: Vault) -> list[BaseRoute]:
    """Where the carrier calls back. Other names are unknown."""

    async def receive_callback(request: Request) -> Response:
        if request.path_params["name"] != carrier.name:
            return Response(status_code=404)
        return await _receive_callback(request, database, carrier, vault)

    return [Route("/carriers/{name}/callbacks", _masked(receive_callback), methods=["POST"])]


def _masked(answer: Answer) -> Answer:
    async def answer_masked(request: Request) -> Response:
        try:
            return await answer(request)
        except ClientDisconnect:
            return Response(status_code=_GONE)
        except Exception as fault:  # noqa: BLE001 - the edge: masked here, told in the log
            return mask(fault)

    return answer_masked


async def _receive_callback(
    request: Request, database: Database, carrier: Carrier, vault: Vault
) -> Response:
    """Kept, and nothing else: what it leads to is worked afterwards, in the carrier's order."""
    try:
        carrier.check_callback(request.headers)
        async with asyncio.timeout(_SLOWEST_CALLBACK_S):
            body = await _read_callback(request)
        if body is None:
            return refuse(
                413, "CALLBACK_TOO_LARGE", "This is longer than any message.", is_unread=True
            )
        heard = carrier.read_callback(request.headers, body)
    except TimeoutError:
        return refuse(
            408, "CALLBACK_TOO_SLOW", "The message did not arrive in time.", is_unread=True
        )
    except CallbackRefused:
        return refuse(
            401, "NOT_SIGNED", "The signature is wrong, missing or too old.", is_unread=True
        )
    except CallbackUnreadable:
        return refuse(422, "UNREADABLE", "This is not the form that was agreed.")
    async with database.working() as connection:
        is_new = await receive_call(connection, carrier.name, heard, vault)
    return JSONResponse({"isNew": is_new}, status_code=200)


async def _read_callback(request: Request) -> bytes | None:
    """None for more than a message can have, and never more than that in memory."""
    if not request.headers.get("content-length", "0").isdigit():
        return None
    if int(request.headers.get("content-length", "0")) > _LONGEST_CALLBACK:
        return None
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _LONGEST_CALLBACK:
            return None
    return bytes(content)


async def _receive_upload(
    request: Request, database: Database, files: Files, links: UploadLinks
) -> Response:
    upload_id = request.path_params["upload_id"]
    if not links.is_good(
        upload_id,
        request.query_params.get("expires", ""),
        request.query_params.get("signature", ""),
    ):
        return refuse(403, "LINK_NOT_VALID", "The link is wrong or has expired.")
    async with database.working() as connection:
        upload = await uploads.find_upload(connection, upload_id)
    if upload is None:
        return refuse(404, "UPLOAD_NOT_FOUND", "There is no such upload.")
    if upload.stored_at is not None:
        return refuse(409, "ALREADY_UPLOADED", "This link has been used.")
    try:
        async with asyncio.timeout(_SLOWEST_UPLOAD_S):
            content = await _read(request, upload)
    except TimeoutError:
        return refuse(408, "UPLOAD_TOO_SLOW", "The file did not arrive in time.")
    if content is None or await digest(content) != upload.sha256:
        return refuse(400, "CHECKSUM_MISMATCH", "These are not the bytes that were promised.")
    await files.put(upload_id, content)
    async with database.working() as connection:
        await uploads.mark_stored(connection, upload_id, datetime.now(UTC))
    log.info(
        "a file was stored",
        extra={"action": "upload.stored", "upload_id": upload_id, "bytes": len(content)},
    )
    return Response(status_code=204)


async def _show_document(
    request: Request, database: Database, files: Files, links: DownloadLinks
) -> Response:
    asked = request.query_params
    link = Link(
        thing=request.path_params["document_id"],
        shown=request.path_params["shown"],
        viewer=asked.get("viewer", ""),
        expires=asked.get("expires", ""),
        signature=asked.get("signature", ""),
    )
    viewer = await _viewer_of(database, link.viewer)
    if viewer is None or not links.is_good(link, viewer):
        return refuse(403, "LINK_NOT_VALID", "The link is wrong, not yours, or has expired.")
    if link.shown == Part.NUMBERS:
        return await _export_numbers(database, viewer, link.thing)
    async with database.reading(viewer) as connection:
        document = await find_document(connection, viewer, link.thing)
    is_small = link.shown == Part.THUMBNAIL
    key = None
    if document is not None:
        key = document.thumbnail_key if is_small else document.file_key
    if document is None or key is None:
        return refuse(404, "DOCUMENT_NOT_FOUND", "There is no such document for you.")
    byte_size, content = await files.open(key)
    log.info(
        "a document was shown",
        extra={
            "action": "document.shown",
            "document_id": document.id,
            "shown": link.shown,
            "viewer": person_of(viewer),
        },
    )
    named = quote("thumbnail.png" if is_small else document.served_name)
    return StreamingResponse(
        content,
        media_type="image/png" if is_small else document.served_type,
        headers={
            **_SHOWN_HEADERS,
            "content-length": str(byte_size),
            "content-disposition": f"attachment; filename*=UTF-8''{named}",
        },
    )


async def _export_numbers(
    database: Database, viewer: Member | Support, request_id: str
) -> Response:
    parts = await export_lines(database, viewer, request_id)
    if parts is None:
        return refuse(404, "PORT_REQUEST_NOT_FOUND", "There is no such request for you.")
    log.info(
        "numbers were exported",
        extra={"action": "lines.exported", "port_request_id": request_id},
    )
    return StreamingResponse(
        parts,
        media_type="text/csv; charset=utf-8",
        headers={
            **_SHOWN_HEADERS,
            "content-disposition": 'attachment; filename="numbers.csv"',
        },
    )


async def _viewer_of(database: Database, named: str) -> Member | Support | None:
    """As our rows have them now: who lost their membership has lost the link."""
    if support := support_named(named):
        return support
    if not _MEMBER_ID.fullmatch(named):
        return None
    async with database.working() as connection:
        return await copies.find_member(connection, named)


async def _read(request: Request, upload: Upload) -> bytes | None:
    """None for more or fewer bytes than were promised, and never more than those in memory."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > upload.byte_size:
            return None
    return bytes(content) if len(content) == upload.byte_size else None
