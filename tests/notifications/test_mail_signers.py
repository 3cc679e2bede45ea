"""The signer's mail: porting says where to and by which link, when it is sent and not before."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from libs.common.database import Database
from services.notifications.domain.messages import Message
from services.notifications.integrations.signing_links import MachineTokens, SigningLinks
from tests.notifications.mail_server import html_of, text_of
from tests.notifications.mailing import Post, open_post

TOKEN = "sgn_1_canary"
LINK = f"https://porting.portline.example/letters/{TOKEN}"


@dataclass
class Porting:
    """Its route for deliveries, and an issuer that gives machines' tokens."""

    status: int = 200
    token_status: int = 200
    asked: list[str] = field(default_factory=list)
    tokens_given: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            assert request.headers["authorization"].startswith("Basic ")
            assert b"scope=letters%3Adeliver" in request.content
            self.tokens_given += 1
            return httpx.Response(
                self.token_status, json={"access_token": "machine", "expires_in": 900}
            )
        assert request.headers["authorization"] == "Bearer machine"
        self.asked.append(request.url.path)
        delivery = {
            "recipient": {"name": "Sam Signer", "email": "sam@signer.example"},
            "url": LINK,
            "expiresAt": "2026-12-14T15:00:00+00:00",
        }
        return httpx.Response(self.status, json=delivery)


@pytest.fixture
def porting() -> Porting:
    return Porting()


@pytest.fixture
async def post(database: Database, porting: Porting) -> AsyncIterator[Post]:
    client = httpx.AsyncClient(transport=httpx.MockTransport(porting))
    tokens = MachineTokens("http://issuer.example/token", "notifications", "secret", client)
    links = SigningLinks("http://porting.example/", tokens, client)
    async with open_post(database, signing_links=links) as post:
        yield post


async def add_letter(post: Post, message: Message = Message.LETTER_TO_SIGN) -> str:
    return await post.add(
        message,
        to=None,
        recipient="ltr_1 signer",
        name="",
        address=None,
        link_id="lnk_1",
    )


@pytest.mark.requirement("S53")
@pytest.mark.parametrize("message", [Message.LETTER_TO_SIGN, Message.LETTER_UNSIGNED])
async def test_the_link_goes_to_the_signers_address_and_is_kept_nowhere(
    post, porting, message, caplog
):
    caplog.set_level(logging.DEBUG)
    mail_id = await add_letter(post, message)

    await post.send()

    (sent,) = post.server.taken
    assert post.server.recipients == ["sam@signer.example"]
    assert sent["To"] == "Sam Signer <sam@signer.example>"
    assert "Sam Signer" in text_of(sent)
    assert LINK in text_of(sent)
    assert f'href="{LINK}"' in html_of(sent)
    assert "sign" in sent["Subject"]
    assert "Do not cancel your service" in text_of(sent)
    assert "List-Unsubscribe" not in sent
    assert porting.asked == ["/signing-links/lnk_1"]
    row = await post.look_at(mail_id)
    assert row["state"] == "sent"
    assert row["address"] is None
    async with post.database.working() as connection:
        for table in ("mails", "notices", "mail_notices", "outbox"):
            rows = await connection.fetch(f"SELECT t::text AS row FROM {table} AS t")
            assert not any(TOKEN in row["row"] or "sam@" in row["row"] for row in rows)
    ours = [record for record in caplog.records if not record.name.startswith("mail.log")]
    assert TOKEN not in " ".join(str(vars(record)) for record in ours)


async def test_one_token_serves_many_letters(post, porting):
    await add_letter(post)
    await add_letter(post)

    await post.send()
    await post.send()

    assert len(porting.asked) == 2
    assert porting.tokens_given == 1


async def test_a_link_that_was_used_or_replaced_is_mailed_to_nobody(post, porting):
    porting.status = 404
    mail_id = await add_letter(post)

    await post.send()

    row = await post.look_at(mail_id)
    assert (row["state"], row["reason"]) == ("suppressed", "link_is_over")
    assert post.server.taken == []


@pytest.mark.parametrize(("status", "token_status"), [(503, 200), (403, 200), (200, 401)])
async def test_a_porting_that_does_not_answer_is_asked_again_later(
    post, porting, status, token_status
):
    porting.status, porting.token_status = status, token_status
    mail_id = await add_letter(post)

    outcome = await post.send()

    assert not outcome.is_mail_server
    row = await post.look_at(mail_id)
    assert row["state"] == "queued"
    assert row["reason"].startswith("porting: ")
    porting.status = porting.token_status = 200
    post.clock.pass_by(minutes=1)
    await post.send()
    assert await post.state_of(mail_id) == "sent"


async def test_the_members_are_told_another_text_than_the_signer(post):
    await post.add(Message.LETTER_TO_SIGN, link_id="lnk_1")

    await post.send()

    (sent,) = post.server.taken
    assert sent["Subject"] == "The letter of “Spring move” is with the signer"
    assert LINK not in text_of(sent)
