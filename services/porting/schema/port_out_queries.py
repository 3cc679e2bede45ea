"""What can be asked about port-outs."""

from typing import Annotated, Self, TypeAlias

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
from libs.common.sight import sight_of
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain import port_out_reasons
from services.porting.domain.port_out_reasons import PORT_OUT_REASONS
from services.porting.schema.context import PortingInfo
from services.porting.schema.loaders import load_port_outs
from services.porting.schema.port_out_statuses import PortOutStatus
from services.porting.schema.port_outs import PortOut
from services.porting.store import port_outs as port_out_store
from services.porting.store.port_outs import PortOutFilters

PortOutId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="`po_…`.")]


@strawberry.input(description="Which port-outs are wanted; all that is said holds.")
class PortOutFilter:
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of one account; support only sees several."
    )
    statuses: list[PortOutStatus] | None = strawberry.field(
        default=None, description="In one of these statuses."
    )
    tracking_number: PhoneNumber | None = strawberry.field(
        default=None, description="With this number among those that you see."
    )
    gaining_carrier: str | None = strawberry.field(
        default=None, description="To this carrier, as it names itself."
    )
    reference: str | None = strawberry.field(
        default=None, description="With this reference of the gaining carrier."
    )


@strawberry.type(description="A lawful reason for refusing a port-out.")
class PortOutReason:
    code: str = strawberry.field(description="What carriers call it.")
    name: str = strawberry.field(description="Its name.")
    sentence: str = strawberry.field(description="What it means, in plain words.")
    remedy: str = strawberry.field(description="What the gaining carrier can do.")
    is_correctable: bool = strawberry.field(
        description="Whether the gaining carrier may report again with better data."
    )
    needs_note: bool = strawberry.field(description="Whether it has to be explained.")

    @classmethod
    def of(cls, reason: port_out_reasons.PortOutReason) -> Self:
        return cls(
            code=reason.code,
            name=reason.name,
            sentence=reason.sentence,
            remedy=reason.remedy,
            is_correctable=reason.is_correctable,
            needs_note=reason.needs_note,
        )


@strawberry.type
class PortOutQuery:
    @strawberry.field(description="One port-out; null where unknown or not yours.")
    async def port_out(self, info: PortingInfo, id: PortOutId) -> PortOut | None:
        port_out = await info.context.loader(load_port_outs).load(id)
        return PortOut.of(port_out) if port_out else None

    @strawberry.field(description="The port-outs that you may see, newest first.")
    async def port_outs(
        self,
        info: PortingInfo,
        filter: Annotated[
            PortOutFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PortOut] | None:
        page = page_of(
            port_out_store.PORT_OUTS, first=first, after=after, last=last, before=before
        )
        filters = _filters(info, filter or PortOutFilter())
        async with info.context.database.reading(info.context.caller) as connection:
            found = await port_out_store.find_port_out_page(connection, filters, page)

        async def count() -> int:
            async with info.context.database.reading(info.context.caller) as connection:
                return await port_out_store.count_port_outs(connection, filters)

        return connection_of(found.map(PortOut.of), count)

    @strawberry.field(
        description="Why a port-out may be refused: a closed list, in which unpaid bills are not;"
        " null where you may not ask."
    )
    def port_out_reasons(self) -> list[PortOutReason] | None:
        return [PortOutReason.of(reason) for reason in PORT_OUT_REASONS.values()]


def _filters(info: PortingInfo, wanted: PortOutFilter) -> PortOutFilters:
    sight = sight_of(info.context.caller)
    assert sight is not None
    account_id = sight.account_id
    if wanted.account_id is not None and sight.has_account(wanted.account_id):
        account_id = wanted.account_id
    elif wanted.account_id is not None:
        account_id = ""
    return PortOutFilters(
        account_id=account_id,
        company_ids=sight.company_ids,
        statuses=[status.value for status in wanted.statuses]
        if wanted.statuses is not None
        else None,
        tracking_number=wanted.tracking_number,
        gaining_carrier=_plain(wanted.gaining_carrier),
        reference=_plain(wanted.reference),
    )


def _plain(text: str | None) -> str | None:
    return None if text is None else text.replace("\0", "")
