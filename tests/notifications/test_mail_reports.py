"""What comes back about mails: bounces that suppress an address, and readers who want no more."""

from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette

from libs.common.caller import CallerResolver
from libs.common.database import Database
from libs.common.dev_issuer import (
    DEVELOPMENT_AUDIENCE,
    JWKS_PATH,
    IssuerKey,
    create_app,
    sign_token,
)
from libs.common.memberships import memberships_of
from libs.common.tokens import DEVELOPMENT_ISSUER, IssuerKeys, TokenVerifier
from services.notifications.domain.messages import Message
from services.notifications.domain.who_is_told import EventGroup
from services.notifications.routes.mail_reports import mail_report_routes
from services.notifications.routes.unsubscribing import unsubscribe_routes
from services.notifications.store import mail_lists, mails
from tests.notifications.mailing import LINKS, SENDER, Post

COMPLETED = Message.PORT_COMPLETED


@pytest.fixture
async def client(database: Database, issuer_key: IssuerKey):
    issuer = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(issuer_key)))
    verifier = TokenVerifier(
        IssuerKeys(f"http://issuer{JWKS_PATH}", issuer),
        issuer=DEVELOPMENT_ISSUER,
        audience=DEVELOPMENT_AUDIENCE,
        production=False,
    )
    callers = CallerResolver(verifier, memberships_of(database))
    app = Starlette(
        routes=[*mail_report_routes(database, callers), *unsubscribe_routes(database, LINKS)]
    )
    token = sign_token(issuer_key, subject="bounces", scopes=["mails:report"])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://notify",
        headers={"authorization": f"Bearer {token}"},
    ) as client:
        yield client


async def report(client: httpx.AsyncClient, mail_id: str, **changed: object) -> int:
    said = {
        "messageId": SENDER.message_id_of(mail_id, 1),
        "report": "bounce",
        "code": "5.1.1",
        **changed,
    }
    answer = await client.post("/mail-reports", json=said)
    return answer.status_code


async def bounce(post: Post) -> str:
    mail_id = await post.add(COMPLETED)
    post.server.answers_to_recipient.append("550 5.1.1 no such user")
    await post.send()
    return mail_id


async def test_every_statement_can_be_prepared(database: Database) -> None:
    async with database.working() as connection:
        for statement in (*mails.STATEMENTS, *mail_lists.STATEMENTS):
            await connection.prepare(statement)


async def test_a_reported_bounce_marks_the_sent_mail_once(post, client):
    mail_id = await post.add(COMPLETED)
    await post.send()

    assert await report(client, mail_id) == 204
    assert await report(client, mail_id) == 204

    row = await post.look_at(mail_id)
    assert (row["state"], row["code"], row["reason"]) == ("bounced", "5.1.1", "bounce")
    async with post.database.working() as connection:
        count = await connection.fetchval("SELECT bounces FROM bouncing_addresses")
    assert count == 1


async def test_a_bounce_for_now_is_left_to_whoever_carries_the_mail(post, client):
    mail_id = await post.add(COMPLETED)
    await post.send()

    assert await report(client, mail_id, code="4.2.2") == 204
    assert await post.state_of(mail_id) == "sent"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"messageId": "<mail_unknown.1@portline.example>"}, 404),
        ({"messageId": "hello"}, 400),
        ({"messageId": None}, 400),
        ({"report": "joke"}, 400),
        ({"code": "550 no such user"}, 400),
    ],
)
async def test_what_is_no_report_about_a_mail_of_ours_changes_nothing(
    post, client, said, status
):
    mail_id = await post.add(COMPLETED)
    await post.send()

    assert await report(client, mail_id, **said) == status
    assert await post.state_of(mail_id) == "sent"


async def test_only_machines_with_the_scope_may_report(post, client, issuer_key):
    other = sign_token(issuer_key, subject="telephony", scopes=["calls:report"])
    for headers, status in (
        ({"authorization": f"Bearer {other}"}, 403),
        ({"authorization": "Bearer nonsense"}, 401),
        ({"authorization": ""}, 403),
    ):
        answer = await client.post("/mail-reports", json={}, headers=headers)
        assert answer.status_code == status


async def test_a_body_that_is_too_long_or_no_object_is_refused(client):
    for body in (b"x" * 20_000, b"[1]", b"{"):
        answer = await client.post("/mail-reports", content=body)
        assert answer.status_code == 400


async def test_an_address_that_bounces_three_times_gets_nothing_more(post):
    for _ in range(3):
        await bounce(post)
        post.clock.pass_by(days=1)

    mail_id = await post.add(COMPLETED, address="ADA@customer.example")
    await post.send()

    row = await post.look_at(mail_id)
    assert (row["state"], row["reason"]) == ("suppressed", "address_bounces")
    assert post.server.taken == []


async def test_what_the_law_wants_told_is_tried_at_such_an_address_too(post):
    for _ in range(3):
        await bounce(post)

    mail_id = await post.add(Message.PORT_OUT_RECEIVED)
    await post.send()

    assert await post.state_of(mail_id) == "sent"


async def test_bounces_of_long_ago_do_not_count(post):
    for _ in range(3):
        await bounce(post)
        post.clock.now += timedelta(days=31)

    mail_id = await post.add(COMPLETED)
    await post.send()

    assert await post.state_of(mail_id) == "sent"


async def test_a_complaint_suppresses_the_address_at_once(post, client):
    first = await post.add(COMPLETED)
    await post.send()
    assert await report(client, first, report="complaint", code="5.7.1") == 204

    second = await post.add(COMPLETED)
    await post.send()

    assert await post.state_of(second) == "suppressed"


async def choices(database: Database) -> list[tuple[str, ...]]:
    async with database.working() as connection:
        rows = await connection.fetch(
            "SELECT owner_id, event_group, channel, delivery FROM notification_choices "
            "ORDER BY event_group"
        )
    return [tuple(row) for row in rows]


async def test_looking_at_the_link_switches_nothing_off_and_posting_does(database, client):
    url = LINKS.make("acc_a", "mem_a", [EventGroup.REQUESTS, EventGroup.REMINDERS])
    path = url.removeprefix("https://notify.portline.example")

    shown = await client.get(path)

    assert shown.status_code == 200
    assert "<button>Switch off / Désactiver</button>" in shown.text
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert await choices(database) == []

    done = await client.post(path, data={"List-Unsubscribe": "One-Click"})
    again = await client.post(path)

    assert (done.status_code, again.status_code) == (200, 200)
    assert await choices(database) == [
        ("mem_a", "reminders", "mail", "off"),
        ("mem_a", "requests", "mail", "off"),
    ]


async def test_a_link_that_is_not_ours_switches_nothing_off(database, client):
    by_law = LINKS.make("acc_a", "mem_a", [EventGroup.PORT_OUTS]).rpartition("/")[2]
    for token in ("nonsense", by_law):
        assert (await client.get(f"/unsubscribe/{token}")).status_code == 404
        assert (await client.post(f"/unsubscribe/{token}")).status_code == 404

    assert await choices(database) == []
