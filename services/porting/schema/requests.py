"""Port requests in the graph."""

from datetime import date, datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from libs.common.caller import Member, Support
from libs.common.graphql.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    connection_of,
    page_of,
)
from libs.contracts.graph import UserError, user_errors
from libs.contracts.refusals import Refused
from services.porting.domain.actions import actions_with
from services.porting.domain.documents import PROOFS, DocumentKind
from services.porting.domain.requests import PortRequest as Request
from services.porting.schema.actions import PortRequestAction
from services.porting.schema.carrier_orders import CarrierOrder
from services.porting.schema.context import PortingInfo
from services.porting.schema.countries import Country
from services.porting.schema.desk import Desk
from services.porting.schema.documents import Document, DocumentHints
from services.porting.schema.elsewhere import Company
from services.porting.schema.estimates import Estimate
from services.porting.schema.faults import Fault
from services.porting.schema.history import HistoryEntry
from services.porting.schema.letters import Letter
from services.porting.schema.lines import LINES_CSV_URL, Line
from services.porting.schema.loaders import (
    load_carrier_orders,
    load_document_pages,
    load_estimate_grounds,
    load_faults_of_requests,
    load_history_counts,
    load_history_pages,
    load_letters,
    load_line_counts,
    load_line_pages,
    load_newest_documents,
    load_request_counts,
    load_request_pages,
    load_requests,
)
from services.porting.schema.people_loaders import (
    load_cases_of_requests,
    load_countries,
    load_line_states,
    load_line_states_seen,
    load_missing,
)
from services.porting.schema.port_out_shields import ShieldedAccount
from services.porting.schema.port_warnings import RequestWarning, warnings_of
from services.porting.schema.statuses import PortRequestStatus
from services.porting.schema.support_cases import SupportCase
from services.porting.schema.turns import Turn
from services.porting.store import documents as document_store
from services.porting.store import history as history_store
from services.porting.store import lines as line_store
from services.porting.store import requests as request_store

Kinds: TypeAlias = Annotated[
    list[DocumentKind] | None, strawberry.argument(description="Only of these kinds.")
]


