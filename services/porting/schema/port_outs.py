"""Port-outs in the graph."""

from datetime import date, datetime
from typing import Self

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
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain import port_outs
from services.porting.domain.actions import PortOutAction, port_out_actions_for
from services.porting.domain.estimates import estimate_port_out
from services.porting.domain.losing_carriers import USUAL_ZONE
from services.porting.domain.port_out_warnings import PortOutWarning
from services.porting.domain.port_outs import PortOutStatus
from services.porting.schema.context import PortingInfo
from services.porting.schema.elsewhere import TrackingNumber
from services.porting.schema.estimates import Estimate
from services.porting.schema.loaders import load_number_pages, load_port_outs
from services.porting.schema.port_out_warnings import warnings_of_port_out
from services.porting.schema.requests import Account
from services.porting.store import port_outs as port_out_store

publish_enum(
    PortOutStatus,
    description="Where a port-out stands.",
    values={
        PortOutStatus.RECEIVED: "An administrator can answer; silence authorizes.",
        PortOutStatus.AUTHORIZED: "The numbers may leave.",
        PortOutStatus.SCHEDULED: "The day is known.",
        PortOutStatus.PORTED_OUT: "The numbers are with the gaining carrier.",
        PortOutStatus.CONFIRMED: "The customer confirmed every number.",
        PortOutStatus.REJECTION_REVIEW: "We check the reason against it.",
        PortOutStatus.REJECTED: "It was refused for a lawful reason.",
        PortOutStatus.CANCELLED: "The gaining carrier withdrew it.",
        PortOutStatus.DISPUTED: "The customer did not want it.",
        PortOutStatus.RETURNED: "The numbers came back.",
    },
)
publish_enum(
    PortOutAction,
    description="What you can do with a port-out now.",
    values={
        PortOutAction.AUTHORIZE: "Authorize it.",
        PortOutAction.SCHEDULE: "Record the day of the port.",
        PortOutAction.RECORD_PORTED_OUT: "Record that the numbers have left.",
        PortOutAction.CONFIRM: "Work through the checklist of each number.",
    },
)


@strawberry.type(description="One number of a port-out, and the customer's checklist for it.")
class PortOutNumber:
    phone_number: PhoneNumber = strawberry.field(description="In E.164.")
    tracking_number: TrackingNumber | None = strawberry.field(
        description="The number in inventory."
    )
    gaining_carrier_confirmed_at: datetime | None = strawberry.field(
        description="When the customer heard from the gaining carrier that it works there."
    )
    test_called_at: datetime | None = strawberry.field(
        description="When the recorded test call from an unrelated number was made."
    )
    disabled_at: datetime | None = strawberry.field(
        description="When the customer disabled it here, which ends its charges."
    )
    confirmed_at: datetime | None = strawberry.field(description="When all three were done.")

    @classmethod
    def of(cls, number: port_outs.PortOutNumber) -> Self:
        return cls(
            phone_number=number.tracking_number,
            tracking_number=TrackingNumber(id=strawberry.ID(number.number_id)),
            gaining_carrier_confirmed_at=number.gaining_carrier_confirmed_at,
            test_called_at=number.test_called_at,
            disabled_at=number.disabled_at,
            confirmed_at=number.confirmed_at,
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
    ported_out_at: datetime | None = strawberry.field(description="When the numbers left.")
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
        return list(port_out_actions_for(info.context.caller, self.port_out.status))

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
            port_out_store.NUMBERS, first=first, after=after, last=last, before=before
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
