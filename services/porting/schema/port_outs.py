"""Port-outs in the graph."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final, Self

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
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain import port_outs
from services.porting.domain.estimates import estimate_port_out
from services.porting.domain.history import shown_actor
from services.porting.domain.losing_carriers import USUAL_ZONE
from services.porting.domain.port_out_actions import port_out_actions_for
from services.porting.domain.port_out_reasons import PORT_OUT_REASONS
from services.porting.domain.port_out_warnings import PortOutWarning
from services.porting.schema.context import PortingInfo
from services.porting.schema.elsewhere import TrackingNumber
from services.porting.schema.estimates import Estimate
from services.porting.schema.history import PortOutHistoryEntry, sees_every_company
from services.porting.schema.loaders import (
    load_number_pages,
    load_port_out_history_pages,
    load_port_outs,
)
from services.porting.schema.port_out_statuses import (
    PortOutAction,
    PortOutStatus,
    PortOutTurn,
)
from services.porting.schema.port_out_warnings import warnings_of_port_out
from services.porting.schema.requests import Account
from services.porting.store import port_out_history as history_store
from services.porting.store import port_out_numbers as number_store

_REMEDIES: Final[Mapping[PortOutStatus, str]] = {
    PortOutStatus.RECEIVED: "Authorize it, or refuse it for a lawful reason; silence authorizes.",
    PortOutStatus.REJECTION_REVIEW: "We look whether the reason holds; silence authorizes.",
    PortOutStatus.AUTHORIZED: "The gaining carrier names the day of the port.",
    PortOutStatus.SCHEDULED: "The gaining carrier takes the numbers on that day.",
    PortOutStatus.PORTED_OUT: "Work through the checklist of each number, and disable it here.",
    PortOutStatus.DISPUTED: "We ask the gaining carrier to give the numbers back.",
}


@strawberry.type(description="One number of a port-out, and the customer's checklist for it.")
class PortOutNumber:
    phone_number: PhoneNumber = strawberry.field(description="In E.164.")
    tracking_number: TrackingNumber | None = strawberry.field(
        description="The number in inventory."
    )
    gaining_carrier_confirmed_at: datetime | None = strawberry.field(
        description="When the customer heard from the gaining carrier that it works there."
    )
    gaining_carrier_confirmed_by: str | None = strawberry.field(
        description="Who recorded it: a member's id, or support."
    )
    test_called_at: datetime | None = strawberry.field(
        description="When the recorded test call from an unrelated number was made."
    )
    test_call_from: PhoneNumber | None = strawberry.field(
        description="The number that called."
    )
    test_call_recorded_by: str | None = strawberry.field(
        description="Who recorded it: a member's id, or support."
    )
    disabled_at: datetime | None = strawberry.field(
        description="When the customer disabled it here, which ends its charges."
    )
    disabled_by: str | None = strawberry.field(
        description="Who did: a member's id, or support."
    )
    ported_out_at: datetime | None = strawberry.field(description="When it left.")
    stays_since: datetime | None = strawberry.field(
        description="Since when it is certain that it stays: refused, withdrawn or returned."
    )
    confirmed_at: datetime | None = strawberry.field(description="When all three were done.")

    @classmethod
    def of(cls, number: port_outs.PortOutNumber) -> Self:
        return cls(
            phone_number=number.tracking_number,
            tracking_number=TrackingNumber(id=strawberry.ID(number.number_id)),
            gaining_carrier_confirmed_at=number.gaining_carrier_confirmed_at,
            gaining_carrier_confirmed_by=_who(number.gaining_carrier_confirmed_by),
            test_called_at=number.test_called_at,
            test_call_from=number.test_call_from,
            test_call_recorded_by=_who(number.test_call_recorded_by),
            disabled_at=number.disabled_at,
            disabled_by=_who(number.disabled_by),
            ported_out_at=number.ported_out_at,
            stays_since=number.stays_since,
            confirmed_at=number.confirmed_at,
        )


@strawberry.type(description="Whose turn it is, since when, and what un-sticks the port-out.")
class PortOutWaiting:
    waiting_on: PortOutTurn = strawberry.field(description="Whose turn it is.")
    since: datetime = strawberry.field(description="Since when.")
    remedy: str | None = strawberry.field(
        description="What un-sticks it, as a sentence; null once it is over."
    )


@strawberry.type(description="Why a port-out was refused, or is to be.")
class PortOutRejection:
    code: str = strawberry.field(description="See `portOutReasons`.")
    sentence: str = strawberry.field(description="What it means, in plain words.")
    note: str | None = strawberry.field(description="What was said beside it.")
    review_by: datetime | None = strawberry.field(
        description="When support should have looked; null where nobody had to."
    )


@strawberry.federation.type(keys=["id"], description="A gaining carrier takes numbers away.")
class PortOut:
    port_out: strawberry.Private[port_outs.PortOut]
    id: strawberry.ID = strawberry.field(description="`po_…`.")
    status: PortOutStatus = strawberry.field(description="Where it stands.")
    version: int = strawberry.field(description="Counts its events.")
    gaining_carrier: str = strawberry.field(description="Where the numbers go.")
    reference: str = strawberry.field(description="The gaining carrier's own reference.")
    received_at: datetime = strawberry.field(description="When it was received.")
    answer_by: datetime = strawberry.field(
        description="After this, silence has authorized it."
    )
    firm_date: date | None = strawberry.field(
        description="The day of the port, in the gaining carrier's zone."
    )
    ported_out_at: datetime | None = strawberry.field(
        description="When the numbers left, the latest of them."
    )
    waiting_on: PortOutWaiting = strawberry.field(description="Whose turn it is.")
    rejection: PortOutRejection | None = strawberry.field(
        description="Why it was refused, or an administrator wanted to."
    )
    disputed_at: datetime | None = strawberry.field(
        description="When an administrator said that nobody of theirs wanted it."
    )
    dispute_statement: str | None = strawberry.field(description="What they said.")
    supplements: strawberry.ID | None = strawberry.field(
        description="The refused port-out of which the carrier has put the data right."
    )
    account: Account | None = strawberry.field(description="The account that they leave.")
    estimate: Estimate | None = strawberry.field(
        description="When the numbers will probably leave; null once they have, or never will."
    )
    warnings: list[PortOutWarning] = strawberry.field(
        resolver=warnings_of_port_out,
        description="What is odd about it, for administrators and support; none is a refusal.",
    )

    @strawberry.field(description="What you can do with it now.")
    def available_actions(self, info: PortingInfo) -> list[PortOutAction]:
        actions = port_out_actions_for(info.context.caller, self.port_out, datetime.now(UTC))
        return list(actions)

    @strawberry.field(
        description="How many numbers are still to leave; null where you see not all of them."
    )
    def leaving_count(self, info: PortingInfo) -> int | None:
        sees_all = sees_every_company(info.context.caller)
        return self.port_out.leaving_count if sees_all else None

    @strawberry.field(description="Everything that happened to it, oldest first.")
    async def history(
        self,
        info: PortingInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PortOutHistoryEntry]:
        page = page_of(
            history_store.HISTORY, first=first, after=after, last=last, before=before
        )
        found = await info.context.loader(load_port_out_history_pages).load((self.id, page))
        caller = info.context.caller
        return connection_of(found.map(lambda entry: PortOutHistoryEntry.of(entry, caller)))

    @strawberry.field(description="The numbers that leave and that you may see.")
    async def numbers(
        self,
        info: PortingInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PortOutNumber]:
        page = page_of(
            number_store.NUMBERS, first=first, after=after, last=last, before=before
        )
        found = await info.context.loader(load_number_pages).load((self.id, page))
        return connection_of(found.map(PortOutNumber.of))

    @classmethod
    def of(cls, port_out: port_outs.PortOut) -> Self:
        return cls(
            port_out=port_out,
            id=strawberry.ID(port_out.id),
            status=port_out.status,
            version=port_out.version,
            gaining_carrier=port_out.gaining_carrier,
            reference=port_out.reference,
            received_at=port_out.received_at,
            answer_by=port_out.answer_by,
            firm_date=port_out.firm_date,
            ported_out_at=port_out.ported_out_at,
            waiting_on=PortOutWaiting(
                waiting_on=port_out.turn,
                since=port_out.status_since,
                remedy=_REMEDIES.get(port_out.status),
            ),
            rejection=_rejection_of(port_out),
            disputed_at=port_out.disputed_at,
            dispute_statement=port_out.dispute_statement,
            supplements=strawberry.ID(port_out.supplements) if port_out.supplements else None,
            account=Account(id=strawberry.ID(port_out.account_id)),
            estimate=Estimate.of(
                estimate_port_out(port_out.received_at, port_out.firm_date, USUAL_ZONE)
            )
            if port_out.is_coming
            else None,
        )

    @classmethod
    async def resolve_reference(cls, info: PortingInfo, id: strawberry.ID) -> Self | None:
        port_out = await info.context.loader(load_port_outs).load(id)
        return cls.of(port_out) if port_out else None


def _rejection_of(port_out: port_outs.PortOut) -> PortOutRejection | None:
    if port_out.rejection_code is None:
        return None
    return PortOutRejection(
        code=port_out.rejection_code,
        sentence=PORT_OUT_REASONS[port_out.rejection_code].sentence,
        note=port_out.rejection_note,
        review_by=port_out.review_by,
    )


def _who(recorder: str | None) -> str | None:
    return recorder and shown_actor(recorder)