@strawberry.federation.type(
    keys=["id"], description="What a customer names, fills in and submits to port numbers in."
)
class PortRequest:
    request: strawberry.Private[Request]
    id: strawberry.ID = strawberry.field(description="`pr_…`.")
    name: str = strawberry.field(description="The name that the customer gave it.")
    status: PortRequestStatus = strawberry.field(description="Where it stands.")
    version: int = strawberry.field(description="Counts its events.")
    created_at: datetime = strawberry.field(description="When it was created.")
    submitted_at: datetime | None = strawberry.field(description="When it was submitted.")
    completed_at: datetime | None = strawberry.field(description="When it was finished.")
    requester_name: str = strawberry.field(description="Who made it.")
    requester_id: strawberry.ID = strawberry.field(description="The member, `mem_…`.")
    decline_reason: str | None = strawberry.field(
        description="Why an administrator declined it, where one did."
    )
    warnings: list[RequestWarning] = strawberry.field(
        description="What everybody is told before they port, and who acknowledged it."
    )
    account: "Account | None" = strawberry.field(description="The account.")
    company: Company | None = strawberry.field(description="The company it is made for.")
    waiting_on: Turn = strawberry.field(description="Whose turn it is.")
    requested_firm_date: date | None = strawberry.field(
        description="The day that the losing carriers are asked for, where one was wished."
    )

    @strawberry.field(description="What you can do with it now.")
    async def available_actions(self, info: PortingInfo) -> list[PortRequestAction]:
        caller = info.context.caller
        letter = await info.context.loader(load_letters).load(self.id)
        if isinstance(caller, Member) and (self.request.is_draft or self.request.is_final):
            return list(actions_with(caller, self.request, letter))
        present = await info.context.loader(load_line_states).load(self.id)
        seen = await info.context.loader(load_line_states_seen).load(self.id)
        return list(actions_with(caller, self.request, letter, present, seen))

    @strawberry.field(
        description="What it still lacks or has wrong: what `submitPortRequest` would answer. "
        "Empty once it is submitted."
    )
    async def missing(self, info: PortingInfo) -> list[UserError]:
        found = await info.context.loader(load_missing).load(self.request)
        return user_errors(Refused(found)) if found else []

    @strawberry.field(
        description="The country of its numbers; of several, US. Null while there are none."
    )
    async def country(self, info: PortingInfo) -> Country | None:
        if self.request.country is not None:
            return self.request.country
        return await info.context.loader(load_countries).load(self.id)

    @strawberry.field(description="The support case that was made with it.")
    async def support_case(self, info: PortingInfo) -> SupportCase | None:
        case = await info.context.loader(load_cases_of_requests).load(self.id)
        return SupportCase.of(case) if case else None

    lines_csv_url: str = LINES_CSV_URL

    @strawberry.field(description="Its numbers, in the order of the number list.")
    async def lines(
        self,
        info: PortingInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Line]:
        page = page_of(line_store.LINES, first=first, after=after, last=last, before=before)
        found = await info.context.loader(load_line_pages).load((self.id, page))

        async def count() -> int:
            return await info.context.loader(load_line_counts).load(self.id)

        return connection_of(found.map(Line.of), count)

    @strawberry.field(
        description="When it will probably be done; null for drafts, finished requests, and while"
        " a needed document is missing."
    )
    async def estimate(self, info: PortingInfo) -> Estimate | None:
        ground = await info.context.loader(load_estimate_grounds).load(self.id)
        return Estimate.on(ground)

    @strawberry.field(description="Its numbers as they go to the losing carriers.")
    async def carrier_orders(self, info: PortingInfo) -> list[CarrierOrder]:
        orders = await info.context.loader(load_carrier_orders).load(self.id)
        return [CarrierOrder.of(order) for order in orders]

    @strawberry.field(description="What only the port desk sees; null for others.")
    def desk(self, info: PortingInfo) -> Desk | None:
        return Desk.of(self.request, info.context.caller)

    @strawberry.field(description="The letter that stands, if it has been filled in.")
    async def letter(self, info: PortingInfo) -> Letter | None:
        letter = await info.context.loader(load_letters).load(self.id)
        return Letter.of(letter) if letter else None

    @strawberry.field(description="Its documents, the newest first.")
    async def documents(
        self,
        info: PortingInfo,
        kinds: Kinds = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Document]:
        page = page_of(
            document_store.DOCUMENTS, first=first, after=after, last=last, before=before
        )
        wanted = None if kinds is None else frozenset(kinds)
        found = await info.context.loader(load_document_pages).load((self.id, wanted, page))
        return connection_of(found.map(Document.of))

    @strawberry.field(
        description="The newest proof of ownership: an invoice, as a rule; older ones stay in "
        "`documents`."
    )
    async def latest_proof(self, info: PortingInfo) -> Document | None:
        return await _newest(info, self.id, PROOFS)

    @strawberry.field(description="The file that its numbers were imported from last.")
    async def number_list(self, info: PortingInfo) -> Document | None:
        return await _newest(info, self.id, frozenset({DocumentKind.NUMBER_LIST}))

    @strawberry.field(
        description="Will it be rejected? What of numbers and letter the latest proof's text "
        "shows; absent without a proof. A hint, never a condition."
    )
    async def preflight(self, info: PortingInfo) -> DocumentHints | None:
        proof = await _newest(info, self.id, PROOFS)
        return await proof.hints(info) if proof else None

    @strawberry.field(description="What is wrong with it as a whole, closed faults included.")
    async def faults(self, info: PortingInfo) -> list[Fault]:
        found = await info.context.loader(load_faults_of_requests).load(self.id)
        return [Fault.of(fault) for fault in found]

    @strawberry.field(description="What happened to it, the oldest first.")
    async def history(
        self,
        info: PortingInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[HistoryEntry]:
        page = page_of(
            history_store.HISTORY, first=first, after=after, last=last, before=before
        )
        found = await info.context.loader(load_history_pages).load((self.id, page))

        async def count() -> int:
            return await info.context.loader(load_history_counts).load(self.id)

        caller = info.context.caller
        return connection_of(found.map(lambda entry: HistoryEntry.of(entry, caller)), count)

    @classmethod
    def of(cls, request: Request) -> Self:
        waiting_on, remedy = request.turn
        return cls(
            request=request,
            id=strawberry.ID(request.id),
            name=request.name,
            status=request.status,
            version=request.version,
            created_at=request.created_at,
            submitted_at=request.submitted_at,
            completed_at=request.completed_at,
            requester_name=request.requester_name,
            requester_id=strawberry.ID(request.requester_id),
            decline_reason=request.decline_reason,
            warnings=warnings_of(request),
            account=Account(id=strawberry.ID(request.account_id)),
            company=Company(id=strawberry.ID(request.company_id)),
            requested_firm_date=request.requested_firm_date,
            waiting_on=Turn(waiting_on=waiting_on, since=request.status_since, remedy=remedy),
        )

    @classmethod
    async def resolve_reference(cls, info: PortingInfo, id: strawberry.ID) -> Self | None:
        request = await info.context.loader(load_requests).load(id)
        return cls.of(request) if request else None


async def _newest(
    info: PortingInfo, request_id: str, kinds: frozenset[DocumentKind]
) -> Document | None:
    found = await info.context.loader(load_newest_documents).load((request_id, kinds))
    return Document.of(found) if found else None


@strawberry.federation.type(keys=["id"], description="A customer's account.")
class Account(ShieldedAccount):
    id: strawberry.ID = strawberry.field(description="`acc_…`.")

    @strawberry.field(
        description="The account's port requests that you may see, newest first."
    )
    async def port_requests(
        self,
        info: PortingInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PortRequest]:
        page = page_of(
            request_store.REQUESTS_OF_ACCOUNTS,
            first=first,
            after=after,
            last=last,
            before=before,
        )
        found = await info.context.loader(load_request_pages).load((self.id, page))

        async def count() -> int:
            return await info.context.loader(load_request_counts).load(self.id)

        return connection_of(found.map(PortRequest.of), count)

    @classmethod
    def resolve_reference(cls, info: PortingInfo, id: strawberry.ID) -> Self | None:
        caller = info.context.caller
        is_theirs = isinstance(caller, Member) and caller.account_id == id
        return cls(id=id) if is_theirs or isinstance(caller, Support) else None
