"""Mails in the graph: support sees what became of them and has them sent again; nobody else."""

from functools import cache
from typing import Any

import pytest

from libs.common.caller import Caller, Role
from libs.common.graphql.context import Context
from libs.common.graphql.schema import Graph
from services.notifications.domain.messages import Message
from services.notifications.schema.graph import build_graph
from tests.notifications.callers import SUPPORT, member
from tests.notifications.mailing import Post

MAILS = """
query Mails($filter: MailFilter, $first: Int, $after: String) {
  mails(filter: $filter, first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { node {
      id account { id } memberId name address locale subject messages state code reason
      attempts sentAt canBeResent
    } }
  }
}
"""
RESEND = """
mutation Resend($input: ResendMailInput!) {
  resendMail(input: $input) {
    mail { id state attempts }
    userErrors { code path ... on InvalidStateError { status } }
  }
}
"""


@cache
def graph() -> Graph:
    return build_graph(shows_schema=True)


async def ask(post: Post, query: str, caller: Caller = SUPPORT, **variables: Any) -> Any:
    context: Any = Context(caller=caller, database=post.database, callers=None, room=None)
    answer = await graph().execute(query, variables, context_value=context)
    return [each.extensions["code"] for each in answer.errors or ()] or answer.data


async def list_mails(post: Post, **variables: Any) -> list[dict[str, Any]]:
    answer = await ask(post, MAILS, **variables)
    return [edge["node"] for edge in answer["mails"]["edges"]]


async def test_support_sees_what_became_of_each_mail_and_not_what_it_said(post):
    bounced = await post.add(Message.PORT_COMPLETED, is_partial=False)
    post.server.answers_to_recipient.append("550 5.1.1 no such user")
    await post.send()

    (shown,) = await list_mails(post)

    assert shown == {
        "id": bounced,
        "account": {"id": "acc_a"},
        "memberId": "mem_a",
        "name": "Ada",
        "address": "ada@customer.example",
        "locale": "en",
        "subject": "“Spring move” is complete",
        "messages": ["port_completed"],
        "state": "BOUNCED",
        "code": "550",
        "reason": "turned_away",
        "attempts": 1,
        "sentAt": None,
        "canBeResent": True,
    }


async def test_mails_are_filtered_by_state_account_and_member_and_paged(post):
    sent = await post.add(Message.PORT_COMPLETED)
    await post.send()
    queued = {await post.add(Message.PORT_COMPLETED, to="mem_b") for _ in range(3)}

    by_state = await list_mails(post, filter={"states": ["SENT", "BOUNCED"]})
    by_member = await list_mails(post, filter={"memberId": "mem_b"})
    of_nobody = await list_mails(post, filter={"accountId": "acc_other"})
    first = (await ask(post, MAILS, first=2))["mails"]
    rest = await list_mails(post, after=first["pageInfo"]["endCursor"])

    assert [mail["id"] for mail in by_state] == [sent]
    assert {mail["id"] for mail in by_member} == queued
    assert of_nobody == []
    assert first["totalCount"] == 4
    seen = [edge["node"]["id"] for edge in first["edges"]] + [mail["id"] for mail in rest]
    assert sorted(seen, reverse=True) == seen
    assert set(seen) == {sent, *queued}


async def test_a_digest_is_named_by_what_it_counts(post):
    await post.add(Message.PORT_COMPLETED, Message.PORT_APPROVED)

    (shown,) = await list_mails(post)

    assert shown["subject"] == "2 updates about your numbers"
    assert shown["messages"] == ["port_completed", "port_approved"]


async def test_a_mail_whose_text_lacks_something_is_listed_all_the_same(post):
    await post.add(Message.PORT_APPROVED, firm_date=None)

    (shown,) = await list_mails(post)

    assert shown["subject"] == "port_approved"


@pytest.mark.parametrize("caller", [member(role) for role in Role])
async def test_nobody_of_an_account_sees_or_resends_mails(post, caller):
    mail_id = await post.add(Message.PORT_COMPLETED)

    for query, variables in ((MAILS, {}), (RESEND, {"input": {"mailId": mail_id}})):
        assert await ask(post, query, caller, **variables) == ["FORBIDDEN"]


async def test_row_security_alone_hides_mails_from_members(post):
    await post.add(Message.PORT_COMPLETED)

    async with post.database.reading(member()) as connection:
        with pytest.raises(Exception, match="permission denied"):
            await connection.fetch("SELECT * FROM mails")


async def test_a_mail_that_bounced_is_sent_again_as_another_mail(post):
    mail_id = await post.add(Message.PORT_COMPLETED)
    post.server.answers_to_recipient.append("550 5.1.1 no such user")
    await post.send()

    answer = await ask(post, RESEND, input={"mailId": mail_id, "idempotencyKey": "k1"})
    again = await ask(post, RESEND, input={"mailId": mail_id, "idempotencyKey": "k1"})
    await post.worker.send_one()

    assert answer["resendMail"] == {
        "mail": {"id": mail_id, "state": "QUEUED", "attempts": 0},
        "userErrors": [],
    }
    assert again["resendMail"]["userErrors"] == []
    post.clock.pass_by(days=3650)
    await post.send()
    (message,) = post.server.taken
    assert message["Message-ID"] == f"<{mail_id}.2@portline.example>"
    assert await post.send() is None


async def test_sending_again_gives_a_suppressed_address_another_chance(post):
    for _ in range(3):
        last = await post.add(Message.PORT_COMPLETED)
        post.server.answers_to_recipient.append("550 5.1.1 no such user")
        await post.send()

    await ask(post, RESEND, input={"mailId": last})
    post.clock.pass_by(days=3650)
    await post.send()

    assert await post.state_of(last) == "sent"


async def test_a_mail_under_way_or_unknown_is_not_sent_again(post):
    mail_id = await post.add(Message.PORT_COMPLETED)

    under_way = await ask(post, RESEND, input={"mailId": mail_id})
    unknown = await ask(post, RESEND, input={"mailId": "mail_unknown"})

    assert under_way["resendMail"] == {
        "mail": None,
        "userErrors": [{"code": "INVALID_STATE", "path": ["input"], "status": "QUEUED"}],
    }
    assert unknown["resendMail"]["userErrors"] == [
        {"code": "NOT_FOUND", "path": ["input", "mailId"]}
    ]
