"""Support cases in the graph."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from libs.common.caller import Support
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
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain import support_cases
from services.porting.domain.actions import case_actions_for
from services.porting.domain.support_cases import CaseState
from services.porting.schema.actions import SupportCaseAction
from services.porting.schema.context import PortingInfo
from services.porting.schema.elsewhere import Company
from services.porting.schema.loaders import load_requests
from services.porting.schema.people_loaders import (
    load_cases,
    load_message_pages,
    load_note_pages,
)
from services.porting.store import support_cases as case_store

if TYPE_CHECKING:
    from services.porting.schema.requests import PortRequest

publish_enum(
    CaseState,
    description="Whether a support case goes on.",
    values={
        CaseState.OPEN: "Somebody will answer.",
        CaseState.CLOSED: "It is settled; a new message opens it again.",
    },
)


@strawberry.type(description="One message of a support case.")
class CaseMessage:
    id: strawberry.ID = strawberry.field(description="`msg_…`.")
    author_name: str = strawberry.field(description="Who wrote it; `Support` is our desk.")
    is_from_support: bool = strawberry.field(description="Whether our desk wrote it.")
    written_at: datetime = strawberry.field(description="When.")
    body: str = strawberry.field(description="The text, to be shown as text only.")
    requests_cancellation: bool = strawberry.field(
        description="Whether it asks to cancel the port request."
    )

    @classmethod
    def of(cls, message: support_cases.CaseMessage) -> Self:
        return cls(
            id=strawberry.ID(message.id),
            author_name=message.author_name,
            is_from_support=message.written_by_support,
            written_at=message.written_at,
            body=message.body,
            requests_cancellation=message.requests_cancellation,
        )


@strawberry.type(description="What the desk wrote to itself; customers never see it.")
class CaseNote:
    id: strawberry.ID = strawberry.field(description="`note_…`.")
    written_by: str = strawberry.field(description="The agent's login.")
    written_at: datetime = strawberry.field(description="When.")
    body: str = strawberry.field(description="The text, to be shown as text only.")

    @classmethod
    def of(cls, note: support_cases.CaseNote) -> Self:
        return cls(
            id=strawberry.ID(note.id),
            written_by=note.written_by,
            written_at=note.written_at,
            body=note.body,
        )


@strawberry.federation.type(
    keys=["id"], description="What a customer and our desk say to each other."
)
class SupportCase:
    case: strawberry.Private[support_cases.SupportCase]
    id: strawberry.ID = strawberry.field(description="`case_…`.")
    reference: str = strawberry.field(
        description="To be named on the phone: `PL-2026-000123`."
    )
    subject: str = strawberry.field(description="What it is about.")
    numbers: list[PhoneNumber] = strawberry.field(
        description="The numbers it is about, where no request has them, as far as you see them."
    )
    state: CaseState = strawberry.field(description="Whether it goes on.")
    state_since: datetime = strawberry.field(description="Since when.")
    opened_at: datetime = strawberry.field(description="When it was opened.")
    made_with_request: bool = strawberry.field(
        description="It is the request's own case; others only name a request."
    )
    version: int = strawberry.field(description="Counts its events.")
    company: Company | None = strawberry.field(description="The company it is about.")

    @strawberry.field(description="The port request it is about.")
    async def port_request(
        self, info: PortingInfo
    ) -> Annotated["PortRequest", strawberry.lazy("services.porting.schema.requests")] | None:
        # The two types name each other; this one is read first.
        from services.porting.schema.requests import PortRequest  # noqa: PLC0415

        if self.case.port_request_id is None:
            return None
        request = await info.context.loader(load_requests).load(self.case.port_request_id)
        return PortRequest.of(request) if request else None

    @strawberry.field(description="What you can do with it now.")
    def available_actions(self, info: PortingInfo) -> list[SupportCaseAction]:
        return list(case_actions_for(info.context.caller, self.case.state))

    @strawberry.field(description="What was said, in order.")
    async def messages(
        self,
        info: PortingInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[CaseMessage]:
        page = page_of(case_store.MESSAGES, first=first, after=after, last=last, before=before)
        found = await info.context.loader(load_message_pages).load((self.id, page))
        return connection_of(found.map(CaseMessage.of))

    @strawberry.field(description="The desk's notes, in order; null for everybody else.")
    async def internal_notes(
        self,
        info: PortingInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[CaseNote] | None:
        if not isinstance(info.context.caller, Support):
            return None
        page = page_of(case_store.NOTES, first=first, after=after, last=last, before=before)
        found = await info.context.loader(load_note_pages).load((self.id, page))
        return connection_of(found.map(CaseNote.of))

    @classmethod
    def of(cls, case: support_cases.SupportCase) -> Self:
        return cls(
            case=case,
            id=strawberry.ID(case.id),
            reference=case.reference,
            subject=case.subject,
            numbers=list(case.numbers),
            state=case.state,
            state_since=case.state_since,
            opened_at=case.opened_at,
            made_with_request=case.made_with_request,
            version=case.version,
            company=Company(id=strawberry.ID(case.company_id)) if case.company_id else None,
        )

    @classmethod
    async def resolve_reference(cls, info: PortingInfo, id: strawberry.ID) -> Self | None:
        case = await info.context.loader(load_cases).load(id)
        return cls.of(case) if case else None
