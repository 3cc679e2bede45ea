"""Companies and tracking numbers in the graph: each has the other."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from libs.common.caller import Caller, Role, Support
from libs.common.caller import Member as MemberCaller
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
from services.numbers.domain import accounts, tracking_numbers
from services.numbers.domain.number_changes import can_be_changed
from services.numbers.domain.tracking_numbers import (
    NumberAction,
    NumberBadge,
    NumberState,
    NumberTab,
)
from services.numbers.schema.arguments import Tab
from services.numbers.schema.billing_types import NumberBillingPeriod, load_periods
from services.numbers.schema.context import NumbersInfo
from services.numbers.schema.elsewhere import PortRequest
from services.numbers.schema.loaders import (
    load_accounts,
    load_companies,
    load_number_counts,
    load_number_pages,
    load_numbers,
)
from services.numbers.store.tracking_numbers import OF_EACH_COMPANY

if TYPE_CHECKING:
    from services.numbers.schema.accounts import Account


@strawberry.federation.type(keys=["id"], description="A telephone number in inventory.")
class TrackingNumber:
    number: strawberry.Private[tracking_numbers.TrackingNumber]
    id: strawberry.ID = strawberry.field(description="`num_…`.")
    phone_number: PhoneNumber = strawberry.field(description="The number, as E.164.")
    national_format: str = strawberry.field(
        description="The number as it is written at home: `(212) 555-0142`."
    )
    name: str = strawberry.field(description="The name that the customer gave it.")
    source: str = strawberry.field(description="What its calls are counted for.")
    forwarding_number: PhoneNumber = strawberry.field(description="Where it rings.")
    state: NumberState = strawberry.field(description="Where it stands.")
    tab: NumberTab | None = strawberry.field(
        description="The tab that shows it; null where none does any more."
    )
    badge: NumberBadge | None = strawberry.field(description="What is special about it.")
    ported_at: datetime | None = strawberry.field(
        description="The instant of its port, from which it is billed."
    )
    first_called_at: datetime | None = strawberry.field(
        description="When the first call reached it."
    )
    ported_out_at: datetime | None = strawberry.field(description="When it left.")
    called_after_port_out_at: datetime | None = strawberry.field(
        description="When the first call came after it left: whoever calls still reaches us."
    )
    disabled_at: datetime | None = strawberry.field(description="When it was disabled.")
    version: int = strawberry.field(description="Counts its events.")
    port_request: PortRequest | None = strawberry.field(
        description="The port request that brought it."
    )

    @strawberry.field(description="The company that has it.")
    async def company(self, info: NumbersInfo) -> "Company | None":
        company = await info.context.loader(load_companies).load(self.number.company_id)
        return Company.of(company) if company else None

    @strawberry.field(
        description="When it cost its fee, the oldest first: a port costs nothing before the "
        "number is here, and a disabled number nothing any more."
    )
    async def billing_periods(self, info: NumbersInfo) -> list[NumberBillingPeriod]:
        found = await info.context.loader(load_periods).load(self.number)
        return [NumberBillingPeriod.of(period) for period in found]

    @strawberry.field(description="What you can do with it now.")
    def available_actions(self, info: NumbersInfo) -> list[NumberAction]:
        caller = info.context.caller
        may_update = can_be_changed(self.number) and may_change(caller)
        may_end = is_in_charge(caller) and may_change(caller)
        actions = {
            NumberAction.DISABLE: self.number.can_be_disabled and may_end,
            NumberAction.RESTORE: self.number.can_be_restored and may_end,
            NumberAction.UPDATE: may_update,
        }
        return [action for action, is_open in actions.items() if is_open]

    @classmethod
    def of(cls, number: tracking_numbers.TrackingNumber) -> Self:
        request_id = number.port_request_id
        return cls(
            number=number,
            id=strawberry.ID(number.id),
            phone_number=number.phone_number,
            national_format=number.phone_number.national_format,
            name=number.name,
            source=number.source,
            forwarding_number=number.forwarding_number,
            state=number.state,
            tab=number.tab,
            badge=number.badge,
            ported_at=number.ported_at,
            first_called_at=number.first_called_at,
            ported_out_at=number.ported_out_at,
            called_after_port_out_at=number.called_after_port_out_at,
            disabled_at=number.disabled_at,
            version=number.version,
            port_request=PortRequest(id=strawberry.ID(request_id)) if request_id else None,
        )

    @classmethod
    async def resolve_reference(cls, info: NumbersInfo, id: strawberry.ID) -> Self | None:
        number = await info.context.loader(load_numbers).load(id)
        return cls.of(number) if number else None


@strawberry.federation.type(
    keys=["id"], description="A company of an account: what its numbers are sorted by."
)
class Company:
    company: strawberry.Private[accounts.Company]
    id: strawberry.ID = strawberry.field(description="`co_…`.")
    name: str = strawberry.field(description="Its name, unique in the account.")

    @strawberry.field(description="The account that it belongs to.")
    async def account(
        self, info: NumbersInfo
    ) -> Annotated["Account", strawberry.lazy("services.numbers.schema.accounts")] | None:
        # The two types name each other; this one is read first.
        from services.numbers.schema.accounts import Account  # noqa: PLC0415

        account = await info.context.loader(load_accounts).load(self.company.account_id)
        return Account.of(account) if account else None

    @strawberry.field(description="Its numbers, the newest first.")
    async def tracking_numbers(
        self,
        info: NumbersInfo,
        tab: Tab = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[TrackingNumber]:
        page = page_of(OF_EACH_COMPANY, first=first, after=after, last=last, before=before)
        found = await info.context.loader(load_number_pages).load((self.id, tab, page))

        async def count() -> int:
            return await info.context.loader(load_number_counts).load((self.id, tab))

        return connection_of(found.map(TrackingNumber.of), count)

    @classmethod
    def of(cls, company: accounts.Company) -> Self:
        return cls(company=company, id=strawberry.ID(company.id), name=company.name)

    @classmethod
    async def resolve_reference(cls, info: NumbersInfo, id: strawberry.ID) -> Self | None:
        company = await info.context.loader(load_companies).load(id)
        return cls.of(company) if company else None


def is_in_charge(caller: Caller) -> bool:
    """Who sees the members of an account, and may disable its numbers."""
    return isinstance(caller, Support) or (
        isinstance(caller, MemberCaller) and caller.role is Role.ADMINISTRATOR
    )


def may_change(caller: Caller) -> bool:
    """Who may change the numbers that they see."""
    return isinstance(caller, Support) or (
        isinstance(caller, MemberCaller)
        and caller.role is not Role.VIEWER
        and not caller.account_is_disabled
    )
