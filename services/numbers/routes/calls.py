"""Calls told over HTTP, by a telephony system that has no RabbitMQ.

A delivery is one call, as the data of `calls.call_received.v1`, or `{"calls": […]}`. It is signed,
holds five minutes, and takes effect once. What is no call is named in the answer, and the others
of its delivery are taken all the same.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

import orjson
from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from libs.common.database import Database
from libs.common.plain_answers import mask, refuse
from libs.contracts.number_reports import CallReceived
from services.numbers.integrations.telephony import (
    WINDOW_S,
    NotSigned,
    OutOfWindow,
    Signatures,
)
from services.numbers.use_cases.call_deliveries import DeliveryIdReused, take_delivery

log = logging.getLogger(__name__)

MOST_CALLS: Final = 1_000
LARGEST_BODY: Final = 256 * 1024
_SLOWEST_S: Final = 10
# Nobody reads it: who told has gone.
_GONE: Final = 499


class _Refused(Exception):
    def __init__(
        self, status: int, code: str, message: str, *, is_unread: bool = False
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.is_unread = is_unread


def call_routes(database: Database, secrets: Sequence[bytes]) -> list[BaseRoute]:
    signatures = Signatures(secrets)

    async def receive(request: Request) -> Response:
        try:
            return await _receive(request, database, signatures)
        except _Refused as refusal:
            return refuse(
                refusal.status, refusal.code, refusal.message, is_unread=refusal.is_unread
            )
        except ClientDisconnect:
            return Response(status_code=_GONE)
        except Exception as fault:  # noqa: BLE001 - the edge: masked here, told in the log
            return mask(fault)

    return [Route("/calls", receive, methods=["POST"])]


async def _receive(request: Request, database: Database, signatures: Signatures) -> Response:
    try:
        signed_at = signatures.read_time(request.headers)
        body = await _read(request)
        delivery_id = signatures.read_id(request.headers, body)
    except NotSigned:
        raise _Refused(
            401, "NOT_SIGNED", "The signature is wrong or missing.", is_unread=True
        ) from None
    except OutOfWindow:
        raise _Refused(
            401,
            "TIMESTAMP_OUT_OF_WINDOW",
            "The timestamp is more than five minutes from now: sign again.",
            is_unread=True,
        ) from None
    calls, refused = _read_calls(body)
    if refused and not calls:
        raise _Refused(422, "NO_CALLS", "None of these is a call.")
    try:
        async with database.working() as connection:
            await take_delivery(
                connection, delivery_id, body, calls, holds_until=signed_at + WINDOW_S
            )
    except DeliveryIdReused:
        raise _Refused(
            409, "ID_REUSED", "This webhook-id came with another body before."
        ) from None
    if refused:
        log.warning(
            "what was told is no call",
            extra={"action": "calls.refused", "count": len(refused)},
        )
    return JSONResponse({"received": len(calls), "refused": refused})


async def _read(request: Request) -> bytes:
    too_large = _Refused(
        413, "BODY_TOO_LARGE", f"A body has at most {LARGEST_BODY} bytes.", is_unread=True
    )
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:12]) > LARGEST_BODY:
        raise too_large
    content = bytearray()
    try:
        async with asyncio.timeout(_SLOWEST_S):
            async for chunk in request.stream():
                content += chunk
                if len(content) > LARGEST_BODY:
                    raise too_large
    except TimeoutError:
        raise _Refused(
            408, "BODY_TOO_SLOW", "The body did not arrive in time.", is_unread=True
        ) from None
    return bytes(content)


def _read_calls(body: bytes) -> tuple[list[CallReceived], list[dict[str, Any]]]:
    """The calls, and what is none: its place, and the fields that are wrong, never their values."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _Refused(400, "UNREADABLE", "The body is not JSON.") from None
    if not isinstance(told, dict) or not isinstance(told.get("calls", []), list):
        raise _Refused(400, "UNREADABLE", "The body is neither a call nor a list `calls`.")
    each = told.get("calls", [told])
    if len(each) > MOST_CALLS:
        raise _Refused(413, "TOO_MANY_CALLS", f"A delivery has at most {MOST_CALLS} calls.")
    calls, refused = [], []
    for index, call in enumerate(each):
        try:
            calls.append(CallReceived.model_validate(call))
        except ValidationError as error:
            fields = sorted({str(part) for fault in error.errors() for part in fault["loc"]})
            refused.append({"index": index, "code": "NO_CALL", "fields": fields})
    return calls, refused
