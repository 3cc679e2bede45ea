"""What can be asked of numbers' graph."""

from typing import Annotated, Final

import strawberry

from libs.common.caller import Member as MemberCaller
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
from libs.common.graphql.errors import BadUserInput
from libs.contracts.company_names import company_key
from services.numbers.schema.accounts import Account, Member
from services.numbers.schema.context import NumbersInfo
from services.numbers.schema.loaders import load_accounts, load_members
from services.numbers.schema.types import Company, TrackingNumber
from services.numbers.store import accounts as account_store

_LONGEST_SEARCH: Final = 200


@strawberry.type(description="Who you are here.")
class Viewer:
    member: Member | None = strawberry.field(
        description="You as a member of the account; null for support."
    )
    account: Account | None = strawberry.field(
        description="The account you act for; null for support."
    )
    is_support: bool = strawberry.field(description="Whether you see every account.")


@strawberry.type
class NumbersQuery:
    @strawberry.field(description="Who you are: your membership and its account.")
    async def viewer(self, info: NumbersInfo) -> Viewer | None:
        caller = info.context.caller
        if not isinstance(caller, MemberCaller):
            return Viewer(member=None, account=None, is_support=isinstance(caller, Support))
        member = await info.context.loader(load_members).load(caller.member_id)
        account = await info.context.loader(load_accounts).load(caller.account_id)
        return Viewer(
            member=Member.of(member) if member else None,
            account=Account.of(account) if account else None,
            is_support=False,
        )

    @strawberry.field(description="An account; null for what is unknown or not yours.")
    async def account(
        self,
        info: NumbersInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="`acc_…`.")],
    ) -> Account | None:
        return await Account.resolve_reference(info, id)

    @strawberry.field(description="Every account, the newest first; for support.")
    async def accounts(
        self,
        info: NumbersInfo,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Only those with this in their name, in whatever case."
            ),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Account] | None:
        page = page_of(
            account_store.EVERY_ACCOUNT, first=first, after=after, last=last, before=before
        )
        context = info.context
        wanted = _read_search(search)
        async with context.database.reading(context.caller) as connection:
            found = await account_store.find_page_of_accounts(connection, wanted, page)

        async def count() -> int:
            async with context.database.reading(context.caller) as connection:
                return await account_store.count_accounts(connection, wanted)

        return connection_of(found.map(Account.of), count)

    @strawberry.field(description="A company; null for what is unknown or not yours.")
    async def company(
        self,
        info: NumbersInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="`co_…`.")],
    ) -> Company | None:
        return await Company.resolve_reference(info, id)

    @strawberry.field(description="A number; null for what is unknown or not yours.")
    async def tracking_number(
        self,
        info: NumbersInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="`num_…`.")],
    ) -> TrackingNumber | None:
        return await TrackingNumber.resolve_reference(info, id)


def _read_search(text: str | None) -> str | None:
    """As names are kept to be searched. Nothing but spaces is no search."""
    if text is None:
        return None
    if len(text) > _LONGEST_SEARCH or "\0" in text:
        raise BadUserInput(f"`search` is at most {_LONGEST_SEARCH} characters.")
    return company_key(text) or None
