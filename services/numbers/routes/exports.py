"""Exports of the inventory, by signed links: each holds for one viewer, whose right is asked anew."""

import logging
import re
from collections.abc import Sequence
from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from libs.common.caller import Member, Support, person_of
from libs.common.database import Database
from libs.common.download_links import DownloadLinks, Link, support_named
from libs.common.plain_answers import mask, refuse
from services.numbers.domain.export_names import SHOWN, read_export
from services.numbers.domain.inventory import InventoryFilterError
from services.numbers.store.logins import find_login
from services.numbers.use_cases.exporting import export_inventory

log = logging.getLogger(__name__)

EXPORTS: Final = "exports"

_MEMBER_ID: Final = re.compile(r"mem_[0-9a-z]{1,40}")
# It is not opened in our pages, not run, not kept, not told about.
_SHOWN_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "content-disposition": f'attachment; filename="{SHOWN}"',
}


def export_routes(
    database: Database, links: DownloadLinks, origins: Sequence[str] = ()
) -> list[BaseRoute]:
    """`origins` are those of pages from another origin than ours."""

    async def show(request: Request) -> Response:
        try:
            return await _show_export(request, database, links)
        except Exception as fault:  # noqa: BLE001 - the edge: masked here, told in the log
            return mask(fault)

    from_pages = Middleware(CORSMiddleware, allow_origins=list(origins), allow_methods=["GET"])
    route = Route("/{thing}/{shown}", show, methods=["GET"])
    return [Mount(f"/{EXPORTS}", routes=[route], middleware=[from_pages])]


async def _show_export(request: Request, database: Database, links: DownloadLinks) -> Response:
    asked = request.query_params
    link = Link(
        thing=request.path_params["thing"],
        shown=request.path_params["shown"],
        viewer=asked.get("viewer", ""),
        expires=asked.get("expires", ""),
        signature=asked.get("signature", ""),
    )
    viewer = await _find_viewer(database, link.viewer)
    if viewer is None or not links.is_good(link, viewer):
        return refuse(403, "LINK_NOT_VALID", "The link is wrong, not yours, or has expired.")
    try:
        parts = await export_inventory(database, viewer, *read_export(link.thing))
    except InventoryFilterError as error:
        return refuse(400, "BAD_USER_INPUT", str(error))
    if parts is None:
        return refuse(404, "NOT_FOUND", "There is no such inventory for you.")
    log.info(
        "the inventory was exported",
        extra={
            "action": "numbers.exported",
            "viewer": person_of(viewer),
        },
    )
    return StreamingResponse(
        parts, media_type="text/csv; charset=utf-8", headers=_SHOWN_HEADERS
    )


async def _find_viewer(database: Database, named: str) -> Member | Support | None:
    """As our rows have them now: who lost their membership has lost the link."""
    if support := support_named(named):
        return support
    if not _MEMBER_ID.fullmatch(named):
        return None
    async with database.working() as connection:
        return await find_login(connection, named)
