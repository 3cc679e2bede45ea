"""The mailbox: takes every mail over SMTP, keeps the newest in memory, and shows them on one page.

Nothing is carried further. `/mails.json` lists them for programs.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import escape
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

KEPT: Final = 1_000
_LARGEST: Final = 10 * 1024 * 1024
_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:70rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #ddd}pre{white-space:pre-wrap;background:#f6f6f6;padding:1rem}"
    "iframe{width:100%;height:44rem;border:1px solid #ddd}"
)
# A mail's HTML comes from a template of ours with customers' words in it: here no script runs,
# nothing is fetched, and it may not reach the page around it.
_HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_PAGE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'"
_MAIL_POLICY: Final = (
    "sandbox allow-popups allow-top-navigation-by-user-activation; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:"
)


@dataclass(frozen=True, kw_only=True)
class Mail:
    number: int
    taken_at: datetime
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    def body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part else ""


class Mailbox:
    """`listen_port` is where it takes mails; the page is for an HTTP server to serve."""

    def __init__(self, host: str, listen_port: int) -> None:
        self._place = (host, listen_port)
        self._mails: OrderedDict[int, Mail] = OrderedDict()
        self._count = 0
        self.app = Starlette(
            lifespan=self._listen,
            routes=[
                Route("/", self._list),
                Route("/mails.json", self._tell),
                Route("/mails/{number:int}", self._show),
                Route("/mails/{number:int}/html", self._show_html),
                Route("/healthz", _be_alive),
            ],
        )

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self._count += 1
        self._mails[self._count] = Mail(
            number=self._count,
            taken_at=datetime.now(UTC),
            recipients=tuple(envelope.rcpt_tos),
            message=message_from_bytes(content, policy=default),
        )
        if len(self._mails) > KEPT:
            self._mails.popitem(last=False)
        return "250 OK"

    @asynccontextmanager
    async def _listen(self, _app: Starlette) -> AsyncIterator[None]:
        server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True, data_size_limit=_LARGEST), *self._place
        )
        async with server:
            yield

    async def _list(self, _request: Request) -> Response:
        lines = "".join(
            f"<tr><td>{mail.taken_at:%H:%M:%S}</td><td>{escape(', '.join(mail.recipients))}</td>"
            f'<td><a href="/mails/{mail.number}">{escape(mail.subject)}</a></td></tr>'
            for mail in reversed(self._mails.values())
        )
        return _page(
            "Mailbox",
            f"<p>{self._count} mails taken. Reload the page for newer ones.</p>"
            f"<table><tr><th>Time (UTC)</th><th>To</th><th>Subject</th></tr>{lines}</table>",
        )

    async def _show(self, request: Request) -> Response:
        mail = self._find(request.path_params)
        if mail is None:
            return _page("No mail", "<p>There is no such mail any more.</p>", status=404)
        names = ("From", "To", "Date", "Message-ID", "List-Unsubscribe")
        headers = "".join(
            f"<tr><th>{name}</th><td>{escape(str(mail.message[name] or ''))}</td></tr>"
            for name in names
        )
        attached = "".join(
            f"<h2>{escape(part.get_filename() or 'attachment')}</h2>"
            f"<pre>{escape(str(part.get_content()))}</pre>"
            for part in mail.message.iter_attachments()
        )
        return _page(
            mail.subject,
            f'<p><a href="/">All mails</a></p><table>{headers}</table><h2>HTML</h2>'
            f'<iframe title="The mail as a reader sees it" src="/mails/{mail.number}/html">'
            f"</iframe><h2>Text</h2><pre>{escape(mail.body('plain'))}</pre>{attached}",
        )

    async def _show_html(self, request: Request) -> Response:
        mail = self._find(request.path_params)
        headers = {**_HEADERS, "content-security-policy": _MAIL_POLICY}
        body = mail.body("html") if mail else ""
        # Links open beside the mailbox.
        body = body.replace("<head>", '<head><base target="_blank">', 1)
        return HTMLResponse(body, status_code=200 if mail else 404, headers=headers)

    async def _tell(self, _request: Request) -> Response:
        return JSONResponse(
            [
                {
                    "number": mail.number,
                    "to": list(mail.recipients),
                    "subject": mail.subject,
                    "text": mail.body("plain"),
                }
                for mail in self._mails.values()
            ],
            headers=_HEADERS,
        )

    def _find(self, parameters: Mapping[str, int]) -> Mail | None:
        return self._mails.get(parameters["number"])


async def _be_alive(_request: Request) -> Response:
    return JSONResponse({"alive": True})


def _page(title: str, body: str, *, status: int = 200) -> Response:
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>",
        status_code=status,
        headers={**_HEADERS, "content-security-policy": _PAGE_POLICY},
    )
