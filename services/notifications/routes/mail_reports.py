"""Where whatever reads bounces and complaints tells them: `POST /mail-reports`.

{"messageId": "<mail_….1@portline.example>", "report": "bounce", "code": "5.1.1"}
"""

from datetime import UTC, datetime
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from libs.common.caller import CallerResolver, Machine
from libs.common.database import Database
from libs.common.graphql.errors import ErrorCode
from libs.common.plain_answers import mask, refuse
from libs.common.tokens import Unauthenticated
from services.notifications.use_cases.mail_reports import Report, UnreadableReport, note_report

SCOPE: Final = "mails:report"
_LARGEST_BODY: Final = 16 * 1024


def mail_report_routes(database: Database, callers: CallerResolver) -> list[BaseRoute]:
    async def take(request: Request) -> Response:
        try:
            caller = await callers.resolve(request.headers.get("authorization"), None)
            if not isinstance(caller, Machine) or SCOPE not in caller.scopes:
                return refuse(403, ErrorCode.FORBIDDEN, f"This needs the scope {SCOPE}.")
            given = await _read(request)
            async with database.working() as connection:
                is_ours = await note_report(
                    connection,
                    message_id=str(given.get("messageId", "")),
                    report=_report_of(given),
                    code=str(given.get("code", "")),
                    at=datetime.now(UTC),
                )
        except Unauthenticated as refused:
            return refuse(401, ErrorCode.UNAUTHENTICATED, str(refused))
        except UnreadableReport as unreadable:
            sentence = f"`{unreadable}` is not as it should be."
            return refuse(400, ErrorCode.BAD_USER_INPUT, sentence)
        except Exception as fault:  # noqa: BLE001 - the edge: masked here, told in the log
            return mask(fault)
        if not is_ours:
            return refuse(404, ErrorCode.NOT_FOUND, "There is no such mail.")
        return Response(status_code=204)

    return [Route("/mail-reports", take, methods=["POST"])]


async def _read(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise UnreadableReport("body")
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UnreadableReport("body") from None
    if not isinstance(given, dict):
        raise UnreadableReport("body")
    return given


def _report_of(given: dict[str, Any]) -> Report:
    try:
        return Report(str(given.get("report")))
    except ValueError:
        raise UnreadableReport("report") from None
