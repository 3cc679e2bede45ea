"""Mails in the graph, for support: what became of them, and sending one again."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from libs.common.graphql.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    connection_of,
    page_of,
)
from libs.common.graphql.enums import publish_enum
from libs.common.graphql.idempotency import remember_id
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import ERRORS, KEY
from libs.contracts.refusals import Refusal, Refused
from services.notifications.domain.mails import RESENDABLE, MailState
from services.notifications.schema.context import RoomInfo
from services.notifications.schema.elsewhere import Account
from services.notifications.store import mail_lists as store
from services.notifications.texts.pages import subject_of
from services.notifications.use_cases.mail_resending import resend_mail

publish_enum(
    MailState,
    description="What became of a mail.",
    values={
        MailState.QUEUED: "It is sent at `dueAt`, for the first time or again.",
        MailState.SENDING: "It is being sent now.",
        MailState.SENT: "The mail server took it.",
        MailState.MAYBE_SENT: "The connection broke at the end: nobody knows whether it arrived. "
        "What the law wants told is tried again first; anything else waits for you.",
        MailState.BOUNCED: "A mail server refuses it for good; `code` says how.",
        MailState.FAILED: "It was tried for three days, or cannot be written; `reason` says which.",
        MailState.SUPPRESSED: "It need not or must not be sent any more; `reason` says why.",
    },
)


@strawberry.type(description="A mail to one recipient. What it said is not kept.")
class Mail:
    id: strawberry.ID = strawberry.field(description="`mail_…`.")
    account: Account | None = strawberry.field(description="Whose matter it is.")
    member_id: strawberry.ID | None = strawberry.field(
        description="The member it goes to; null for a letter's signer and for our desk."
    )
    name: str = strawberry.field(description="Who it goes to.")
    address: str | None = strawberry.field(
        description="Where to; null for a signer, whose address only the letter has."
    )
    locale: str = strawberry.field(description="Its language: `en` or `fr-CA`.")
    subject: str = strawberry.field(description="What it tells, in English.")
    messages: list[str] = strawberry.field(
        description="What it tells, by name, such as `port_approved`; several in a digest."
    )
    state: MailState = strawberry.field(description="What became of it.")
    code: str | None = strawberry.field(
        description="What a mail server said last: a reply's code, such as 550 or 5.1.1."
    )
    reason: str | None = strawberry.field(
        description="Why it is not sent, or not yet; for a person, not for a program."
    )
    attempts: int = strawberry.field(description="How often it was tried.")
    made_at: datetime = strawberry.field(description="When it was written down.")
    due_at: datetime = strawberry.field(description="When it is tried, or was last due.")
    sent_at: datetime | None = strawberry.field(description="When a mail server took it.")
    can_be_resent: bool = strawberry.field(description="Whether `resendMail` takes it.")

    @classmethod
    def of(cls, mail: store.ListedMail) -> Self:
        return cls(
            id=strawberry.ID(mail.id),
            account=Account(id=strawberry.ID(mail.account_id)),
            member_id=strawberry.ID(mail.member_id) if mail.member_id else None,
            name=mail.name,
            address=mail.address,
            locale=mail.locale,
            subject=subject_of(mail.notices, is_digest=mail.is_digest),
            messages=[notice.message for notice in mail.notices],
            state=mail.state,
            code=mail.code,
            reason=mail.reason,
            attempts=mail.attempts,
            made_at=mail.made_at,
            due_at=mail.due_at,
            sent_at=mail.sent_at,
            can_be_resent=mail.state in RESENDABLE,
        )


@strawberry.input(description="Which mails; what is absent does not narrow.")
class MailFilter:
    states: list[MailState] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this account."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="To this member."
    )


@strawberry.input(description="A mail that is sent again.")
class ResendMailInput:
    mail_id: strawberry.ID = strawberry.field(description="The mail's id.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description=KEY,
    )


@strawberry.type(description="What became of sending a mail again.")
class ResendMailPayload:
    mail: Mail | None = strawberry.field(
        description="The mail after it; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type
class MailQuery:
    @strawberry.field(description="Support: mails of every account, the newest first.")
    async def mails(
        self,
        info: RoomInfo,
        filter: Annotated[
            MailFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Mail] | None:
        page = page_of(store.MAILS, first=first, after=after, last=last, before=before)
        given = filter or MailFilter()
        asked = store.MailFilter(
            states=given.states, account_id=given.account_id, member_id=given.member_id
        )
        caller, database = info.context.caller, info.context.database

        async def count() -> int:
            async with database.reading(caller) as connection:
                return await store.count_mails(connection, asked)

        async with database.reading(caller) as connection:
            found = await store.find_mails(connection, asked, page)
        return connection_of(found.map(Mail.of), count=count)


@strawberry.type
class MailMutation:
    @strawberry.mutation(
        description="Support: sends a mail again, in words of today. An address that had "
        "bounced gets another chance."
    )
    async def resend_mail(
        self,
        info: RoomInfo,
        input: Annotated[
            ResendMailInput, strawberry.argument(description="What is to be done.")
        ],
    ) -> ResendMailPayload:
        caller, database = info.context.caller, info.context.database
        try:
            async with database.transaction(caller) as connection:
                mail_id = await remember_id(
                    connection,
                    caller,
                    mutation="resendMail",
                    given=input,
                    act=lambda: resend_mail(connection, input.mail_id),
                )
                found = await store.find_mail(connection, mail_id)
        except (Refusal, Refused) as refused:
            return ResendMailPayload(mail=None, user_errors=user_errors(refused))
        return ResendMailPayload(mail=Mail.of(found) if found else None, user_errors=[])
