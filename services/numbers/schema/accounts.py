"""Accounts and their members in the graph, each with what may be done with it."""

from datetime import datetime
from typing import Self

import strawberry

from libs.common.caller import Role
from libs.common.graphql.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    connection_of,
    page_of,
)
from libs.common.graphql.errors import Forbidden
from services.numbers.domain import accounts
from services.numbers.domain.account_actions import AccountAction, account_actions_for
from services.numbers.domain.members import MemberAction, member_actions_for
from services.numbers.schema.context import NumbersInfo
from services.numbers.schema.loaders import (
    load_accounts,
    load_administrator_counts,
    load_companies,
    load_company_counts,
    load_company_pages,
    load_disables_ported_out,
    load_member_counts,
    load_member_pages,
    load_ties,
)
from services.numbers.schema.types import Company, is_in_charge
from services.numbers.store.accounts import COMPANIES_OF_ACCOUNTS, MEMBERS_OF_ACCOUNTS


@strawberry.type(description="A person of an account.")
class Member:
    member: strawberry.Private[accounts.Member]
    id: strawberry.ID = strawberry.field(description="`mem_…`.")
    name: str = strawberry.field(description="The person's name.")
    email: str = strawberry.field(description="Where we write to.")
    role: Role = strawberry.field(description="What they may do.")
    active: bool = strawberry.field(description="Whether they may sign in.")

    @strawberry.field(description="What you can do with them now.")
    async def available_actions(self, info: NumbersInfo) -> list[MemberAction]:
        caller = info.context.caller
        if not is_in_charge(caller):
            return []
        count = await info.context.loader(load_administrator_counts).load(
            self.member.account_id
        )
        return list(member_actions_for(caller, self.member, administrators=count))

    @strawberry.field(description="Their companies; empty for an administrator, who has all.")
    async def companies(self, info: NumbersInfo) -> list[Company]:
        found = await info.context.loader(load_companies).load_many(self.member.company_ids)
        return [Company.of(company) for company in found if company]

    @classmethod
    def of(cls, member: accounts.Member) -> Self:
        return cls(
            member=member,
            id=strawberry.ID(member.id),
            name=member.name,
            email=member.email,
            role=member.role,
            active=member.active,
        )


@strawberry.federation.type(keys=["id"], description="A customer's account.")
class Account:
    account: strawberry.Private[accounts.Account]
    id: strawberry.ID = strawberry.field(description="`acc_…`.")
    name: str = strawberry.field(description="Its name.")
    card_on_file: bool = strawberry.field(description="Whether a payment card is on file.")
    balance_current: bool = strawberry.field(description="Whether no bill is past due.")
    in_good_standing: bool = strawberry.field(
        description="Whether it is neither suspended nor flagged."
    )
    in_trial: bool = strawberry.field(description="Whether the free trial still runs.")
    disabled_at: datetime | None = strawberry.field(
        description="When it was disabled; null for one that is active."
    )
    version: int = strawberry.field(description="Counts its events.")

    @strawberry.field(description="What you can do with it now.")
    async def available_actions(self, info: NumbersInfo) -> list[AccountAction]:
        caller = info.context.caller
        if not is_in_charge(caller):
            return []
        ties = await info.context.loader(load_ties).load(self.id)
        return list(account_actions_for(caller, self.account, ties))

    @strawberry.field(
        description="Whether a number is disabled, and its charges end, at once when it has "
        "left; see `changePortOutDisabling`."
    )
    async def disables_ported_out(self, info: NumbersInfo) -> bool:
        return await info.context.loader(load_disables_ported_out).load(self.id)

    @strawberry.field(description="Its companies that you may see, the newest first.")
    async def companies(
        self,
        info: NumbersInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Company]:
        page = page_of(
            COMPANIES_OF_ACCOUNTS, first=first, after=after, last=last, before=before
        )
        found = await info.context.loader(load_company_pages).load((self.id, page))

        async def count() -> int:
            return await info.context.loader(load_company_counts).load(self.id)

        return connection_of(found.map(Company.of), count)

    @strawberry.field(
        description="Its members, the newest first; for administrators and support."
    )
    async def members(
        self,
        info: NumbersInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Member] | None:
        if not is_in_charge(info.context.caller):
            raise Forbidden
        page = page_of(MEMBERS_OF_ACCOUNTS, first=first, after=after, last=last, before=before)
        found = await info.context.loader(load_member_pages).load((self.id, page))

        async def count() -> int:
            return await info.context.loader(load_member_counts).load(self.id)

        return connection_of(found.map(Member.of), count)

    @classmethod
    def of(cls, account: accounts.Account) -> Self:
        standing = account.standing
        return cls(
            account=account,
            id=strawberry.ID(account.id),
            name=account.name,
            card_on_file=standing.card_on_file,
            balance_current=standing.balance_current,
            in_good_standing=standing.in_good_standing,
            in_trial=standing.in_trial,
            disabled_at=account.disabled_at,
            version=account.version,
        )

    @classmethod
    async def resolve_reference(cls, info: NumbersInfo, id: strawberry.ID) -> Self | None:
        account = await info.context.loader(load_accounts).load(id)
        return cls.of(account) if account else None
