"""The empty number list to download (S39): the same for everybody, so without a token."""

from collections.abc import Sequence
from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from libs.common.child_process import ChildProcesses
from services.porting.list_intake.templates import write_csv
from services.porting.list_intake.workbooks import write_template

_CSV: Final = "text/csv; charset=utf-8"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def template_routes(children: ChildProcesses, origins: Sequence[str] = ()) -> list[BaseRoute]:
    """`origins` are those of pages that may read it from another origin than ours."""
    workbook = b""

    async def send_csv(_request: Request) -> Response:
        return _send(write_csv(), _CSV, "number-list.csv")

    async def send_workbook(_request: Request) -> Response:
        nonlocal workbook
        workbook = workbook or await write_template(children)
        return _send(workbook, _XLSX, "number-list.xlsx")

    from_pages = Middleware(CORSMiddleware, allow_origins=list(origins), allow_methods=["GET"])
    routes = [
        Route("/number-list.csv", send_csv, methods=["GET"]),
        Route("/number-list.xlsx", send_workbook, methods=["GET"]),
    ]
    return [Mount("/templates", routes=routes, middleware=[from_pages])]


def _send(content: bytes, media_type: str, filename: str) -> Response:
    return Response(
        content,
        media_type=media_type,
        headers={
            "content-disposition": f'attachment; filename="{filename}"',
            "x-content-type-options": "nosniff",
            "cache-control": "public, max-age=3600",
        },
    )
