"""The mailbox: takes what is sent to it, and shows it without letting it do anything."""

from email.message import EmailMessage

import aiosmtplib
import httpx
import pytest

from deploy.local.listen_ports import LOOPBACK, choose_listen_port
from deploy.mailbox import app as mailbox_app
from deploy.mailbox.app import Mailbox

MARKUP = "<script>alert(1)</script>"


@pytest.fixture
async def mailbox():
    listen_port = choose_listen_port()
    mailbox = Mailbox(LOOPBACK, listen_port)
    transport = httpx.ASGITransport(mailbox.app)
    async with (
        mailbox.app.router.lifespan_context(mailbox.app),
        httpx.AsyncClient(transport=transport, base_url="http://mailbox") as client,
    ):
        yield client, listen_port


async def send(listen_port: int, subject: str = "Hello") -> None:
    message = EmailMessage()
    message["From"], message["To"] = "no-reply@portline.example", "ada@customer.example"
    message["Subject"] = subject
    message.set_content(f"Plain {MARKUP}")
    message.add_alternative(f"<html><head></head><p>{MARKUP}</p></html>", subtype="html")
    message.add_attachment("BEGIN:VCALENDAR", subtype="calendar", filename="firm-date.ics")
    await aiosmtplib.send(message, hostname=LOOPBACK, port=listen_port, start_tls=False)


async def test_a_mail_is_listed_and_shown_with_its_text_html_and_attachments(mailbox):
    client, listen_port = mailbox
    await send(listen_port, f"Été {MARKUP}")

    page = (await client.get("/")).text
    shown = await client.get("/mails/1")
    (told,) = (await client.get("/mails.json")).json()

    assert "Été &lt;script&gt;" in page
    assert '<a href="/mails/1">' in page
    assert told["to"] == ["ada@customer.example"]
    assert told["subject"] == f"Été {MARKUP}"
    assert "Plain &lt;script&gt;" in shown.text
    assert "BEGIN:VCALENDAR" in shown.text
    assert 'src="/mails/1/html"' in shown.text
    assert "<script>" not in page + shown.text


async def test_a_mails_html_stands_in_a_sandbox_where_nothing_runs(mailbox):
    client, listen_port = mailbox
    await send(listen_port)

    html = await client.get("/mails/1/html")

    assert MARKUP in html.text
    policy = html.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy


async def test_only_the_newest_mails_are_kept(mailbox, monkeypatch):
    client, listen_port = mailbox
    monkeypatch.setattr(mailbox_app, "KEPT", 2)
    for _ in range(3):
        await send(listen_port)

    assert [mail["number"] for mail in (await client.get("/mails.json")).json()] == [2, 3]
    assert (await client.get("/mails/1")).status_code == 404
    assert (await client.get("/mails/1/html")).status_code == 404
    assert (await client.get("/healthz")).status_code == 200
