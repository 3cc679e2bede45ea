"""The unsubscribe link of a mail: GET shows a button, POST switches off (RFC 8058)."""

from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from libs.common.database import Database
from libs.common.plain_answers import mask
from services.notifications.domain.unsubscribing import UnsubscribeLinks, Unsubscribing
from services.notifications.texts.catalogue import GROUPS, Locale
from services.notifications.texts.wording import Wording
from services.notifications.use_cases.unsubscribing import switch_off_mails

_HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
}
_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem}"
    "button{font:inherit;padding:.4rem 1rem}"
)


def unsubscribe_routes(database: Database, links: UnsubscribeLinks) -> list[BaseRoute]:
    async def ask(request: Request) -> Response:
        """Mail scanners open every link: nothing is switched off by looking."""
        asked = links.read(request.path_params["token"])
        if asked is None or not asked.groups:
            return _page("no_link", status=404)
        return _page("unsubscribe_ask", asked, has_button=True)

    async def act(request: Request) -> Response:
        asked = links.read(request.path_params["token"])
        if asked is None or not asked.groups:
            return _page("no_link", status=404)
        try:
            async with database.working() as connection:
                await switch_off_mails(connection, asked)
        except Exception as fault:  # noqa: BLE001 - the edge: masked here, told in the log
            return mask(fault)
        return _page("unsubscribe_done", asked)

    return [
        Route("/unsubscribe/{token}", ask, methods=["GET"]),
        Route("/unsubscribe/{token}", act, methods=["POST"]),
    ]


def _page(
    words: str,
    asked: Unsubscribing | None = None,
    *,
    has_button: bool = False,
    status: int = 200,
) -> Response:
    said = [_paragraph(locale, words, asked) for locale in Locale]
    label = " / ".join(Wording(locale=each).frame("unsubscribe_button") for each in Locale)
    if has_button:
        said.append(f'<form method="post"><button>{escape(label)}</button></form>')
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Portline</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(said)}</main></body></html>",
        status_code=status,
        headers=_HEADERS,
    )


def _paragraph(locale: Locale, words: str, asked: Unsubscribing | None) -> str:
    groups = ", ".join(GROUPS[group][locale] for group in (asked.groups if asked else ()))
    sentence = Wording(locale=locale).frame(words, groups=groups)
    return f'<p lang="{locale}">{escape(sentence)}</p>'
