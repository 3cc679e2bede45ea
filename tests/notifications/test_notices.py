"""Notices: each is there once, as it was first said."""

from dataclasses import replace
from datetime import timedelta

from libs.common.database import Database
from services.notifications.domain.messages import Message
from services.notifications.domain.notices import Notice
from services.notifications.store.notices import add_notices
from tests.notifications.facts import START

SUBMITTED = Notice(
    message=Message.PORT_SUBMITTED,
    key="pr_1:1",
    account_id="acc_a",
    company_ids=("co_a",),
    requester_id="mem_a",
    subject="pr_1",
    occurred_at=START,
    due_at=START,
    content={"name": "Spring move"},
)


async def test_a_notice_that_is_added_again_stays_one(database: Database) -> None:
    again = replace(SUBMITTED, due_at=START + timedelta(days=1))
    other = replace(SUBMITTED, message=Message.REVIEW_STARTED, company_ids=())
    async with database.working() as connection:
        await add_notices(connection, [SUBMITTED])
        await add_notices(connection, [again, other])

        rows = await connection.fetch(
            "SELECT message, company_ids, due_at, content FROM notices ORDER BY notice_id"
        )

    assert [tuple(row) for row in rows] == [
        ("port_submitted", ["co_a"], START, '{"name": "Spring move"}'),
        ("review_started", [], START, '{"name": "Spring move"}'),
    ]
