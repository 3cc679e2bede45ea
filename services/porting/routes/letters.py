"""The signer's way: a link shows one letter, and takes one signature or refusal of it.

Its token is the whole of the signer's rights; it is in no log, no event and no referrer.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from libs.common.caller import CallerResolver, Machine
from libs.common.database import Database
from libs.common.graphql.errors import ErrorCode, log_fault, sentence_and_code
from libs.common.telemetry import current_client_address
from libs.common.tokens import Unauthenticated
from libs.contracts.refusals import Refusal, Refused
from services.porting.domain.refusals.letters import LinkNotGood
from services.porting.domain.signing import CONSENT_TEXTS, CONSENT_VERSION, LinkMaker
from services.porting.routes.letter_page import PAGE_HEADERS, letter_page, notice_page
from services.porting.use_cases.letter_sending import find_delivery
from services.porting.use_cases.letter_signers import (
    ShownLetter,
    decline_by_link,
    show_letter,
    sign_by_link,
)
from services.porting.use_cases.letter_signing import Signing

DELIVER: Final = "letters:deliver"
# A drawn signature is the longest thing that anybody sends.
_LARGEST_BODY: Final = 64 * 1024
_FORM: Final = "application/x-www-form-urlencoded"
_EVERY_METHOD: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_MOST_FIELDS: Final = 10
# What a browser sends for a box without a value of its own.
_CHECKED: Final = "on"
_DISCREET: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
_STATUS: Final = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.BAD_USER_INPUT: 400,
    ErrorCode.UNAVAILABLE: 503,
}

Answer = Callable[[Request], Awaitable[Response]]


class _UnreadableBody(Exception):
    pass


def letter_routes(
    database: Database,
    maker: LinkMaker,
    callers: CallerResolver,
    public_url: str,
    origins: Sequence[str] = (),
) -> list[BaseRoute]:
    """`origins` are those of pages that signers may use instead of ours."""

    async def show(request: Request) -> Response:
        async with database.working() as connection:
            shown = await show_letter(connection, request.path_params["token"])
        plain = _plain(shown)
        if _wants_page(request):
            return _page(letter_page(plain, request.url.path))
        return _answer(plain)

    async def sign(request: Request) -> Response:
        given = await _read(request)
        signing = Signing(
            signer_name=_text(given, "signerName") or "",
            consents=given.get("consent") in (True, _CHECKED),
            consent_version=_text(given, "consentVersion") or "",
            drawn=_text(given, "drawnSignature"),
        )
        mark = maker.mark_address(current_client_address())
        async with database.working() as connection:
            await sign_by_link(connection, request.path_params["token"], signing, mark)
        if _wants_page(request):
            return _page(notice_page("Signed", ["Thank you: the letter is signed."]))
        return _answer({"state": "SIGNED"})

    async def decline(request: Request) -> Response:
        reason = _text(await _read(request), "reason") or ""
        async with database.working() as connection:
            await decline_by_link(connection, request.path_params["token"], reason)
        if _wants_page(request):
            return _page(notice_page("Declined", ["Whoever sent the letter is told why."]))
        return _answer({"state": "DECLINED"})

    async def deliver(request: Request) -> Response:
        """For the sender of mails: to whom a link goes, and the link itself (S53)."""
        caller = await callers.resolve(request.headers.get("authorization"), None)
        if not isinstance(caller, Machine) or DELIVER not in caller.scopes:
            return _refuse(403, ErrorCode.FORBIDDEN, "This needs the scope letters:deliver.")
        async with database.working() as connection:
            found = await find_delivery(connection, maker, request.path_params["link_id"])
        if found is None:
            raise LinkNotGood
        return _answer(
            {
                "recipient": {"name": found.name, "email": found.email},
                "url": f"{public_url.rstrip('/')}/letters/{found.token}",
                "expiresAt": found.expires_at.isoformat(),
            }
        )

    from_pages = Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["GET", "POST"],
        allow_headers=["content-type"],
    )
    of_signers = [
        Route("/{token}", _guarded(show), methods=["GET"]),
        Route("/{token}/sign", _guarded(sign), methods=["POST"]),
        Route("/{token}/decline", _guarded(decline), methods=["POST"]),
        # Whatever else stands behind a token is answered here, where logs know what to hide.
        Route("/{token}/{rest:path}", _guarded(_find_nothing), methods=_EVERY_METHOD),
    ]
    return [
        Mount("/letters", routes=of_signers, middleware=[from_pages]),
        Route("/signing-links/{link_id}", _guarded(deliver), methods=["GET"]),
    ]


async def _find_nothing(_request: Request) -> Response:
    raise LinkNotGood


def _guarded(answer: Answer) -> Answer:
    async def answer_guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except (Refusal, Refused) as refused:
            return _tell(request, refused)
        except _UnreadableBody:
            sentence = "Send a JSON object of at most 64 kB."
            return _refuse(400, ErrorCode.BAD_USER_INPUT, sentence)
        except Exception as fault:  # noqa: BLE001 - the edge: masked here, told in the log
            sentence, code = sentence_and_code(fault)
            if not isinstance(fault, Unauthenticated):
                log_fault(fault)
            return _refuse(_STATUS.get(code, 500), code, sentence)

    return answer_guarded


def _tell(request: Request, refused: Refusal | Refused) -> Response:
    if isinstance(refused, LinkNotGood):
        if _wants_page(request):
            return _page(notice_page("No letter", [refused.message]), 404)
        return _refuse(404, refused.code, refused.message)
    errors = _errors(refused)
    if _wants_page(request):
        told = [*(error["message"] for error in errors), "Go back and try again."]
        return _page(notice_page("Not yet", told), 422)
    return _answer({"errors": errors}, 422)


async def _read(request: Request) -> Mapping[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise _UnreadableBody
    if request.headers.get("content-type", "").startswith(_FORM):
        return _read_form(bytes(body))
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as unreadable:
        raise _UnreadableBody from unreadable
    if not isinstance(given, dict):
        raise _UnreadableBody
    return given


def _read_form(body: bytes) -> Mapping[str, Any]:
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS))
    except ValueError as unreadable:
        raise _UnreadableBody from unreadable


def _wants_page(request: Request) -> bool:
    """A browser; programs ask for JSON, or for anything."""
    return "text/html" in request.headers.get("accept", "")


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise _UnreadableBody
    return value


def _plain(shown: ShownLetter) -> dict[str, Any]:
    """All that a signer needs to read; nothing of the account behind it, and no PIN."""
    letter = shown.letter
    return {
        "letterId": letter.id,
        "signer": {"name": letter.recipient_name, "email": letter.recipient_email},
        "content": shown.content,
        "documentHash": letter.document_hash,
        "consent": {"version": CONSENT_VERSION, "text": CONSENT_TEXTS[CONSENT_VERSION]},
        "expiresAt": shown.expires_at.isoformat(),
    }


def _errors(refused: Refusal | Refused) -> list[dict[str, Any]]:
    faults = refused.refusals if isinstance(refused, Refused) else (refused,)
    return [
        {"code": fault.code, "message": fault.message, "path": fault.path} for fault in faults
    ]


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status_code=status, headers={**_DISCREET, **PAGE_HEADERS})


def _answer(content: Mapping[str, Any], status: int = 200) -> Response:
    return JSONResponse(content, status_code=status, headers=_DISCREET)


def _refuse(status: int, code: str, message: str) -> Response:
    return _answer({"code": code, "message": message}, status)
