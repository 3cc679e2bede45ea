"""Companies in the graph: added and renamed by administrators and support."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from libs.common.database import Connection
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import ERRORS, INPUT
from libs.contracts.refusals import Refusal, Refused
from services.numbers.schema.account_commands import OnAccount, run_once
from services.numbers.schema.context import NumbersInfo
from services.numbers.schema.loaders import load_companies
from services.numbers.schema.types import Company
from services.numbers.use_cases.account_access import By
from services.numbers.use_cases.companies import add_company, rename_company

_NAME = "Its name; unique in the account, in whatever case and spacing."


@strawberry.type(description="What became of a command about a company.")
class CompanyPayload:
    company: Company | None = strawberry.field(
        description="The company after it; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.input(description="A company that an account gets.")
class AddCompanyInput(OnAccount):
    account_id: strawberry.ID = strawberry.field(description="`acc_…`.")
    name: str = strawberry.field(description=_NAME)


@strawberry.input(description="A company's new name.")
class RenameCompanyInput(OnAccount):
    company_id: strawberry.ID = strawberry.field(description="`co_…`.")
    name: str = strawberry.field(description=_NAME)


@strawberry.type
class CompanyMutation:
    @strawberry.mutation(description="Adds a company to an account.")
    async def add_company(
        self, info: NumbersInfo, input: Annotated[AddCompanyInput, INPUT]
    ) -> CompanyPayload:
        async def act(connection: Connection, by: By) -> str:
            return (await add_company(connection, input.account_id, input.name, by=by)).id

        return await _change(info, "addCompany", input, act)

    @strawberry.mutation(description="Gives a company another name.")
    async def rename_company(
        self, info: NumbersInfo, input: Annotated[RenameCompanyInput, INPUT]
    ) -> CompanyPayload:
        async def act(connection: Connection, by: By) -> str:
            return (await rename_company(connection, input.company_id, input.name, by=by)).id

        return await _change(info, "renameCompany", input, act)


async def _change(
    info: NumbersInfo,
    mutation: str,
    given: OnAccount,
    act: Callable[[Connection, By], Awaitable[str]],
) -> CompanyPayload:
    try:
        company_id = await run_once(info, mutation, given, act)
    except (Refusal, Refused) as refused:
        return CompanyPayload(company=None, user_errors=user_errors(refused))
    [company] = await load_companies(info.context, [company_id])
    return CompanyPayload(company=Company.of(company) if company else None, user_errors=[])
